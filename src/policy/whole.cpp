// SPDX-License-Identifier: MIT
#include "sluice/policy/whole.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/policy/content_names.h"
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
    check_sets();
    for (const Rule& rule : document_.rules) check_contents(rule.contents, rule.contents_at);
    for (const Never& never : document_.nevers) check_contents(never.contents, never.at);
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
    for (std::string_view name : who) {
      if (name.starts_with('!')) name.remove_prefix(1);
      if (std::ranges::find(subjects_, name) != subjects_.end()) continue;
      error(at, fmt::format("no subject {} is declared{}", quoted(name), hint(name)));
    }
  }

  std::string hint(std::string_view name) const {
    const std::string meant = suggestion(name, subjects_);
    return meant.empty() ? fmt::format("; declare it by [subject.{}]", name) : meant;
  }

  // Sets of detectors share one space of names.
  void check_sets() {
    sets_ = {kBuiltinSet, kPositionsSet};
    const auto add = [&](std::string_view name, Location at) {
      if (std::ranges::find(sets_, name) != sets_.end()) {
        error(at, fmt::format("the name {} is taken by other detectors", quoted(name)));
      }
      sets_.push_back(name);
    };
    for (const ImportSpec& import : document_.imports) add(import.as, import.at);
    for (const DetectorSpec& detector : document_.detectors) add(detector.name, detector.at);
  }

  void check_contents(const std::vector<std::string>& contents, Location at) {
    for (const std::string& text : contents) {
      const auto name = content_name_of(text);
      if (!name) {
        error(at, fmt::format("`content` cannot be {}; it is SET or SET:DETECTOR", quoted(text)));
      } else if (std::ranges::find(sets_, std::string_view{name->set}) == sets_.end()) {
        const std::string meant = suggestion(name->set, sets_);
        error(at,
              fmt::format("there are no detectors {}{}", quoted(name->set),
                          meant.empty() ? fmt::format("; bring them by [[import]] or define them"
                                                      " by [detector.{}]",
                                                      name->set)
                                        : meant));
      } else if (!name->detector.empty() && is_one(name->set)) {
        error(at, fmt::format("{} has no detectors of its own; write `content = \"{}\"`",
                              quoted(name->set), name->set));
      }
    }
  }

  // Tells whether a set cannot be taken apart.
  bool is_one(std::string_view set) const {
    return set == kPositionsSet ||
           std::ranges::find(document_.detectors, set, &DetectorSpec::name) !=
               document_.detectors.end();
  }

  void check_expected(const Test& test) {
    const auto names = content_names(document_);
    std::vector<std::string_view> known;
    for (const ContentName& name : names) known.push_back(name.name);
    for (const std::string& name : *test.expect.contents) {
      if (std::ranges::find(known, std::string_view{name}) != known.end()) continue;
      error(test.at, fmt::format("a test expects the content {}, of which no rule speaks{}",
                                 quoted(name), suggestion(name, known)));
    }
  }

  void check_test(const Test& test) {
    if (test.expect.contents) check_expected(test);
    const bool reserved = test.as == "anyone" || test.as == "unknown";
    if (!reserved) check_who({test.as}, test.at);
    for (const std::string& id : test.expect.rules) {
      static constexpr std::array<std::string_view, 5> kNoRules{
          "default", "unknown_subject", "too_big", "on_timeout", "on_error"};
      if (std::ranges::find(kNoRules, id) != kNoRules.end() || ids_.contains(id)) continue;
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
    if (document_.detectors.size() > kMaxDetectors) error({}, "more than 1000 detectors");
    std::set<std::string_view> contents;
    for (const Rule& rule : document_.rules) {
      contents.insert(rule.contents.begin(), rule.contents.end());
    }
    if (contents.size() > kMaxContents) {
      error({}, "rules speak of more than 60 different contents; name whole sets");
    }
  }

  const Document& document_;
  Diagnostics& wrong_;
  std::vector<std::string_view> subjects_;
  std::vector<std::string_view> sets_;
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
  ContentDefaults& content = document.content;
  for (Values* values :
       {&document.unknown_subject, &content.on_error, &content.on_timeout, &content.too_big}) {
    if (values->set != 0) continue;
    for (const Axis axis : {Axis::read, Axis::execute}) {
      values->put(axis, static_cast<std::uint8_t>(Read::deny));
    }
    values->put(Axis::write, static_cast<std::uint8_t>(Write::deny));
  }
  Checker{document, wrong}.check();
}

}  // namespace sluice::policy
