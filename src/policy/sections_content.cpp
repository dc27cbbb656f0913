// SPDX-License-Identifier: MIT
// [[import]], [detector.NAME], and what rules and tests say about content.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sluice/policy/measure.h"
#include "sluice/policy/sections.h"
#include "sluice/policy/words.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Type;
using toml_text::Value;

namespace {

constexpr std::size_t kLongestRegex = 8192;

std::optional<NamedFile> read_file(const Reading& reading, const Text& name,
                                   const FileReader& files) {
  auto source = files(name.text);
  if (source) return std::move(*source);
  reading.error(name.at, source.error().line());
  return std::nullopt;
}

template <class T>
std::optional<T> whole_number(const Fields& fields, std::string_view key, std::int64_t most) {
  const Member* member = fields.get(key);
  if (member == nullptr) return std::nullopt;
  const Value& value = member->value;
  if (value.type != Type::integer) {
    fields.wrong_type(*member, "a number");
  } else if (value.integer < 0 || value.integer > most) {
    fields.reading().error(value.at, fmt::format("`{}` is a number from 0 to {}", key, most));
  } else {
    return static_cast<T>(value.integer);
  }
  return std::nullopt;
}

void read_text_rule(const Fields& fields, DetectorSpec& spec) {
  const Reading& reading = fields.reading();
  if (const auto regex = fields.text("regex")) {
    spec.regex = regex->text;
    const bool fits = !regex->text.empty() && regex->text.size() <= kLongestRegex;
    if (!fits) reading.error(regex->at, "a regex has from 1 to 8192 characters");
  }
  if (const auto word = fields.text("validate")) {
    static constexpr std::array<std::string_view, 2> kChecks{"luhn", "mod97"};
    spec.validate = word->text;
    if (std::ranges::find(kChecks, word->text) == kChecks.end()) {
      reading.error(word->at, fmt::format("`validate` cannot be {}; it is `luhn` or `mod97`{}",
                                          quoted(word->text), suggestion(word->text, kChecks)));
    }
  }
  if (const Member* member = fields.get("entropy")) {
    const Value& value = member->value;
    if (value.type == Type::real) spec.entropy = value.real;
    if (value.type == Type::integer) spec.entropy = static_cast<double>(value.integer);
    const bool number = value.type == Type::real || value.type == Type::integer;
    if (!number || !(spec.entropy >= 0) || spec.entropy > 8) {
      reading.error(value.at, "`entropy` is a number of bits a byte, from 0 to 8");
    }
  }
  if (const auto words = fields.texts("keywords")) {
    for (const Text& word : *words) spec.keywords.push_back(word.text);
  }
  spec.group = whole_number<std::uint32_t>(fields, "group", 100).value_or(0);
  spec.max_length = whole_number<std::uint64_t>(fields, "max_length", 1 << 20).value_or(0);
}

void read_detector(const Reading& reading, const Member& member, const FileReader& files,
                   Document& document) {
  static constexpr std::array<std::string_view, 9> kKnown{
      "regex", "validate", "entropy", "keywords", "group", "max_length", "manifest", "type",
      "larger"};
  if (!check_id(reading, {member.key, member.at})) return;
  if (member.value.type != Type::table) {
    return reading.error(member.value.at, fmt::format("a detector is a table, begun by"
                                                      " [detector.{}]",
                                                      member.key));
  }
  const Fields fields{reading, member.value, "a detector", kKnown};
  DetectorSpec spec;
  spec.name = member.key;
  spec.at = reading.location(member.at);
  int kinds = 0;
  for (const std::string_view kind : {"regex", "manifest", "type", "larger"}) {
    kinds += fields.has(kind) ? 1 : 0;
  }
  if (kinds != 1) {
    reading.error(member.at, "a detector needs one of `regex`, `manifest`, `type` and `larger`");
  }
  read_text_rule(fields, spec);
  for (const std::string_view key : {"validate", "entropy", "keywords", "group", "max_length"}) {
    if (fields.has(key) && !fields.has("regex")) {
      reading.error(fields.get(key)->at, fmt::format("`{}` stands beside a `regex` only", key));
    }
  }
  if (const auto name = fields.text("manifest")) spec.manifest = read_file(reading, *name, files);
  if (const auto types = fields.texts("type")) {
    for (const Text& type : *types) spec.types.push_back(type.text);
    if (types->empty()) reading.error(fields.get("type")->value.at, "`type` names none");
  }
  if (const auto size = fields.text("larger")) {
    spec.larger_than = measure_size(size->text);
    if (!spec.larger_than) {
      reading.error(size->at,
                    fmt::format("{} is no size; write one like `64MiB`", quoted(size->text)));
    }
  }
  document.detectors.push_back(std::move(spec));
}

}  // namespace

