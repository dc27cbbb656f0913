// SPDX-License-Identifier: MIT
#include "sluice/policy/whole.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/policy/load.h"
#include "sluice/policy/words.h"

namespace sluice::policy {
namespace {

class Checker {
 public:
  Checker(const Document& document, Diagnostics& wrong) : document_{document}, wrong_{wrong} {
    for (const SubjectSpec& subject : document.subjects) subjects_.push_back(subject.name);
  }

  void check() {
    check_ids();
    for (const Rule& rule : document_.rules) check_who(rule.who, rule.at);
    for (const Never& never : document_.nevers) check_who(never.who, never.at);
    for (const Test& test : document_.tests) check_test(test);
    check_limits();
  }

 private:
  void error(Location at, std::string text) {
    const std::string file = at.file < document_.files.size() ? document_.files[at.file] : "";
    wrong_.push_back({Severity::error, file, at.line, at.column, std::move(text)});
  }

  void check_ids() {
    for (const Rule& rule : document_.rules) {
      if (rule.id.empty()) continue;
      const auto [first, inserted] = ids_.try_emplace(rule.id, rule.at);
      if (inserted) continue;
      const Location& at = first->second;
      error(rule.at, fmt::format("the id `{}` is taken by the rule at {}:{}", rule.id,
                                 document_.files[at.file], at.line));
    }
  }

  void check_who(const std::vector<std::string>& who, Location at) {
    for (const std::string& name : who) {
      if (std::ranges::find(subjects_, std::string_view{name}) != subjects_.end()) continue;
      error(at, fmt::format("no subject {} is declared{}", quoted(name), hint(name)));
    }
  }

  std::string hint(std::string_view name) const {
    const std::string meant = suggestion(name, subjects_);
    return meant.empty() ? fmt::format("; declare it by [subject.{}]", name) : meant;
  }

  void check_test(const Test& test) {
    const bool reserved = test.as == "anyone" || test.as == "unknown";
    if (!reserved) check_who({test.as}, test.at);
    for (const std::string& id : test.expect.rules) {
      if (id == "default" || id == "unknown_subject" || ids_.contains(id)) continue;
      std::vector<std::string_view> known;
      for (const Rule& rule : document_.rules) known.push_back(rule.id);
      error(test.at, fmt::format("a test expects the rule {}, which is not there{}", quoted(id),
                                 suggestion(id, known)));
    }
  }

  void check_limits() {
    std::size_t globs = 0;
    for (const Rule& rule : document_.rules) globs += rule.paths.size();
    if (document_.rules.size() > kMaxRules) error({}, "more than 65536 rules");
    if (globs > kMaxGlobs) error({}, "more than 131072 patterns");
    if (document_.subjects.size() > kMaxSubjects) error({}, "more than 1000 subjects");
  }

  const Document& document_;
  Diagnostics& wrong_;
  std::vector<std::string_view> subjects_;
  std::unordered_map<std::string_view, Location> ids_;
};

}  // namespace

Values loosest() noexcept {
  Values values;
  for (std::size_t i = 0; i < kAxes; ++i) values.put(static_cast<Axis>(i), 0);
  return values;
}

void complete(Document& document, Diagnostics& wrong) {
  const Values loose = loosest();
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!document.defaults.has(axis)) document.defaults.put(axis, loose.at(axis));
  }
  if (document.unknown_subject.set == 0) {
    for (const Axis axis : {Axis::read, Axis::execute}) {
      document.unknown_subject.put(axis, static_cast<std::uint8_t>(Read::deny));
    }
    document.unknown_subject.put(Axis::write, static_cast<std::uint8_t>(Write::deny));
  }
  Checker{document, wrong}.check();
}

}  // namespace sluice::policy
