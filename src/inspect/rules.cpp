// SPDX-License-Identifier: MIT
#include "sluice/inspect/rules.h"

#include <fmt/format.h>

#include <cmath>

#include "sluice/inspect/pattern.h"

namespace sluice::inspect {
namespace {

std::unexpected<Error> wrong(std::string text) { return fail(Error{std::move(text), EINVAL}); }

Result<void, Error> check_regex(const Rule& rule) {
  const auto regex = compile_regex(rule.regex);
  if (!regex) return wrong(fmt::format("the regex does not compile: {}", regex.error().line()));
  if (matches(*regex, "")) {
    return wrong("the regex matches the empty text, so it would find something everywhere");
  }
  const int groups = (*regex)->NumberOfCapturingGroups();
  if (rule.group > static_cast<unsigned>(groups)) {
    return wrong(
        fmt::format("the secret is to be group {}, but the regex has {}", rule.group, groups));
  }
  return {};
}

Result<void, Error> check_all(const std::vector<std::string>& regexes, std::string_view what) {
  for (const std::string& regex : regexes) {
    if (const auto compiled = compile_regex(regex); !compiled) {
      return wrong(
          fmt::format("`{}` in an allowlist does not compile: {}", what, compiled.error().line()));
    }
  }
  return {};
}

}  // namespace

Result<void, Error> check(const Rule& rule) {
  if (rule.id.find_first_not_of(" \t\r\n") == std::string::npos)
    return wrong("a rule without an id");
  if (rule.regex.empty() && rule.path.empty()) {
    return wrong("neither `regex` nor `path`, so it would find nothing");
  }
  if (!rule.regex.empty()) TRY(check_regex(rule));
  if (!rule.path.empty()) {
    if (const auto path = compile_regex(rule.path); !path) {
      return wrong(fmt::format("`path` does not compile: {}", path.error().line()));
    }
  }
  if (!std::isfinite(rule.entropy) || rule.entropy < 0) return wrong("`entropy` must be 0 or more");
  for (const std::string& keyword : rule.keywords) {
    if (keyword.empty()) return wrong("an empty keyword");
  }
  for (const Allowlist& allowlist : rule.allowlists) TRY(check(allowlist));
  return {};
}

Result<void, Error> check(const Allowlist& allowlist) {
  if (allowlist.commits.empty() && allowlist.paths.empty() && allowlist.regexes.empty() &&
      allowlist.stopwords.empty()) {
    return wrong("an allowlist must have commits, paths, regexes or stopwords");
  }
  for (const std::string& word : allowlist.stopwords) {
    if (word.empty()) return wrong("an empty stopword, which would allow everything");
  }
  TRY(check_all(allowlist.paths, "paths"));
  return check_all(allowlist.regexes, "regexes");
}

}  // namespace sluice::inspect