void read_import(const Reading& reading, const Value& table, const FileReader& files,
                 Document& document) {
  static constexpr std::array<std::string_view, 4> kKnown{"gitleaks", "as", "disable", "paths"};
  const Fields fields{reading, table, "an import", kKnown};
  ImportSpec spec;
  spec.at = reading.location(table.at);
  const auto name = fields.text("gitleaks");
  if (!fields.has("gitleaks")) {
    reading.error(table.at, "an import needs `gitleaks`, a file in gitleaks' format");
  }
  const auto as = fields.text("as");
  if (as && check_id(reading, *as)) spec.as = as->text;
  if (!fields.has("as")) {
    reading.error(table.at, "an import needs `as`, the name by which rules ask for it");
  }
  if (const auto ids = fields.texts("disable")) {
    for (const Text& id : *ids) spec.disable.push_back(id.text);
  }
  if (const auto paths = fields.text("paths")) {
    spec.ignores_paths = paths->text == "ignore";
    if (paths->text != "ignore" && paths->text != "honour") {
      reading.error(paths->at, fmt::format("`paths` cannot be {}; it is `honour` (allowlists of"
                                           " paths count) or `ignore`",
                                           quoted(paths->text)));
    }
  }
  if (!name) return;
  if (auto file = read_file(reading, *name, files)) {
    spec.file = std::move(*file);
    document.imports.push_back(std::move(spec));
  }
}

void read_detectors(const Reading& reading, const Value& table, const FileReader& files,
                    Document& document) {
  for (const Member& member : table.members) read_detector(reading, member, files, document);
}

std::vector<std::string> read_contents(const Fields& fields) {
  std::vector<std::string> contents;
  const auto names = fields.texts("content");
  if (!names) return contents;
  if (names->empty()) {
    fields.reading().error(fields.get("content")->value.at,
                           "`content` is empty; leave it out to mean any file");
  }
  for (const Text& name : *names) {
    if (name.text.empty()) {
      fields.reading().error(name.at, "`content` names a set of detectors, or one as `set:id`");
    } else if (std::ranges::find(contents, name.text) == contents.end()) {
      contents.push_back(name.text);
    }
  }
  return contents;
}

void read_with(const Fields& fields, Rule& rule) {
  const auto redact = static_cast<std::uint8_t>(Read::redact);
  const Values& values = rule.values;
  const bool redacts = (values.has(Axis::read) && values.at(Axis::read) == redact) ||
                       (values.has(Axis::execute) && values.at(Axis::execute) == redact);
  if (redacts && rule.contents.empty()) rule.with = With::values;
  const auto word = fields.text("with");
  if (!word) return;
  const auto with = with_of(word->text);
  const Reading& reading = fields.reading();
  if (!rule.contents.empty()) {
    reading.error(fields.get("with")->at,
                  "`with` cannot stand beside `content`: what is found is what goes");
  } else if (!redacts) {
    reading.error(fields.get("with")->at, "`with` stands beside `redact` only");
  } else if (!with) {
    reading.error(word->at, fmt::format("`with` cannot be {}; it is `values` or `all`",
                                        quoted(word->text)));
  } else {
    rule.with = *with;
  }
}

std::optional<std::string> read_test_file(const Fields& fields) {
  const auto text = fields.text("file");
  const auto coded = fields.text("file_base64");
  if (text && coded) {
    fields.reading().error(fields.get("file_base64")->at, "`file` and `file_base64` mean the same");
  }
  if (text) return text->text;
  if (!coded) return std::nullopt;
  auto bytes = from_base64(coded->text);
  if (!bytes) fields.reading().error(coded->at, "`file_base64` is no base64");
  return bytes;
}

}  // namespace sluice::policy
