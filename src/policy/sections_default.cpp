// SPDX-License-Identifier: MIT
// [default], [run] and [subject.NAME].
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sluice/policy/sections.h"
#include "sluice/policy/words.h"

namespace sluice::policy {

using toml_text::Member;
using toml_text::Type;
using toml_text::Value;

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array kTimes{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"min", 60000}};
constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", 1u << 10}, Unit{"MiB", 1u << 20},
                            Unit{"GiB", 1u << 30}};

// Gives a whole number followed by a unit, in the smallest unit; nothing for anything else.
std::optional<std::uint64_t> measure(std::string_view text, std::span<const Unit> units) noexcept {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const std::string_view name{parsed.ptr, static_cast<std::size_t>(end - parsed.ptr)};
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (parsed.ec != std::errc{} || unit == units.end()) return std::nullopt;
  if (number > 0xffffffffffff / unit->factor) return std::nullopt;
  return number * unit->factor;
}

void read_verdict_into(const Fields& fields, std::string_view key, Values& into) {
  const auto word = fields.text(key);
  if (!word) return;
  if (const auto values = read_verdict(fields.reading(), *word)) into = *values;
}

// Reads what holds where an inspection gave no answer.
void read_answer_into(const Fields& fields, std::string_view key, Values& into) {
  const auto word = fields.text(key);
  if (!word) return;
  auto values = read_verdict(fields.reading(), *word);
  if (!values) return;
  if (values->at(Axis::see) != 0) {
    fields.reading().error(word->at, fmt::format("`{}` cannot hide: that a file is there is known"
                                                 " before it is looked into",
                                                 key));
    return;
  }
  if (values->at(Axis::read) == static_cast<std::uint8_t>(Read::redact)) {
    fields.reading().error(word->at, fmt::format("`{}` cannot redact: nobody knows what is in the"
                                                 " file then",
                                                 key));
    return;
  }
  values->drop(Axis::see);
  into = *values;
}

void read_too_big(const Reading& reading, const Value& table, ContentDefaults& content) {
  static constexpr std::array<std::string_view, 2> kKnown{"over", "verdict"};
  const Fields fields{reading, table, "`too_big`", kKnown};
  const auto over = fields.text("over");
  if (over) {
    content.too_big_over = read_size(reading, *over);
  } else if (!fields.has("over")) {
    reading.error(table.at, "`too_big` needs `over`, a size like `64MiB`");
  }
  read_answer_into(fields, "verdict", content.too_big);
}

void take_over(const Values& from, Values& into) noexcept {
  for (std::size_t i = 0; i < kAxes; ++i) {
    const auto axis = static_cast<Axis>(i);
    if (from.has(axis)) into.put(axis, from.at(axis));
  }
}

void read_texts(const Fields& fields, std::string_view key, std::vector<std::string>& into) {
  const auto texts = fields.texts(key);
  if (!texts) return;
  for (const Text& text : *texts) {
    if (text.text.empty()) {
      fields.reading().error(text.at, fmt::format("`{}` is empty", key));
    } else {
      into.push_back(text.text);
    }
  }
}

enum class AbstractNames { no, yes };

void read_paths(const Fields& fields, std::string_view key, AbstractNames abstract,
                std::vector<std::string>& into) {
  const auto texts = fields.texts(key);
  if (!texts) return;
  const bool or_name = abstract == AbstractNames::yes;
  for (const Text& path : *texts) {
    if (path.text.starts_with('/') || (or_name && path.text.starts_with('@'))) {
      into.push_back(path.text);
    } else {
      fields.reading().error(path.at, fmt::format("{} is no absolute path{}", quoted(path.text),
                                                  or_name ? ", nor `@` and a name" : ""));
    }
  }
}

void read_run_as(const Fields& fields, SubjectSpec& spec) {
  const Member* member = fields.get("run_as");
  if (member == nullptr) return;
  const Value& value = member->value;
  if (value.type == Type::boolean) {
    if (value.boolean) spec.run_as = spec.name;
  } else if (value.type == Type::string) {
    if (check_id(fields.reading(), {value.text, value.at})) spec.run_as = value.text;
  } else {
    fields.wrong_type(*member, "a name, or true for the subject's own");
  }
}

