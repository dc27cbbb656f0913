// SPDX-License-Identifier: MIT
// Runs the tests that stand in a policy: each asks for terms by path, and where it brings a file,
// has somebody look into that.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sluice/policy/check.h"
#include "sluice/policy/content_names.h"
#include "sluice/policy/explain.h"

namespace sluice::policy {
namespace {

template <class T>
void differ(std::vector<std::string>& differences, std::string_view what, std::optional<T> expected,
            T got, std::string_view by) {
  if (!expected || *expected == got) return;
  differences.push_back(fmt::format("expected `{} = \"{}\"`, got \"{}\" by `{}`", what,
                                    name(*expected), name(got), by));
}

class Run {
 public:
  Run(const Program& program, const Test& test, Looker* looker)
      : program_{program}, test_{test}, looker_{looker} {}

  TestResult run() {
    if (test_.file && looker_ == nullptr) {
      tell("it has a `file`, and nothing here can look into files");
    } else {
      compare();
    }
    const bool passed = differences_.empty();
    return {.test = &test_, .passed = passed, .differences = std::move(differences_)};
  }

 private:
  Bytes file() const { return bytes_of(std::string_view{*test_.file}); }
  void tell(std::string line) { differences_.push_back(std::move(line)); }

  void compare() {
    ContentSet found;
    if (test_.file) {
      const auto looked = looker_->find(test_.path, file());
      if (!looked)
        return tell(fmt::format("its file was not looked into: {}", looked.error().line()));
      found = *looked;
    }
    // The loader has made sure that it is declared.
    const SubjectIndex subject = program_.subject(test_.as).value_or(kUnknown);
    const Place place = walk(program_, test_.path).place;
    const Terms& any = program_.terms(place, subject);
    const Terms terms = resolve(any, found);
    compare_terms(terms);
    compare_contents(found);
    if (test_.file) compare_bytes(terms, redacted_for(any.content, found));
  }

  void compare_terms(const Terms& terms) {
    const Expectation& expect = test_.expect;
    const Verdict verdict = verdict_of(terms, test_.mode);
    const auto by = [&](Axis axis) { return program_.rule_name(terms.winner(axis)); };
    differ(differences_, "see", expect.see, terms.grant.see, by(Axis::see));
    const bool executes = test_.mode == Mode::execute;
    differ(differences_, "read", expect.read, verdict.read,
           by(executes ? Axis::execute : Axis::read));
    differ(differences_, "execute", expect.execute, terms.grant.execute, by(Axis::execute));
    differ(differences_, "write", expect.write, terms.grant.write, by(Axis::write));
    differ(differences_, "log", expect.log, verdict.log, by(log_axis_of(test_.mode)));
    for (const std::string& id : expect.rules) {
      const auto is_it = [&](RuleId rule) { return program_.rule_name(rule) == id; };
      if (std::ranges::any_of(terms.won, is_it)) continue;
      tell(fmt::format("expected rule `{}` to win, got `{}`", id, program_.rule_name(verdict.by)));
    }
  }

  std::string names_of(ContentSet contents) const {
    std::string names;
    for (const ContentId content : contents) {
      names +=
          fmt::format("{}{}", names.empty() ? "" : ", ", quoted(program_.content_name(content)));
    }
    return names.empty() ? "nothing" : names;
  }

  void compare_contents(ContentSet found) {
    if (!test_.expect.contents) return;
    if (test_.expect.contents->empty() && !found.empty()) {
      tell(fmt::format("expected nothing to be found, got {}", names_of(found)));
    }
    for (const std::string& name : *test_.expect.contents) {
      const auto is_it = [&](ContentId content) { return program_.content_name(content) == name; };
      if (std::ranges::any_of(found, is_it)) continue;
      tell(fmt::format("expected {} to be found, got {}", quoted(name), names_of(found)));
    }
  }

  void compare_bytes(const Terms& terms, ContentSet contents) {
    const Expectation& expect = test_.expect;
    if (expect.has.empty() && expect.lacks.empty() && !expect.same_size) return;
    const Verdict verdict = verdict_of(terms, test_.mode);
    if (verdict.refuses(test_.mode)) {
      // Who gets nothing lacks everything.
      if (!expect.has.empty() || expect.same_size == true) {
        tell(fmt::format("expected bytes of the file, got none by `{}`",
                         program_.rule_name(verdict.by)));
      }
      return;
    }
    std::string shown = *test_.file;
    if (verdict.read == Read::redact) {
      const auto face = looker_->redacted(test_.path, file(), contents, terms.grant.with);
      if (!face) return tell(fmt::format("its file cannot be redacted: {}", face.error().line()));
      shown = sluice::text_of(Bytes{*face});
    }
    compare_shown(shown);
  }

  void compare_shown(const std::string& shown) {
    for (const std::string& part : test_.expect.has) {
      if (shown.find(part) != std::string::npos) continue;
      tell(fmt::format("expected a reader to see {}, got {}", quoted(part), quoted(shown)));
    }
    for (const std::string& part : test_.expect.lacks) {
      if (shown.find(part) == std::string::npos) continue;
      tell(fmt::format("expected a reader not to see {}, got it", quoted(part)));
    }
    const bool same = shown.size() == test_.file->size();
    if (test_.expect.same_size.value_or(same) == same) return;
    tell(fmt::format("expected `same_size = {}`, got {} bytes of {}", !same, shown.size(),
                     test_.file->size()));
  }

  const Program& program_;
  const Test& test_;
  Looker* looker_;
  std::vector<std::string> differences_;
};

}  // namespace

Looker::~Looker() = default;

std::vector<TestResult> run_tests(const Program& program, Looker* looker) {
  std::vector<TestResult> results;
  for (const Test& test : program.document().tests) {
    results.push_back(Run{program, test, looker}.run());
  }
  return results;
}

Diagnostics failures_of(const Program& program, const std::vector<TestResult>& results) {
  const auto& files = program.document().files;
  Diagnostics failures;
  for (const TestResult& result : results) {
    for (const std::string& difference : result.differences) {
      const Test& test = *result.test;
      failures.push_back(
          {Severity::error, test.at.file < files.size() ? files[test.at.file] : "", test.at.line,
           test.at.column,
           fmt::format("test of {} as `{}`: {}", quoted(test.path), test.as, difference)});
    }
  }
  return failures;
}

}  // namespace sluice::policy
