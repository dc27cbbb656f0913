// SPDX-License-Identifier: MIT
#include "sluice/inspect/gitleaks.h"

#include <algorithm>
#include <new>

#include "sluice/inspect/gitleaks_fields.h"

namespace sluice::inspect {
namespace {

// How often a file may extend another that extends another. source: gitleaks maxExtendDepth
constexpr int kDeepest = 2;
constexpr std::size_t kLargestFile = std::size_t{16} << 20;
constexpr std::size_t kMostRules = 20'000;

// Reads one file and those that it extends.
GitleaksFile read_file(const std::string& name, std::string_view text, const RuleFile& files,
                       int depth, std::vector<Error>& errors, std::vector<std::string>& warnings) {
  const Notes notes{name, errors, warnings};
  if (text.size() > kLargestFile) {
    notes.error({1, 1}, "larger than 16 MiB; these cannot be rules");
    return {};
  }
  const auto root = toml_text::parse(text);
  if (!root) {
    notes.error(root.error().at, root.error().text);
    return {};
  }
  GitleaksFile file = read_tables(*root, notes);
  if (file.extend.path.empty()) return file;
  if (depth == kDeepest) {
    notes.warn(file.extend.at, "[extend]: has no effect in a file that is itself extended twice");
    return file;
  }
  const auto base = files(file.extend.path);
  if (!base) {
    notes.error(file.extend.at, fmt::format("[extend]: {}", base.error().line()));
    return file;
  }
  extend(file, read_file(file.extend.path, *base, files, depth + 1, errors, warnings), notes);
  return file;
}

void add_targeted(GitleaksFile& file, const Notes& notes) {
  for (const Targeted& targeted : file.targeted) {
    for (const std::string& id : targeted.rules) {
      const auto rule = file.rules.find(id);
      if (rule == file.rules.end()) {
        notes.error(targeted.at,
                    fmt::format("global allowlist: `targetRules` names `{}`, which is not a "
                                "rule",
                                id));
      } else {
        rule->second.rule.allowlists.push_back(targeted.allowlist);
      }
    }
  }
}

void check_all(const GitleaksFile& file, Regexes regexes, const Notes& notes) {
  for (const auto& [id, one] : file.rules) {
    if (regexes == Regexes::tried) {
      if (const auto good = check(one.rule); !good)
        notes.error(one.at, fmt::format("rule `{}`: {}", id, good.error().line()));
    }
    for (const Required& required : one.rule.required) {
      if (file.rules.contains(required.id)) continue;
      notes.error(one.at,
                  fmt::format("rule `{}`: it requires `{}`, which is not a rule", id, required.id));
    }
  }
}

// Drops the rules that the policy leaves out. One that another needs is kept, unreported.
void disable(GitleaksFile& file, const std::vector<std::string>& ids, const Notes& notes) {
  for (const std::string& id : ids) {
    const auto rule = file.rules.find(id);
    if (rule == file.rules.end()) {
      notes.error({1, 1}, fmt::format("rule `{}` is to be disabled, but there is none", id));
      continue;
    }
    const bool needed = std::ranges::any_of(file.rules, [&](const auto& other) {
      return std::ranges::any_of(other.second.rule.required,
                                 [&](const Required& required) { return required.id == id; });
    });
    if (needed) {
      rule->second.rule.reported = Reported::no;
    } else {
      file.rules.erase(rule);
    }
  }
}

Result<GitleaksRules, std::vector<Error>> read(const GitleaksSource& source,
                                               const RuleFile& files) {
  std::vector<Error> errors;
  GitleaksRules out;
  const Notes notes{source.file, errors, out.warnings};
  GitleaksFile file = read_file(source.file, source.text, files, 0, errors, out.warnings);
  if (errors.empty()) {
    add_targeted(file, notes);
    check_all(file, source.regexes, notes);
    disable(file, source.disabled, notes);
    if (file.rules.size() > kMostRules) notes.error({1, 1}, "more than 20000 rules");
  }
  if (!errors.empty()) return std::unexpected{std::move(errors)};
  out.rules.name = source.set;
  out.rules.allowlists = std::move(file.allowlists);
  for (const std::string& id : file.order) {
    const auto rule = file.rules.find(id);
    if (rule != file.rules.end()) out.rules.rules.push_back(std::move(rule->second.rule));
  }
  return out;
}

}  // namespace

RuleFile no_rule_files() {
  return [](std::string_view path) -> Result<std::string, Error> {
    return fail(Error{fmt::format("`{}` cannot be read here", path), EACCES});
  };
}

Result<GitleaksRules, std::vector<Error>> read_gitleaks(const GitleaksSource& source,
                                                        const RuleFile& files) {
  try {
    return read(source, files);
  } catch (const std::bad_alloc&) {
    return std::unexpected{std::vector{Error{source.file + ": no memory", ENOMEM}}};
  }
}

}  // namespace sluice::inspect
