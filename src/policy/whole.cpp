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
    check_detectors();
    check_contents();
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

  void check_detectors() {
    const auto declare = [&](std::string_view name, Location at) {
      const bool taken = name == "builtin" || name == "positions";
      if (taken) error(at, fmt::format("the name `{}` is taken: it stands for our own", name));
      if (std::ranges::find(sets_, name) != sets_.end()) {
        error(at, fmt::format("there are two detectors {}", quoted(name)));
      }
      sets_.push_back(name);
    };
    for (const ImportSpec& import : document_.imports) declare(import.as, import.at);
    for (const DetectorSpec& detector : document_.detectors) declare(detector.name, detector.at);
    sets_.push_back("builtin");
    sets_.push_back("positions");
  }

  // Whether a set has a detector of that id, only who reads the set can tell.
  void check_contents() {
    const auto names = contents_of(document_);
    for (const ContentName& content : names) {
      const bool known = std::ranges::find(sets_, content.set) != sets_.end();
      const bool wrong = content.name.ends_with(':') || content.detector.find(':') != std::string::npos;
      if (known && !wrong) continue;
      const std::string meant = suggestion(content.set, sets_);
      error(content.at,
            fmt::format("no detector {} is declared{}", quoted(content.name),
                        meant.empty() ? "; there are `builtin`, `positions`, each [[import]]'s `as`"
                                        " and each [detector.NAME]"
                                      : meant));
    }
    if (names.size() > kMostContents) {
      error(names[kMostContents].at, "more than 60 different contents are asked for");
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
  std::vector<std::string_view> sets_;
  std::unordered_map<std::string_view, Location> ids_;
};

}  // namespace

std::vector<ContentName> contents_of(const Document& document) {
  std::vector<ContentName> all;
  const auto add = [&](const std::vector<std::string>& names, Location at) {
    for (const std::string& name : names) {
      if (std::ranges::find(all, name, &ContentName::name) != all.end()) continue;
      const std::size_t colon = name.find(':');
      const std::string detector = colon == name.npos ? "" : name.substr(colon + 1);
      all.push_back({name, name.substr(0, colon), detector, at});
    }
  };
  for (const Rule& rule : document.rules) add(rule.contents, rule.at);
  for (const Never& never : document.nevers) add(never.contents, never.at);
  for (const Test& test : document.tests) {
    if (test.expect.contents) add(*test.expect.contents, test.at);
  }
  return all;
}

Values loosest() noexcept {
  Values values;
  for (std::size_t i = 0; i < kAxes; ++i) values.put(static_cast<Axis>(i), 0);
  return values;
}

Values refusal() noexcept {
  Values values;
  for (const Axis axis : {Axis::read, Axis::execute}) {
    values.put(axis, static_cast<std::uint8_t>(Read::deny));
  }
  values.put(Axis::write, static_cast<std::uint8_t>(Write::deny));
  return values;
}

void complete(Document& document, Diagnostics& wrong) {
  const Values loose = loosest();
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (!document.defaults.has(axis)) document.defaults.put(axis, loose.at(axis));
  }
  if (document.unknown_subject.set == 0) {
    document.unknown_subject = refusal();
  }
  ContentDefaults& content = document.content;
  if (!content.deadline) content.deadline = ContentDefaults::kDeadline;
  if (!content.too_big_over) content.too_big_over = ContentDefaults::kTooBigOver;
  for (Values* values : {&content.on_error, &content.on_timeout, &content.too_big}) {
    if (values->set == 0) *values = refusal();
  }
  Checker{document, wrong}.check();
}

}  // namespace sluice::policy
