// SPDX-License-Identifier: MIT
// [[test]]: a question, and what is expected of the answer.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "sluice/policy/base64.h"
#include "sluice/policy/sections.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Position;
using toml_text::Value;

namespace {

bool is_walkable(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return true;
}

template <class T, class Parse>
void read_expected(const Fields& fields, std::string_view key, Axis axis, std::optional<T>& into,
                   Parse parse) {
  const auto word = fields.text(key);
  if (word && read_word(fields.reading(), axis, *word)) into = parse(word->text);
}

void read_parts(const Fields& fields, std::string_view key, std::vector<std::string>& into) {
  const auto texts = fields.texts(key);
  if (!texts) return;
  for (const Text& text : *texts) {
    if (text.text.empty()) fields.reading().error(text.at, fmt::format("`{}` is empty", key));
    into.push_back(text.text);
  }
}

Expectation read_expectation(const Reading& reading, const Value& table) {
  static constexpr std::array<std::string_view, 11> kKnown{
      "see",   "read", "write", "execute",   "log",    "rule",
      "rules", "has",  "lacks", "same_size", "content"};
  const Fields fields{reading, table, "`expect`", kKnown};
  Expectation expect;
  read_expected(fields, "see", Axis::see, expect.see, see_of);
  read_expected(fields, "read", Axis::read, expect.read, read_of);
  read_expected(fields, "execute", Axis::execute, expect.execute, read_of);
  read_expected(fields, "write", Axis::write, expect.write, write_of);
  read_expected(fields, "log", Axis::log_read, expect.log, log_of);
  for (const std::string_view key : {"rule", "rules"}) {
    const auto ids = fields.texts(key);
    if (!ids) continue;
    for (const Text& id : *ids) expect.rules.push_back(id.text);
  }
  read_parts(fields, "has", expect.has);
  read_parts(fields, "lacks", expect.lacks);
  if (const Member* same = fields.get("same_size")) {
    if (same->value.type == toml_text::Type::boolean) {
      expect.same_size = same->value.boolean;
    } else {
      fields.wrong_type(*same, "true or false");
    }
  }
  if (const auto names = fields.texts("content")) {
    auto& contents = expect.contents.emplace();
    for (const Text& name : *names) contents.push_back(name.text);
  }
  if (table.members.empty()) reading.error(table.at, "`expect` expects nothing");
  return expect;
}

// The bytes of a test's file: as text, or in base64 where they are none.
void read_file(const Fields& fields, Test& test) {
  const Reading& reading = fields.reading();
  if (fields.has("file") && fields.has("file_base64")) {
    reading.error(fields.get("file_base64")->at, "a test has either `file` or `file_base64`");
    return;
  }
  if (const auto text = fields.text("file")) test.file = text->text;
  if (const auto text = fields.text("file_base64")) {
    test.file = from_base64(text->text);
    if (!test.file) reading.error(text->at, "`file_base64` is not base64");
  }
  if (test.file && (test.path.empty() || test.path.ends_with('/'))) {
    reading.error(fields.at(), "a test with a `file` needs the path of a file");
  }
}

// What is expected of bytes needs some, and a mode in which they are read.
void check_bytes(const Fields& fields, const Test& test) {
  const Expectation& expect = test.expect;
  const Position at = fields.get("expect")->value.at;
  if (expect.looks_into_file() && !fields.has("file") && !fields.has("file_base64")) {
    fields.reading().error(at,
                           "`has`, `lacks`, `same_size` and `content` are about what is in a"
                           " `file`, and this test has none");
  }
  const bool reads = !expect.has.empty() || !expect.lacks.empty() || expect.same_size;
  if (reads && test.mode == Mode::write) {
    fields.reading().error(at, "`has`, `lacks` and `same_size` are about what a reader gets");
  }
}

}  // namespace

void read_test(const Reading& reading, const Value& table, Document& document) {
  static constexpr std::array<std::string_view, 7> kKnown{"as",   "open",        "path",  "mode",
                                                          "file", "file_base64", "expect"};
  const Fields fields{reading, table, "a test", kKnown};
  Test test;
  test.at = reading.location(table.at);
  const auto as = fields.text("as");
  test.as = as ? as->text : "anyone";
  auto path = fields.text("open");
  if (path && fields.has("path"))
    reading.error(fields.get("path")->at, "`open` and `path` mean the same");
  if (!path) path = fields.text("path");
  if (!fields.has("open") && !fields.has("path")) reading.error(table.at, "a test needs a `path`");
  if (path) {
    test.path = path->text;
    if (!is_walkable(test.path)) {
      reading.error(path->at,
                    fmt::format("{} is no path from the mounted root: names between single"
                                " `/`, none of them `.` or `..`",
                                quoted(test.path)));
    }
  }
  if (const auto mode = fields.text("mode")) {
    const std::size_t index = std::string_view{"rwx"}.find(mode->text);
    if (mode->text.size() == 1 && index != std::string_view::npos) {
      test.mode = kModes[index];
    } else {
      reading.error(mode->at, "the `mode` of a test is one of `r`, `w` and `x`");
    }
  }
  read_file(fields, test);
  if (const Value* expect = fields.table("expect")) {
    test.expect = read_expectation(reading, *expect);
    check_bytes(fields, test);
  } else if (!fields.has("expect")) {
    reading.error(table.at, "a test needs `expect`");
  }
  document.tests.push_back(std::move(test));
}

}  // namespace sluice::policy
