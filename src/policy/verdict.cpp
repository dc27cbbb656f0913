// SPDX-License-Identifier: MIT
// The words for the axes' values, and grants as numbers: each axis takes its own bits, so that a
// grant has one number everywhere.
#include "sluice/policy/verdict.h"

#include <algorithm>
#include <span>

namespace sluice::policy {
namespace {

constexpr std::array<std::string_view, 2> kSee{"yes", "no"};
constexpr std::array<std::string_view, 4> kRead{"native", "served", "redact", "deny"};
constexpr std::array<std::string_view, 3> kWrite{"native", "served", "deny"};
constexpr std::array<std::string_view, 3> kLog{"none", "open", "alarm"};
constexpr std::array<std::string_view, 3> kWith{"nothing", "values", "all"};
constexpr std::array<std::string_view, 3> kMode{"read", "write", "execute"};
constexpr std::array<std::string_view, kAxes> kAxis{"see", "read",        "execute",       "write",
                                                    "log", "log (write)", "log (execute)", "with"};

std::span<const std::string_view> words_of(Axis axis) noexcept {
  switch (axis) {
    case Axis::see: return kSee;
    case Axis::read:
    case Axis::execute: return kRead;
    case Axis::write: return kWrite;
    case Axis::log_read:
    case Axis::log_write:
    case Axis::log_execute: return kLog;
    case Axis::with: return kWith;
  }
  return {};
}

template <class Enum>
std::optional<Enum> find(Axis axis, std::string_view word) noexcept {
  const auto words = words_of(axis);
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

template <class Enum>
std::string_view at(Axis axis, Enum value) noexcept {
  return value_name(axis, static_cast<std::uint8_t>(value));
}

}  // namespace

GrantId id_of(const Grant& grant) noexcept {
  if (grant.with != With::nothing) return id_of(kStrictestGrant);
  return static_cast<GrantId>(
      static_cast<unsigned>(grant.see) | static_cast<unsigned>(grant.read) << 1 |
      static_cast<unsigned>(grant.execute) << 3 | static_cast<unsigned>(grant.write) << 5);
}

Grant grant_of(GrantId id) noexcept {
  const unsigned bits = static_cast<std::uint16_t>(id);
  const unsigned write = bits >> 5;
  if (write >= kWrite.size()) return kStrictestGrant;
  return {.see = static_cast<See>(bits & 1),
          .read = static_cast<Read>(bits >> 1 & 3),
          .execute = static_cast<Read>(bits >> 3 & 3),
          .write = static_cast<Write>(write)};
}

Grant strictest_of(const Grant& a, const Grant& b) noexcept {
  Grant sum{.see = std::max(a.see, b.see),
            .read = std::max(a.read, b.read),
            .execute = std::max(a.execute, b.execute),
            .write = std::max(a.write, b.write),
            .with = std::max(a.with, b.with)};
  if (redacts(sum)) {
    sum.write = Write::deny;
  } else {
    sum.with = With::nothing;
  }
  return sum;
}

bool loosens(const Grant& from, const Grant& to) noexcept {
  return to.see < from.see || to.read < from.read || to.execute < from.execute ||
         to.write < from.write || (redacts(to) && to.with < from.with);
}

std::string_view name(See see) noexcept { return at(Axis::see, see); }
std::string_view name(Read read) noexcept { return at(Axis::read, read); }
std::string_view name(Write write) noexcept { return at(Axis::write, write); }
std::string_view name(With with) noexcept { return at(Axis::with, with); }
std::string_view name(Log log) noexcept { return at(Axis::log_read, log); }

std::string_view name(Mode mode) noexcept {
  const auto index = static_cast<std::size_t>(mode);
  return index < kMode.size() ? kMode[index] : "?";
}

std::string_view name(Axis axis) noexcept {
  const auto index = static_cast<std::size_t>(axis);
  return index < kAxis.size() ? kAxis[index] : "?";
}

std::string_view value_name(Axis axis, std::uint8_t strictness) noexcept {
  const auto words = words_of(axis);
  return strictness < words.size() ? words[strictness] : "?";
}

std::optional<See> see_of(std::string_view word) noexcept { return find<See>(Axis::see, word); }
std::optional<Read> read_of(std::string_view word) noexcept { return find<Read>(Axis::read, word); }
std::optional<Write> write_of(std::string_view word) noexcept {
  return find<Write>(Axis::write, word);
}
std::optional<With> with_of(std::string_view word) noexcept { return find<With>(Axis::with, word); }
std::optional<Log> log_of(std::string_view word) noexcept {
  return find<Log>(Axis::log_read, word);
}

}  // namespace sluice::policy
