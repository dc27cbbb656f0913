// SPDX-License-Identifier: MIT
// [[import]] and [detector.NAME]: where what rules name in `content` comes from. What only an
// inspector knows (regexes, types of files, what an imported file says) is not judged here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/policy/sections.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Type;
using toml_text::Value;

namespace {

constexpr std::size_t kLongestRegex = 8192;

bool check_set_name(const Reading& reading, const Text& name) {
  if (!check_id(reading, name)) return false;
  if (name.text != kBuiltinSet && name.text != kPositionsSet) return true;
  reading.error(name.at,
                fmt::format("the name `{}` is taken: it comes with the program", name.text));
  return false;
}

std::vector<std::string> strings(const Fields& fields, std::string_view key) {
  std::vector<std::string> all;
  const auto texts = fields.texts(key);
  if (!texts) return all;
  if (texts->empty())
    fields.reading().error(fields.get(key)->value.at, fmt::format("`{}` is empty", key));
  for (const Text& text : *texts) {
    if (text.text.empty()) fields.reading().error(text.at, fmt::format("`{}` is empty", key));
    all.push_back(text.text);
  }
  return all;
}

std::uint64_t whole_number(const Fields& fields, std::string_view key, std::uint64_t least,
                           std::uint64_t most) {
  const Member* member = fields.get(key);
  if (member == nullptr) return 0;
  const Value& value = member->value;
  const bool good = value.type == Type::integer && value.integer >= 0 &&
                    static_cast<std::uint64_t>(value.integer) >= least &&
                    static_cast<std::uint64_t>(value.integer) <= most;
  if (good) return static_cast<std::uint64_t>(value.integer);
  fields.reading().error(value.at,
                         fmt::format("`{}` must be a number from {} to {}", key, least, most));
  return 0;
}

double entropy_of(const Fields& fields) {
  const Member* member = fields.get("entropy");
  if (member == nullptr) return 0;
  const Value& value = member->value;
  double entropy = -1;
  if (value.type == Type::real) entropy = value.real;
  if (value.type == Type::integer) entropy = static_cast<double>(value.integer);
  if (entropy >= 0 && entropy <= 8) return entropy;
  fields.reading().error(value.at, "`entropy` must be a number from 0 to 8: bits a byte");
  return 0;
}

DetectorSpec::Validate validate_of(const Fields& fields) {
  const auto word = fields.text("validate");
  if (!word) return DetectorSpec::Validate::none;
  if (word->text == "luhn") return DetectorSpec::Validate::luhn;
  if (word->text == "mod97") return DetectorSpec::Validate::mod97;
  fields.reading().error(word->at, fmt::format("`validate` cannot be {}; it is `luhn` or `mod97`",
                                               quoted(word->text)));
  return DetectorSpec::Validate::none;
}

struct Way {
  std::string_view key;
  DetectorSpec::Kind kind;
};
constexpr std::array kWays{
    Way{"regex", DetectorSpec::Kind::regex}, Way{"manifest", DetectorSpec::Kind::manifest},
    Way{"ranges", DetectorSpec::Kind::manifest}, Way{"type", DetectorSpec::Kind::type},
    Way{"larger", DetectorSpec::Kind::larger}};
constexpr std::array<std::string_view, 5> kBesideRegex{"validate", "entropy", "keywords", "group",
                                                       "max_length"};

void read_regex(const Fields& fields, DetectorSpec& spec) {
  if (const auto regex = fields.text("regex")) {
    spec.regex = regex->text;
    if (spec.regex.empty() || spec.regex.size() > kLongestRegex) {
      fields.reading().error(regex->at, "`regex` must have 1 to 8192 bytes");
    }
  }
  spec.validate = validate_of(fields);
  spec.entropy = entropy_of(fields);
  spec.keywords = strings(fields, "keywords");
  spec.group = static_cast<std::uint32_t>(whole_number(fields, "group", 0, 99));
  spec.max_length = whole_number(fields, "max_length", 1, std::uint64_t{1} << 20);
}

void read_manifest(const Fields& fields, const TextOf& text_of, DetectorSpec& spec) {
  if (const auto ranges = fields.text("ranges")) {
    spec.manifest_file = fields.reading().file;
    spec.manifest_text = ranges->text;
  }
  const auto file = fields.text("manifest");
  if (!file) return;
  if (auto source = text_of(fields.reading().file, *file)) {
    spec.manifest_file = std::move(source->name);
    spec.manifest_text = std::move(source->text);
  }
}

void read_detector(const Reading& reading, const Member& member, const TextOf& text_of,
                   Document& document) {
  static constexpr std::array<std::string_view, 10> kKnown{
      "regex",    "manifest", "ranges",   "type",  "larger",
      "validate", "entropy",  "keywords", "group", "max_length"};
  if (!check_set_name(reading, {member.key, member.at})) return;
  if (member.value.type != Type::table) {
    reading.error(member.value.at,
                  fmt::format("a detector is a table, begun by [detector.{}]", member.key));
    return;
  }
  const Fields fields{reading, member.value, "a detector", kKnown};
  DetectorSpec spec;
  spec.name = member.key;
  spec.at = reading.location(member.at);
  const auto given =
      std::ranges::count_if(kWays, [&](const Way& way) { return fields.has(way.key); });
  if (given != 1) {
    reading.error(member.at, fmt::format("the detector `{}` must have one of `regex`, `manifest`,"
                                         " `ranges`, `type` and `larger`",
                                         member.key));
    return;
  }
  spec.kind =
      std::ranges::find_if(kWays, [&](const Way& way) { return fields.has(way.key); })->kind;
  for (const std::string_view key : kBesideRegex) {
    if (spec.kind != DetectorSpec::Kind::regex && fields.has(key)) {
      reading.error(fields.get(key)->at, fmt::format("`{}` belongs to a `regex`", key));
    }
  }
  switch (spec.kind) {
    case DetectorSpec::Kind::regex: read_regex(fields, spec); break;
    case DetectorSpec::Kind::manifest: read_manifest(fields, text_of, spec); break;
    case DetectorSpec::Kind::type: spec.types = strings(fields, "type"); break;
    case DetectorSpec::Kind::larger:
      if (const auto size = fields.text("larger")) spec.larger = read_size(reading, *size);
      break;
  }
  document.detectors.push_back(std::move(spec));
}

// Gives the path that a file in gitleaks' format extends; what is wrong with that file is told by
// whoever reads its rules. Keys are compared without regard to case, as gitleaks does.
std::string extended_by(std::string_view text) {
  const auto root = toml_text::parse(text);
  if (!root) return {};
  const auto is = [](const Member& member, std::string_view key) {
    return std::ranges::equal(member.key, key, {}, [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  };
  for (const Member& table : root->members) {
    if (!is(table, "extend")) continue;
    for (const Member& member : table.value.members) {
      if (is(member, "path")) return member.value.text;
    }
  }
  return {};
}

// Reads what an import extends. Paths are those from its folder, whichever file they stand in.
void read_extended(const Text& import, const TextOf& text_of, ImportSpec& spec) {
  constexpr std::size_t kMost = 8;  // more than gitleaks follows
  std::string path = extended_by(spec.text);
  while (!path.empty() && spec.extended.size() < kMost) {
    if (std::ranges::find(spec.extended, path, &ExtendedFile::path) != spec.extended.end()) return;
    auto source = text_of(spec.file, {path, import.at});
    if (!source) return;
    spec.extended.push_back({std::move(path), std::move(source->name), std::move(source->text)});
    path = extended_by(spec.extended.back().text);
  }
}

}  // namespace

void read_import(const Reading& reading, const Value& table, const TextOf& text_of,
                 Document& document) {
  static constexpr std::array<std::string_view, 4> kKnown{"gitleaks", "as", "disable", "paths"};
  const Fields fields{reading, table, "an import", kKnown};
  ImportSpec spec;
  spec.at = reading.location(table.at);
  const auto as = fields.text("as");
  const auto file = fields.text("gitleaks");
  if (!fields.has("as")) {
    reading.error(table.at, "an import needs `as`, the name by which rules speak of it");
  }
  if (!fields.has("gitleaks")) {
    reading.error(table.at, "an import needs `gitleaks`, a file with rules in gitleaks' format");
  }
  if (fields.has("disable")) spec.disable = strings(fields, "disable");
  if (const auto paths = fields.text("paths")) {
    if (paths->text == "ignore") {
      spec.paths = ImportPaths::ignore;
    } else if (paths->text != "honour") {
      reading.error(paths->at, fmt::format("`paths` cannot be {}; it is `honour` or `ignore`",
                                           quoted(paths->text)));
    }
  }
  if (!as || !file || !check_set_name(reading, *as)) return;
  spec.as = as->text;
  if (auto source = text_of(reading.file, *file)) {
    spec.file = std::move(source->name);
    spec.text = std::move(source->text);
    read_extended(*file, text_of, spec);
  }
  document.imports.push_back(std::move(spec));
}

void read_detectors(const Reading& reading, const Value& table, const TextOf& text_of,
                    Document& document) {
  for (const Member& member : table.members) read_detector(reading, member, text_of, document);
}

std::vector<std::string> read_contents(const Fields& fields) {
  std::vector<std::string> contents;
  const auto names = fields.texts("content");
  if (!names) return contents;
  const Member& member = *fields.get("content");
  if (names->empty() && member.value.elements.empty()) {
    fields.reading().error(member.value.at,
                           "`content` is empty; leave it out to mean whatever a file contains");
  }
  for (const Text& name : *names) {
    if (std::ranges::find(contents, name.text) == contents.end()) contents.push_back(name.text);
  }
  return contents;
}

}  // namespace sluice::policy
