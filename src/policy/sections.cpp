// SPDX-License-Identifier: MIT
// [[rule]] and [[never]].
#include "sluice/policy/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/policy/glob.h"
#include "sluice/policy/load.h"
#include "sluice/policy/words.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Position;
using toml_text::Value;

namespace {

std::vector<std::string> read_who(const Fields& fields) {
  std::vector<std::string> who;
  const auto names = fields.texts("who");
  if (!names) return who;
  if (names->empty()) {
    fields.reading().error(fields.get("who")->value.at,
                           "`who` names no subject; leave it out to mean everyone");
  }
  const auto takes_out = [](const Text& name) { return name.text.starts_with('!'); };
  const auto out = std::ranges::count_if(*names, takes_out);
  if (out != 0 && static_cast<std::size_t>(out) != names->size()) {
    fields.reading().error(fields.get("who")->value.at,
                           "`who` either names subjects, or takes them out by `!`");
    return who;
  }
  for (const Text& name : *names) {
    const std::string_view subject = std::string_view{name.text}.substr(takes_out(name) ? 1 : 0);
    if (subject == "anyone" || subject == "unknown" || subject.empty()) {
      fields.reading().error(
          name.at,
          fmt::format("`who` cannot be {}; leave it out to mean everyone", quoted(name.text)));
    } else if (std::ranges::find(who, name.text) == who.end()) {
      who.push_back(name.text);
    }
  }
  return who;
}

struct Paths {
  std::vector<GlobText> globs;
  bool everywhere = false;
};

Paths read_paths(const Fields& fields) {
  const auto texts = fields.texts("path");
  if (!fields.has("path")) return {{}, true};
  if (!texts) return {};
  if (texts->empty()) {
    const Value& list = fields.get("path")->value;
    // A list of what is no string was told of already.
    if (list.elements.empty()) {
      fields.reading().error(list.at, "`path` is empty; leave it out to mean every path");
    }
    return {};
  }
  Paths paths{read_globs(fields.reading(), *texts), false};
  // Only patterns that subtract: from everything.
  paths.everywhere = std::ranges::all_of(paths.globs, &GlobText::subtracts);
  return paths;
}

// `see` is for every mode or for none: a name cannot be there for one open only.
void check_see(const Fields& fields, Modes modes, const Values& values) {
  if (modes == kAllModes || !values.has(Axis::see)) return;
  const bool hides = values.at(Axis::see) == static_cast<std::uint8_t>(See::no);
  if (!hides && !fields.has("see")) return;
  fields.reading().error(
      fields.get("mode")->at,
      "`mode` cannot stand beside hiding: a file is seen in every mode or in none");
}

// Whether a file is there is shown before anybody can look into it, and a file in which something
// was found has at least what holds for it otherwise.
void check_content(const Fields& fields, Rule& rule) {
  const Reading& reading = fields.reading();
  const bool hides = rule.values.at(Axis::see) == static_cast<std::uint8_t>(See::no);
  if (fields.has("see") || hides) {
    const Member* member = fields.get(fields.has("see") ? "see" : "verdict");
    reading.error(member->value.at,
                  "whether a file is seen cannot depend on `content`: that it is there is known"
                  " before it is looked into");
  }
  rule.values.drop(Axis::see);
  bool says = false;
  for (std::size_t i = 0; i < kAxes; ++i) says |= rule.values.value[i] != 0;
  if (!says && !hides && !fields.has("see")) {
    reading.error(fields.get("content")->at,
                  "with `content` the rule says nothing: what is found in a file can only make"
                  " its verdict stricter");
  }
  if (fields.has("with")) {
    reading.error(fields.get("with")->at,
                  "`with` cannot stand beside `content`: what is found is what is redacted");
  }
}

// `with` says what to redact where only the path is known.
With read_with(const Fields& fields, const Values& values) {
  const auto word = fields.text("with");
  if (!word) return With::values;
  constexpr auto kRedact = static_cast<std::uint8_t>(Read::redact);
  if (values.at(Axis::read) != kRedact && values.at(Axis::execute) != kRedact) {
    fields.reading().error(fields.get("with")->at,
                           "`with` says what is redacted, and this rule redacts nothing");
  }
  const auto with = with_of(word->text);
  if (with && *with != With::nothing) return *with;
  static constexpr std::array<std::string_view, 2> kWords{"values", "all"};
  fields.reading().error(word->at, fmt::format("`with` cannot be {}; it is `values` or `all`{}",
                                               quoted(word->text), suggestion(word->text, kWords)));
  return With::values;
}

// Reads the values of a [[never]]: for each axis the strictest of a list of words.
Values read_forbidden(const Fields& fields, Modes modes) {
  Values values;
  const Reading& reading = fields.reading();
  for (const Axis axis : {Axis::see, Axis::read, Axis::write, Axis::log_read}) {
    const auto words = fields.texts(name(axis));
    if (!words) continue;
    std::uint8_t strictest = 0;
    bool any = false;
    for (const Text& word : *words) {
      const auto value = read_word(reading, axis, word);
      if (value) strictest = std::max(strictest, *value);
      any |= value.has_value();
    }
    const Member* member = fields.get(name(axis));
    if (words->empty()) reading.error(member->value.at, fmt::format("`{}` is empty", name(axis)));
    if (!any) continue;
    if (value_name(axis, static_cast<std::uint8_t>(strictest + 1)) == "?") {
      reading.error(member->value.at,
                    fmt::format("`{}` is the strictest value of `{}`: nothing would be left",
                                value_name(axis, strictest), name(axis)));
      continue;
    }
    values.put(axis, strictest);
    if (axis == Axis::read) values.put(Axis::execute, strictest);
    if (axis == Axis::log_read) {
      for (const Mode mode : kModes) values.put(log_axis_of(mode), strictest);
    }
  }
  check_see(fields, modes, values);
  Values limited = limited_to(values, modes);
  if (values.has(Axis::see)) limited.put(Axis::see, values.at(Axis::see));
  return limited;
}

}  // namespace

