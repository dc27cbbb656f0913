// SPDX-License-Identifier: MIT
// Text put inside other text: into a shell's command line, an HTML page, a Markdown table.
#pragma once

#include <string>
#include <string_view>

namespace sluice::bench {

// Gives `text` as one word of a POSIX shell's line, whatever it contains.
std::string shell_quoted(std::string_view text);

// Gives `text` for the content or a quoted attribute of an HTML element.
std::string html_escaped(std::string_view text);

// Gives `text` for a cell of a Markdown table: on one line, with bars and marks made plain.
std::string markdown_escaped(std::string_view text);

// Puts `value` wherever `marker` stands in `text`.
std::string replaced(std::string_view text, std::string_view marker, std::string_view value);

}  // namespace sluice::bench
