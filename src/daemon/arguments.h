// SPDX-License-Identifier: MIT
// Command lines, parsed by CLI11 and refused in our own words: one line, with the option that was
// probably meant.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace CLI {
class App;
}

namespace sluice::daemon {

enum class Parsed { ok, help };

// Parses what follows the command's name into what `app` has bound its options to. Gives
// Parsed::help if `-h` or `--help` is among it.
// errors   EINVAL an unknown option, one argument too many, an option without its value.
Result<Parsed, Error> parse(CLI::App& app, std::vector<std::string> arguments);

// Gives the text after "did you mean": "; did you mean `x`?", or nothing if no known word is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace sluice::daemon