bool check_id(const Reading& reading, const Text& id) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const bool good = !id.text.empty() && id.text.size() <= 64 &&
                    id.text.find_first_not_of(kAllowed) == std::string::npos;
  if (!good) {
    reading.error(id.at,
                  fmt::format("{} cannot be a name: 1 to 64 letters, digits, `.`, `_` and `-`",
                              quoted(id.text)));
  }
  return good;
}

std::vector<GlobText> read_globs(const Reading& reading, const std::vector<Text>& texts) {
  std::vector<GlobText> globs;
  for (const Text& text : texts) {
    const bool subtracts = text.text.starts_with('!');
    std::string pattern = text.text.substr(subtracts ? 1 : 0);
    if (const auto glob = parse_glob(pattern); !glob) {
      // The column counts the quote before the pattern, and the `!`.
      Position at = text.at;
      at.column += static_cast<std::uint32_t>(glob.error().offset + 1 + (subtracts ? 1 : 0));
      reading.error(at, fmt::format("{} is no pattern: {}", quoted(text.text), glob.error().text));
      continue;
    }
    globs.push_back({std::move(pattern), subtracts, reading.location(text.at)});
  }
  return globs;
}

void read_rule(const Reading& reading, const Value& table, Document& document) {
  static constexpr std::array<std::string_view, 12> kKnown{"id",      "who", "path",    "mode",
                                                           "verdict", "see", "read",    "write",
                                                           "log",     "why", "content", "with"};
  const Fields fields{reading, table, "a rule", kKnown};
  Rule rule;
  rule.at = reading.location(table.at);
  if (const auto id = fields.text("id")) {
    if (check_id(reading, *id)) rule.id = id->text;
    rule.at = reading.location(id->at);
  } else if (!fields.has("id")) {
    reading.error(table.at, "a rule needs an `id`, by which it is told of and can be disabled");
  }
  rule.who = read_who(fields);
  Paths paths = read_paths(fields);
  rule.everywhere = paths.everywhere;
  rule.paths = std::move(paths.globs);
  const Modes modes = read_modes(fields);
  const Values values = read_values(fields);
  check_see(fields, modes, values);
  rule.values = limited_to(values, modes);
  const bool says = fields.has("verdict") || fields.has("see") || fields.has("read") ||
                    fields.has("write") || fields.has("log");
  if (!says) {
    reading.error(table.at, "a rule needs a `verdict`, or one of `see`, `read`, `write` and `log`");
  } else if (values.set != 0 && rule.values.set == 0) {
    reading.error(fields.get("mode")->at, "with this `mode` the rule says nothing");
  }
  const With with = read_with(fields, rule.values);
  if (const Member* content = fields.get("content")) {
    rule.contents = read_contents(fields);
    rule.contents_at = reading.location(content->value.at);
    if (says) check_content(fields, rule);
  }
  imply_redaction(rule.values, rule.contents.empty() ? with : With::nothing);
  if (const auto why = fields.text("why")) rule.why = why->text;
  document.rules.push_back(std::move(rule));
}

void read_never(const Reading& reading, const Value& table, Document& document) {
  static constexpr std::array<std::string_view, 10> kKnown{
      "id", "who", "path", "mode", "see", "read", "write", "log", "why", "content"};
  const Fields fields{reading, table, "a never", kKnown};
  Never never;
  never.at = reading.location(table.at);
  if (const auto id = fields.text("id"); id && check_id(reading, *id)) never.id = id->text;
  never.who = read_who(fields);
  Paths paths = read_paths(fields);
  never.everywhere = paths.everywhere;
  never.paths = std::move(paths.globs);
  never.forbidden = read_forbidden(fields, read_modes(fields));
  never.contents = read_contents(fields);
  if (!never.contents.empty() && fields.has("see")) {
    reading.error(fields.get("see")->at,
                  "whether a file is seen cannot depend on `content`: that it is there is known"
                  " before it is looked into");
  }
  const bool says =
      fields.has("see") || fields.has("read") || fields.has("write") || fields.has("log");
  if (!says) {
    reading.error(table.at,
                  "a never needs one of `see`, `read`, `write` and `log`: the loosest value"
                  " that is too loose");
  } else if (never.forbidden.set == 0 && fields.has("mode")) {
    reading.error(fields.get("mode")->at, "with this `mode` the never says nothing");
  }
  static_cast<void>(fields.text("why"));
  document.nevers.push_back(std::move(never));
}

}  // namespace sluice::policy
