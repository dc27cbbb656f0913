// SPDX-License-Identifier: MIT
// What Detectors are inside: each rule with its regexes compiled, and the database of all of them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/inspect/database.h"
#include "sluice/inspect/detectors.h"
#include "sluice/inspect/pattern.h"

namespace sluice::inspect {

struct CompiledAllowlist {
  Condition condition = Condition::any;
  Target target = Target::secret;
  bool commits = false;  // there is a check that never holds
  Regex paths;
  Regex regexes;
  Regex stopwords;
};

// How it is found out whether a rule's regex has to be tried on a text.
enum class Tier : std::uint8_t {
  ends,   // the database tells where matches end
  words,  // the database tells whether a keyword is there; then all of the text is tried
  always,
  path,  // there is no regex
};

struct CompiledRule {
  Rule rule;
  std::string name;
  std::uint32_t set = 0;
  Tier tier = Tier::ends;
  std::uint64_t widest = 0;  // 0: no match is the longest
  bool generic = false;      // gives way to others on the same secret
  Regex regex;
  Regex path;
  Regex keywords;
  std::vector<CompiledAllowlist> allowlists;
  std::vector<std::pair<std::uint32_t, Required>> required;  // by the number of the other rule
};

struct CompiledSet {
  std::string name;
  std::vector<CompiledAllowlist> allowlists;
};

struct Compiled {
  std::vector<CompiledSet> sets;
  std::vector<CompiledRule> rules;
  std::map<std::string, DetectorIndex, std::less<>> by_name;
  Database database;  // null if no rule has a regex that it can hold
  SetDigest digest{};
  std::uint64_t reach = 1;
  std::vector<DetectorIndex> unbounded;
  std::vector<DetectorIndex> slow;
};

// Compiles the regexes of `sets`, not yet the database. With When::later nothing is checked, and the
// rules' tiers have to be filled in.
Result<std::unique_ptr<Compiled>, Error> compile_rules(std::vector<RuleSet> sets, When when);
// Takes a rule from the fast engine. The second does so with all that it finds too large.
void demote(CompiledRule& rule) noexcept;
void demote_what_is_too_large(Compiled& compiled);
// Fills in reach, unbounded and slow, once each rule's tier is settled.
void summarise(Compiled& compiled);
// Gives what the database is to be made of.
std::vector<Expression> expressions_of(const Compiled& compiled);

}  // namespace sluice::inspect
