// SPDX-License-Identifier: MIT
// Reads rules in the format of gitleaks (version 8), unchanged and entirely: [extend], [[rules]],
// [[rules.allowlists]], [[rules.required]], [[allowlists]] and their older forms. A file that
// gitleaks takes and that cannot be honoured here is refused with the place and the rule's id; none
// is read halfway. Keys are compared without regard to case, as gitleaks does.
//
// What stays without effect, and is told as a warning: `commits` (an open file has none).
// source: gitleaks config/config.go, config/allowlist.go, config/rule.go
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/inspect/rules.h"

namespace sluice::inspect {

// Gives the text of a file that `[extend] path` names, or why not. The room opens no files itself.
using RuleFile = std::function<Result<std::string, Error>(std::string_view path)>;
// Refuses each.
RuleFile no_rule_files();

// Whether the regexes are tried. Who leaves that out has to make sure that the same rules have been
// compiled before, by their digest: trying takes most of the time that reading does.
enum class Regexes : std::uint8_t { tried, known };

struct GitleaksSource {
  std::string file;  // for messages
  std::string text;
  std::string set;                    // the name that the rules will have, such as `secrets`
  std::vector<std::string> disabled;  // ids of rules that the policy leaves out
  Regexes regexes = Regexes::tried;
};

struct GitleaksRules {
  RuleSet rules;
  std::vector<std::string> warnings;  // one line each, with the place
};

// Gives the rules, or every line that is wrong: "file:line:column: rule `id`: what and why".
// An unknown key is wrong, too: it may be what a newer gitleaks narrows or widens a rule by.
Result<GitleaksRules, std::vector<Error>> read_gitleaks(const GitleaksSource& source,
                                                        const RuleFile& files = no_rule_files());

}  // namespace sluice::inspect
