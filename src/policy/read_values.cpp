// SPDX-License-Identifier: MIT
// The words that give values: verdicts, axes, modes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sluice/policy/fields.h"
#include "sluice/policy/words.h"

namespace sluice::policy {
namespace {

// Puts one value on the axes of all modes.
void put_read(Values& values, Read read) noexcept {
  values.put(Axis::read, static_cast<std::uint8_t>(read));
  values.put(Axis::execute, static_cast<std::uint8_t>(read));
}
void put_write(Values& values, Write write) noexcept {
  values.put(Axis::write, static_cast<std::uint8_t>(write));
}
void put_see(Values& values, See see) noexcept {
  values.put(Axis::see, static_cast<std::uint8_t>(see));
}
void put_log(Values& values, Log log) noexcept {
  for (const Mode mode : kModes) values.put(log_axis_of(mode), static_cast<std::uint8_t>(log));
}

Values make(std::optional<See> see, std::optional<Read> read, std::optional<Write> write) noexcept {
  Values values;
  if (see) put_see(values, *see);
  if (read) put_read(values, *read);
  if (write) put_write(values, *write);
  return values;
}

Values audit() noexcept {
  Values values;
  put_log(values, Log::open);
  return values;
}

struct Named {
  std::string_view name;
  Values values;
};
const std::array<Named, 7>& verdicts() {
  static const std::array<Named, 7> all{
      Named{"native", make(See::yes, Read::native, Write::native)},
      Named{"served", make(See::yes, Read::served, Write::served)},
      Named{"redact", make({}, Read::redact, Write::deny)},
      Named{"readonly", make({}, {}, Write::deny)},
      Named{"deny", make({}, Read::deny, Write::deny)},
      Named{"hide", make(See::no, Read::deny, Write::deny)},
      Named{"audit", audit()}};
  return all;
}

std::vector<std::string_view> words_of(Axis axis) {
  std::vector<std::string_view> words;
  for (std::uint8_t i = 0; value_name(axis, i) != "?"; ++i) words.push_back(value_name(axis, i));
  return words;
}

}  // namespace

std::optional<Values> read_verdict(const Reading& reading, const Text& word) {
  const auto found = std::ranges::find(verdicts(), word.text, &Named::name);
  if (found != verdicts().end()) return found->values;
  std::vector<std::string_view> known;
  for (const Named& each : verdicts()) known.push_back(each.name);
  reading.error(word.at, fmt::format("unknown verdict {}{}", quoted(word.text),
                                     suggestion(word.text, known)));
  return std::nullopt;
}

std::optional<std::uint8_t> read_word(const Reading& reading, Axis axis, const Text& word) {
  const auto words = words_of(axis);
  const auto found = std::ranges::find(words, word.text);
  if (found != words.end()) return static_cast<std::uint8_t>(found - words.begin());
  std::string all;
  for (const std::string_view each : words) {
    all += fmt::format("{}`{}`", all.empty() ? "" : ", ", each);
  }
  reading.error(word.at, fmt::format("`{}` cannot be {}; it is one of {}{}", name(axis),
                                     quoted(word.text), all, suggestion(word.text, words)));
  return std::nullopt;
}

void imply_redaction(Values& values, With with) noexcept {
  constexpr auto kRedact = static_cast<std::uint8_t>(Read::redact);
  const auto redacted = [&](Axis axis) { return values.has(axis) && values.at(axis) == kRedact; };
  if (!redacted(Axis::read) && !redacted(Axis::execute)) return;
  if (with != With::nothing) values.put(Axis::with, static_cast<std::uint8_t>(with));
  put_write(values, Write::deny);
}

Values read_values(const Fields& fields) {
  const Reading& reading = fields.reading();
  Values values;
  if (const auto verdict = fields.text("verdict")) {
    if (const auto named = read_verdict(reading, *verdict)) values = *named;
  }
  // `see = yes` of `native` and `served` is there to be overruled by a word of one's own.
  const Values by_verdict = values;
  for (const Axis axis : {Axis::see, Axis::read, Axis::write, Axis::log_read}) {
    const auto word = fields.text(name(axis));
    if (!word) continue;
    const auto value = read_word(reading, axis, *word);
    if (!value) continue;
    if (by_verdict.has(axis) && by_verdict.at(axis) != *value && axis != Axis::see) {
      reading.error(word->at, fmt::format("`verdict` says `{} = \"{}\"` already", name(axis),
                                          value_name(axis, by_verdict.at(axis))));
    }
    values.put(axis, *value);
    if (axis == Axis::read) values.put(Axis::execute, *value);
    if (axis == Axis::log_read) put_log(values, static_cast<Log>(*value));
  }
  const bool redacts = values.at(Axis::read) == static_cast<std::uint8_t>(Read::redact);
  const bool looser = values.has(Axis::write) && !by_verdict.has(Axis::write) &&
                      values.at(Axis::write) != static_cast<std::uint8_t>(Write::deny);
  if (redacts && looser) {
    reading.error(fields.get("write")->value.at,
                  "what is redacted cannot be written to: what it hides would be lost");
  }
  return values;
}

Modes read_modes(const Fields& fields) {
  const auto words = fields.texts("mode");
  if (!words) return kAllModes;
  Modes modes = 0;
  for (const Text& word : *words) {
    for (const char letter : word.text) {
      const std::size_t mode = std::string_view{"rwx"}.find(letter);
      if (mode != std::string_view::npos) {
        modes |= 1u << mode;
      } else {
        fields.reading().error(
            word.at, fmt::format("`mode` is made of r, w and x, not {}", quoted(word.text)));
        break;
      }
    }
  }
  if (words->empty() || std::ranges::any_of(*words, [](const Text& w) { return w.text.empty(); })) {
    fields.reading().error(fields.get("mode")->value.at,
                           "`mode` names no mode; it is made of r, w and x");
  }
  return modes;
}

Values limited_to(const Values& values, Modes modes) noexcept {
  if (modes == kAllModes) return values;
  Values left;
  for (const Mode mode : kModes) {
    if ((modes >> static_cast<unsigned>(mode) & 1u) == 0) continue;
    for (const Axis axis : {axis_of(mode), log_axis_of(mode)}) {
      if (values.has(axis)) left.put(axis, values.at(axis));
    }
  }
  return left;
}

}  // namespace sluice::policy
