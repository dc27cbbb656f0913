// SPDX-License-Identifier: MIT
// [extend]: a file's rules over those of another. Of a rule that both have, texts and numbers that
// the extending file sets win, and lists are joined.
// source: gitleaks config/config.go extend()
#include <algorithm>
#include <iterator>

#include "sluice/inspect/gitleaks_fields.h"

namespace sluice::inspect {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Gives `base` with what `over` says put over it.
Rule joined(Rule base, Rule over) {
  if (!over.description.empty()) base.description = std::move(over.description);
  if (over.entropy != 0) base.entropy = over.entropy;
  if (over.group != 0) base.group = over.group;
  if (!over.regex.empty()) base.regex = std::move(over.regex);
  if (!over.path.empty()) base.path = std::move(over.path);
  append(base.tags, std::move(over.tags));
  append(base.keywords, std::move(over.keywords));
  append(base.allowlists, std::move(over.allowlists));
  return base;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

void extend(GitleaksFile& file, GitleaksFile base, const Notes& notes) {
  for (const std::string& id : file.extend.disabled) {
    if (base.rules.contains(id)) continue;
    notes.warn(file.extend.at,
               fmt::format("[extend]: `disabledRules` names `{}`, which the extended file "
                           "has not",
                           id));
  }
  for (const std::string& id : base.order) {
    if (has(file.extend.disabled, id)) continue;
    GitleaksRule& rule = base.rules.at(id);
    const auto mine = file.rules.find(id);
    if (mine == file.rules.end()) {
      file.order.push_back(id);
      file.rules.emplace(id, std::move(rule));
    } else {
      if (!mine->second.rule.required.empty() || mine->second.rule.reported == Reported::no) {
        notes.error(mine->second.at,
                    fmt::format("rule `{}`: `required` and `skipReport` are lost where a "
                                "rule changes one of the extended file",
                                id));
      }
      mine->second.rule = joined(std::move(rule.rule), std::move(mine->second.rule));
    }
  }
  append(file.allowlists, std::move(base.allowlists));
  for (const Targeted& targeted : base.targeted) {
    notes.warn(targeted.at,
               "global allowlist: `targetRules` has no effect in an extended file; the rules "
               "find more");
  }
}

}  // namespace sluice::inspect