void read_subject(const Reading& reading, const Member& member, Document& document) {
  static constexpr std::array<std::string_view, 8> kKnown{"run_as", "uid",  "gid",    "user",
                                                          "group",  "unit", "cgroup", "exe"};
  SubjectSpec spec;
  spec.name = member.key;
  spec.at = reading.location(member.at);
  if (!check_id(reading, {member.key, member.at})) return;
  if (member.key == "anyone" || member.key == "unknown") {
    reading.error(member.at, fmt::format("the name `{}` is taken: it stands for callers who are no"
                                         " subject",
                                         member.key));
    return;
  }
  if (member.value.type != Type::table) {
    reading.error(member.value.at,
                  fmt::format("a subject is a table, begun by [subject.{}]", member.key));
    return;
  }
  const Fields fields{reading, member.value, "a subject", kKnown};
  read_run_as(fields, spec);
  spec.uids = fields.ids("uid");
  spec.gids = fields.ids("gid");
  read_texts(fields, "user", spec.users);
  read_texts(fields, "group", spec.groups);
  read_texts(fields, "unit", spec.units);
  read_texts(fields, "cgroup", spec.cgroups);
  read_texts(fields, "exe", spec.exes);
  for (const std::string& exe : spec.exes) {
    if (exe.starts_with('/')) continue;
    reading.error(fields.get("exe")->value.at, fmt::format("{} is no absolute path", quoted(exe)));
  }
  const bool provable = spec.run_as || !spec.uids.empty() || !spec.gids.empty() ||
                        !spec.users.empty() || !spec.groups.empty() || !spec.units.empty() ||
                        !spec.cgroups.empty() || !spec.exes.empty();
  const bool tried =
      std::ranges::any_of(kKnown, [&](std::string_view key) { return fields.has(key); });
  const bool off = fields.has("run_as") && fields.get("run_as")->value.type == Type::boolean;
  if (!provable && (!tried || off)) {
    reading.error(member.at,
                  fmt::format("nothing proves the subject `{}`; say `run_as = true`, or one"
                              " of uid, gid, user, group, unit, cgroup, exe",
                              member.key));
  }
  document.subjects.push_back(std::move(spec));
}

}  // namespace

Proof SubjectSpec::strongest() const noexcept {
  if (run_as) return Proof::run_as;
  if (!units.empty() || !cgroups.empty()) return Proof::group_of_processes;
  const bool ids = !uids.empty() || !gids.empty() || !users.empty() || !groups.empty();
  return ids ? Proof::credentials : Proof::executable;
}

std::uint64_t read_size(const Reading& reading, const Text& text) {
  const auto bytes = measure(text.text, kSizes);
  if (bytes) return *bytes;
  reading.error(text.at, fmt::format("{} is no size; write one like `64MiB`", quoted(text.text)));
  return 0;
}

void read_default(const Reading& reading, const Value& table, Document& document) {
  static constexpr std::array<std::string_view, 11> kKnown{
      "verdict",  "see",        "read",     "write",   "log",      "unknown_subject",
      "on_error", "on_timeout", "deadline", "too_big", "hardlinks"};
  const Fields fields{reading, table, "[default]", kKnown};
  take_over(read_values(fields), document.defaults);
  imply_redaction(document.defaults, With::values);
  read_verdict_into(fields, "unknown_subject", document.unknown_subject);
  imply_redaction(document.unknown_subject, With::values);
  read_answer_into(fields, "on_error", document.content.on_error);
  read_answer_into(fields, "on_timeout", document.content.on_timeout);
  if (const auto deadline = fields.text("deadline")) {
    document.says_deadline = true;
    const auto ms = measure(deadline->text, kTimes);
    if (ms && *ms > 0 && *ms <= 3600000) {
      document.content.deadline = std::chrono::milliseconds{*ms};
    } else {
      reading.error(deadline->at,
                    fmt::format("{} is no time from 1ms to 60min; write one like `200ms`",
                                quoted(deadline->text)));
    }
  }
  if (const Value* too_big = fields.table("too_big")) {
    document.says_too_big = true;
    read_too_big(reading, *too_big, document.content);
  }
  if (const auto links = fields.text("hardlinks")) {
    document.says_hard_links = true;
    if (links->text == "path") {
      document.hard_links = HardLinks::path;
    } else if (links->text != "inspect") {
      reading.error(links->at, fmt::format("`hardlinks` cannot be {}; it is `inspect` or `path`",
                                           quoted(links->text)));
    }
  }
}

void read_run(const Reading& reading, const Value& table, Document& document) {
  static constexpr std::array<std::string_view, 5> kKnown{"keep_env", "drop_env", "sockets",
                                                          "writable", "devices"};
  const Fields fields{reading, table, "[run]", kKnown};
  RunSpec& run = document.run;
  read_texts(fields, "keep_env", run.keep_env);
  read_texts(fields, "drop_env", run.drop_env);
  read_paths(fields, "sockets", AbstractNames::yes, run.sockets);
  read_paths(fields, "writable", AbstractNames::no, run.writable);
  read_paths(fields, "devices", AbstractNames::no, run.devices);
}

void read_subjects(const Reading& reading, const Value& table, Document& document) {
  for (const Member& member : table.members) read_subject(reading, member, document);
}

}  // namespace sluice::policy
