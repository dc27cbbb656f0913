// SPDX-License-Identifier: MIT
// What the tests of text share: detectors from a few words, scans in one line, and made-up secrets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/inspect/gitleaks.h"
#include "sluice/inspect/scan.h"
#include "sluice/inspect/values.h"

namespace sluice::inspect {

// Gives detectors of one set `t`, which must compile.
Detectors detectors_of(std::vector<Rule> rules, std::vector<Allowlist> allowlists = {});
// Gives those of text in gitleaks' format, which must be right.
Detectors gitleaks_of(std::string_view text);
// Gives what is wrong with such text, as lines; "" if nothing is.
std::string wrong_with(std::string_view text, const RuleFile& files = no_rule_files());
Rule rule_of(std::string id, std::string regex);

// A budget that no test uses up.
Budget plenty();

// Gives "name@line:secret" for each hit, sorted by place.
std::vector<std::string> found_in(const Detectors& detectors, std::string_view text,
                                  std::string_view path = "file",
                                  AllowComments comments = AllowComments::ignored);
using Strings = std::vector<std::string>;

// Gives the text as it is once hits in it, or values, are redacted.
std::string redacted(const Detectors& detectors, std::string_view text);
std::string without_values(std::string_view text, Format format);

// Gives text as UTF-16 without a mark.
enum class ByteOrder : std::uint8_t { little, big };
std::string as_utf16(std::string_view text, ByteOrder order);

// Gives `length` letters and digits that look as random as secrets do; the same for the same seed.
std::string random_word(
    std::size_t length, unsigned seed = 1,
    std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

}  // namespace sluice::inspect
