// SPDX-License-Identifier: MIT
// Reads the sections of one file into a Document. What needs the whole policy (whether a subject is
// declared, whether an id is given twice) is load()'s to check.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/policy/document.h"
#include "sluice/policy/fields.h"
#include "sluice/policy/load.h"
#include "sluice/policy/program.h"

namespace sluice::policy {

// [default]; axes and keys that are absent stay as they are.
void read_default(const Reading& reading, const toml_text::Value& table, Document& document);
// [subject.NAME] of all names.
void read_subjects(const Reading& reading, const toml_text::Value& table, Document& document);
// [run]; lists grow.
void read_run(const Reading& reading, const toml_text::Value& table, Document& document);

// Gives the text of a file that an import or a detector names, or nothing, having told.
// beside  the Source::name of the file in which it is named
using TextOf = std::function<std::optional<Source>(std::string_view beside, const Text& file)>;
// [[import]].
void read_import(const Reading& reading, const toml_text::Value& table, const TextOf& text_of,
                 Document& document);
// [detector.NAME] of all names.
void read_detectors(const Reading& reading, const toml_text::Value& table, const TextOf& text_of,
                    Document& document);
// `content`: one name or several. Whether they stand for something is complete()'s to check.
std::vector<std::string> read_contents(const Fields& fields);
// Gives bytes for text like `64MiB`; 0, having told, for what is no size.
std::uint64_t read_size(const Reading& reading, const Text& text);

void read_rule(const Reading& reading, const toml_text::Value& table, Document& document);
void read_never(const Reading& reading, const toml_text::Value& table, Document& document);
void read_test(const Reading& reading, const toml_text::Value& table, Document& document);

// Gives the patterns of a list, telling of those that are none. Those with a leading `!` subtract.
std::vector<GlobText> read_globs(const Reading& reading, const std::vector<Text>& texts);

// Tells whether `id` can name a rule or a subject; tells the reader if not.
bool check_id(const Reading& reading, const Text& id);

}  // namespace sluice::policy
