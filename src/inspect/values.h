// SPDX-License-Identifier: MIT
// Redacting values: what stands after `=` or `:` in configuration goes; keys, comments and
// structure stay, so that a reader still sees what there is to set. The text is not understood
// further than needed to tell keys from values, and wherever that is in doubt, more is hidden,
// never less: what has no key is a value, and so is what follows a quote that is never closed.
//
// Hidden characters become `x`; a bare word in JSON or TOML (a number, true, null) becomes ones, so
// that the text can still be parsed. A comment stays unless it looks like a setting that somebody
// has switched off (`#KEY=...`): then its value goes, too.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/inspect/budget.h"
#include "sluice/inspect/redaction.h"

namespace sluice::inspect {

enum class Format : std::uint8_t {
  dotenv,      // KEY=value, also shell's `export`; what is not known to be another is read so
  ini,         // sections, `key = value` or `key: value`, indented lines go on
  properties,  // Java's: `=`, `:` or a blank, a backslash goes on
  yaml,
  json,
  toml,
};
std::string_view name(Format format) noexcept;

// Tells the format by the file's name, without regard to case.
Format format_of(std::string_view path) noexcept;

enum class Redacted : std::uint8_t {
  yes,
  full,       // the redaction has no room left
  exhausted,  // the budget is used up
};

// Adds to `out` (made for text.size() bytes) all values in `text`. UTF-16 is hidden wholly.
// Takes a step from the budget for each byte.
Redacted redact_values(Bytes text, Format format, Budget& budget, Redaction& out) noexcept;

}  // namespace sluice::inspect
