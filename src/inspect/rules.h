// SPDX-License-Identifier: MIT
// What a set of detectors consists of before it is compiled: rules as plain values, whoever wrote
// them (a file in gitleaks' format, a policy, or this room). The meaning of each field is that of
// gitleaks' format; what is ours is marked so.
//
// A regex is in RE2's syntax, which is Go's. It is matched against bytes: a dot is one byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::inspect {

// What the regexes of an allowlist are held against.
enum class Target : std::uint8_t { secret, match, line };

// Whether one of an allowlist's checks is enough, or all of them must hold.
enum class Condition : std::uint8_t { any, all };

// Findings to be forgotten again. Commits are known to gitleaks alone: a file has none, so that
// check never holds.
struct Allowlist {
  Condition condition = Condition::any;
  Target target = Target::secret;
  std::vector<std::string> commits{};
  std::vector<std::string> paths{};  // regexes
  std::vector<std::string> regexes{};
  std::vector<std::string> stopwords{};  // parts of the secret, without regard to case
};

// Another rule that must have a finding nearby, or the one that asks for it has none.
struct Required {
  std::string id{};
  std::optional<std::uint64_t> within_lines{};  // between where the two matches begin
  std::optional<std::uint64_t> within_columns{};
};

// Ours: what a secret must satisfy besides the regex.
enum class Validator : std::uint8_t {
  none,
  luhn,   // the check digit of payment cards; blanks and hyphens do not count
  mod97,  // the check digits of an IBAN, and its country's length
};

enum class Reported : std::uint8_t { yes, no };

struct Rule {
  std::string id{};
  std::string description{};
  std::string regex{};  // empty: the path alone decides, and the whole file is the finding
  std::string path{};   // a regex; empty: any
  // The group that is the secret; 0 is the first that matched something, or all where there is
  // none.
  unsigned group = 0;
  double entropy = 0;                   // in bits a byte; the secret's must be above it. 0: any
  std::vector<std::string> keywords{};  // one must be in the text, without regard to case
  std::vector<std::string> tags{};
  std::vector<Allowlist> allowlists{};
  std::vector<Required> required{};
  Reported reported = Reported::yes;  // no: it is there to be required
  Validator validator = Validator::none;
  // Ours: how many bytes of a match count, so that one without a longest has one: what is longer is
  // cut there, and the rest is looked at anew. 0: all.
  std::uint64_t max_length = 0;
};

// Rules that belong together; a detector's full name is `name:id`.
struct RuleSet {
  std::string name{};
  std::vector<Rule> rules{};
  std::vector<Allowlist> allowlists{};  // for all its rules
};

// Tells what makes a rule useless or impossible: no id, neither regex nor path, a regex that does
// not compile or that matches the empty text, a group that it has not, an allowlist without a
// check. The line has no position; readers put theirs before it.
Result<void, Error> check(const Rule& rule);
Result<void, Error> check(const Allowlist& allowlist);

}  // namespace sluice::inspect
