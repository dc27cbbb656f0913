// SPDX-License-Identifier: MIT
// Files: each is read into a Document of its own, what it includes is joined to it, and the whole
// is checked at the end.
#include "sluice/policy/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/policy/join.h"
#include "sluice/policy/presets.h"
#include "sluice/policy/sections.h"
#include "sluice/policy/whole.h"
#include "sluice/policy/words.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Position;
using toml_text::Type;
using toml_text::Value;

namespace {

constexpr std::size_t kMostIncludesDeep = 8;

class Loader {
 public:
  Loader(const Resolver& resolver, Diagnostics& wrong) : resolver_{resolver}, wrong_{wrong} {}

  Document read(const Source& source, bool included);
  std::vector<std::string> files;
  std::string hashed;  // all text that was read, with names and lengths

 private:
  void hash(const Source& source);
  std::optional<Source> read_text(const Reading& reading, std::string_view beside,
                                  const Text& file);
  bool check_text(const Reading& reading, const std::string& text) const;
  void read_sections(const Reading& reading, const Value& root, Document& document, bool included);
  void check_version(const Reading& reading, const Fields& fields) const;
  void include(const Reading& reading, const Value& table, const Own& own, Document& into);
  std::optional<Source> find(const Reading& reading, const Fields& fields) const;
  void disable(const Fields& fields, Document& included) const;
  void except(const Fields& fields, Document& included) const;

  const Resolver& resolver_;
  Diagnostics& wrong_;
  std::vector<std::string> open_;  // the files around the one that is read
  std::size_t imports_ = 0, imported_bytes_ = 0;
};

bool Loader::check_text(const Reading& reading, const std::string& text) const {
  if (text.size() > kMaxTextBytes) {
    reading.error({}, "the file is larger than 4 MiB");
    return false;
  }
  const std::size_t at = find_not_utf8(text);
  if (at == std::string_view::npos) return true;
  const std::string_view before = std::string_view{text}.substr(0, at);
  const auto line = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1);
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  reading.error({line, static_cast<std::uint32_t>(at - begin + 1)}, "this byte is not UTF-8");
  return false;
}

// The text of an import or a manifest.
std::optional<Source> Loader::read_text(const Reading& reading, std::string_view beside,
                                        const Text& file) {
  if (++imports_ > kMaxImports) {
    reading.error(file.at, "more than 64 imports and manifests");
    return std::nullopt;
  }
  auto source = resolver_(beside, file.text);
  if (!source) {
    reading.error(file.at, source.error().line());
    return std::nullopt;
  }
  imported_bytes_ += source->text.size();
  if (source->text.size() > kMaxImportBytes || imported_bytes_ > kMaxImportedBytes) {
    reading.error(file.at, fmt::format("{} is larger than 16 MiB, or all imports are larger than"
                                       " 64 MiB",
                                       quoted(file.text)));
    return std::nullopt;
  }
  hash(*source);
  return std::move(*source);
}

void Loader::hash(const Source& source) {
  hashed +=
      fmt::format("{}:{}:{}:{}", source.name.size(), source.name, source.text.size(), source.text);
}

Document Loader::read(const Source& source, bool included) {
  Document document;
  files.push_back(source.name);
  hash(source);
  const Reading reading{source.name, static_cast<std::uint32_t>(files.size() - 1), wrong_};
  if (!check_text(reading, source.text)) return document;
  const auto root = toml_text::parse(source.text);
  if (!root) {
    reading.error(root.error().at, root.error().text);
    return document;
  }
  open_.push_back(source.name);
  read_sections(reading, *root, document, included);
  open_.pop_back();
  return document;
}

void Loader::read_sections(const Reading& reading, const Value& root, Document& document,
                           bool included) {
  static constexpr std::array<std::string_view, 10> kKnown{
      "version", "default", "include", "import", "subject",
      "rule",    "never",   "test",    "run",    "detector"};
  const Fields fields{reading, root, "a policy", kKnown};
  check_version(reading, fields);
  const TextOf text_of = [&](std::string_view beside, const Text& file) {
    return read_text(reading, beside, file);
  };
  if (const Value* table = fields.table("default")) read_default(reading, *table, document);
  if (const Value* table = fields.table("subject")) read_subjects(reading, *table, document);
  if (const Value* table = fields.table("run")) read_run(reading, *table, document);
  for (const Value* table : fields.tables("import"))
    read_import(reading, *table, text_of, document);
  if (const Value* table = fields.table("detector")) {
    read_detectors(reading, *table, text_of, document);
  }
  for (const Value* table : fields.tables("rule")) read_rule(reading, *table, document);
  for (const Value* table : fields.tables("never")) read_never(reading, *table, document);
  // An included file's tests are about that file as it stands; here it may be changed.
  Document tests;
  for (const Value* table : fields.tables("test")) read_test(reading, *table, tests);
  if (!included) document.tests = std::move(tests.tests);
  const Own own{document.defaults,        document.unknown_subject, document.content,
                document.says_hard_links, document.says_deadline,   document.says_too_big};
  for (const Value* table : fields.tables("include")) include(reading, *table, own, document);
}

