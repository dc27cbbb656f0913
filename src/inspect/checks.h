// SPDX-License-Identifier: MIT
// What is asked of a secret beyond its form: entropy and check digits.
#pragma once

#include <string_view>

#include "sluice/inspect/rules.h"

namespace sluice::inspect {

// Gives Shannon's entropy of the bytes, in bits a byte; 0 of nothing.
double entropy_of(std::string_view text) noexcept;

// Tells whether the digits end in the right check digit: 12 to 19 of them, blanks and hyphens
// between them apart, nothing else, not all the same. source: ISO/IEC 7812-1, annex B
bool passes_luhn(std::string_view text) noexcept;

// Tells whether `text` is an IBAN: its country's length, and a remainder of 1 by 97. Blanks and
// hyphens do not count; letters of either case. source: ISO 13616-1; SWIFT's IBAN registry
bool passes_mod97(std::string_view text) noexcept;

bool passes(Validator validator, std::string_view secret) noexcept;

// Tells whether all bytes but line ends are the same one.
bool is_one_repeated(std::string_view text) noexcept;

}  // namespace sluice::inspect