void Loader::check_version(const Reading& reading, const Fields& fields) const {
  const Member* version = fields.get("version");
  if (version == nullptr) {
    reading.error({1, 1}, "`version = 1` is missing");
  } else if (version->value.type != Type::integer) {
    fields.wrong_type(*version, "a number");
  } else if (version->value.integer != 1) {
    reading.error(version->value.at, fmt::format("version {} is not known here; this is version 1",
                                                 version->value.integer));
  }
}

std::optional<Source> Loader::find(const Reading& reading, const Fields& fields) const {
  const auto name = fields.text("preset");
  const auto file = fields.text("file");
  if (fields.has("preset") == fields.has("file")) {
    reading.error(fields.at(), "an include needs either `preset` or `file`");
    return std::nullopt;
  }
  if (name) {
    if (const auto known = preset(name->text)) {
      return Source{fmt::format("preset:{}", known->name), std::string{known->text}};
    }
    std::vector<std::string_view> names;
    for (const Preset& each : presets()) names.push_back(each.name);
    reading.error(name->at, fmt::format("there is no preset {}{}", quoted(name->text),
                                        suggestion(name->text, names)));
    return std::nullopt;
  }
  if (!file) return std::nullopt;
  auto source = resolver_(reading.file, file->text);
  if (source) return std::move(*source);
  reading.error(file->at, source.error().line());
  return std::nullopt;
}

void Loader::include(const Reading& reading, const Value& table, const Own& own, Document& into) {
  static constexpr std::array<std::string_view, 4> kKnown{"preset", "file", "disable", "except"};
  const Fields fields{reading, table, "an include", kKnown};
  const auto source = find(reading, fields);
  if (!source) return;
  if (std::ranges::find(open_, source->name) != open_.end()) {
    std::string circle;
    for (const std::string& each : open_) circle += each + " -> ";
    reading.error(table.at, "these files include each other: " + circle + source->name);
    return;
  }
  if (std::ranges::find(files, source->name) != files.end()) {
    reading.error(table.at, fmt::format("{} is included already", quoted(source->name)));
    return;
  }
  if (files.size() >= kMaxFiles || open_.size() >= kMostIncludesDeep) {
    reading.error(table.at, "more than 64 files, or includes more than 8 deep");
    return;
  }
  Document included = read(*source, true);
  disable(fields, included);
  except(fields, included);
  join(reading, table.at, std::move(included), own, into);
}

template <class Items>
std::vector<std::string_view> ids_of(const Items& items) {
  std::vector<std::string_view> ids;
  for (const auto& item : items) ids.push_back(item.id);
  return ids;
}

void Loader::disable(const Fields& fields, Document& included) const {
  const auto ids = fields.texts("disable");
  if (!ids) return;
  std::vector<std::string_view> known = ids_of(included.rules);
  for (const Never& never : included.nevers) {
    if (!never.id.empty()) known.push_back(never.id);
  }
  for (const Text& id : *ids) {
    if (std::ranges::find(known, std::string_view{id.text}) == known.end()) {
      fields.reading().error(id.at, fmt::format("there is no rule {} to disable{}", quoted(id.text),
                                                suggestion(id.text, known)));
    }
  }
  const auto is_disabled = [&](const std::string& id) {
    return !id.empty() && std::ranges::find(*ids, id, &Text::text) != ids->end();
  };
  std::erase_if(included.rules, [&](const Rule& rule) { return is_disabled(rule.id); });
  std::erase_if(included.nevers, [&](const Never& never) { return is_disabled(never.id); });
}

void Loader::except(const Fields& fields, Document& included) const {
  const Value* table = fields.table("except");
  if (table == nullptr) return;
  const Reading& reading = fields.reading();
  for (const Member& member : table->members) {
    const auto rule = std::ranges::find(included.rules, member.key, &Rule::id);
    if (rule == included.rules.end()) {
      reading.error(member.at,
                    fmt::format("there is no rule {} to make exceptions of{}", quoted(member.key),
                                suggestion(member.key, ids_of(included.rules))));
      continue;
    }
    const auto texts = texts_of(reading, member);
    if (!texts) continue;
    if (texts->empty()) reading.error(member.value.at, "this list of exceptions is empty");
    for (GlobText& glob : read_globs(reading, *texts)) {
      if (glob.subtracts) {
        reading.error({glob.at.line, glob.at.column},
                      "an exception needs no `!`: it subtracts anyway");
      }
      glob.subtracts = true;
      rule->paths.push_back(std::move(glob));
    }
  }
}

}  // namespace

Resolver no_files() {
  return [](std::string_view, std::string_view file) -> Result<Source, Error> {
    return fail(
        Error{fmt::format("cannot include {}: this policy must stand alone", quoted(file)), EPERM});
  };
}

std::expected<Document, Diagnostics> load(Source source, const Resolver& resolver) {
  Diagnostics wrong;
  Loader loader{resolver, wrong};
  Document document = loader.read(source, false);
  document.files = std::move(loader.files);
  document.content_hash = digest_of(bytes_of(std::string_view{loader.hashed}));
  complete(document, wrong);
  if (!wrong.empty()) return std::unexpected{std::move(wrong)};
  return document;
}

}  // namespace sluice::policy
