// SPDX-License-Identifier: MIT
// What a policy can say about a file: a point on independent axes, each ordered from loose to
// strict. Where several rules speak, the strictest value of each axis wins; so the order of rules
// never matters, and adding a rule can only make stricter what other rules say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::policy {

// Whether the file's existence is shown. What is hidden cannot be opened either.
enum class See : std::uint8_t { yes, no };

// What an open for reading (or for execution) gives.
enum class Read : std::uint8_t { native, served, redact, deny };

// What an open for writing gives; deny covers the name as well as the bytes.
enum class Write : std::uint8_t { native, served, deny };

// What a redacted file keeps back because of its path, whatever it contains: `values` is what
// stands after `=` or `:` in configuration, `all` is every byte but line ends.
enum class With : std::uint8_t { nothing, values, all };

// Whether an open is recorded. `alarm` is a record that somebody should look at.
enum class Log : std::uint8_t { none, open, alarm };

// What a file is opened for; an open for reading and writing is both.
enum class Mode : std::uint8_t { read, write, execute };
inline constexpr std::array kModes{Mode::read, Mode::write, Mode::execute};

// The axes as rules contribute to them. `read` is split by mode, because a rule may speak of
// execution only, and so is `log`. `with` says how much is redacted where read or execute is.
enum class Axis : std::uint8_t {
  see,
  read,
  execute,
  write,
  log_read,
  log_write,
  log_execute,
  with
};
inline constexpr std::size_t kAxes = 8;

// A value for some of the axes, by strictness: 0 is the loosest. This is how rules are computed
// with; `Grant` and `Terms` are how results are given.
struct Values {
  std::array<std::uint8_t, kAxes> value{};
  std::uint8_t set = 0;  // bit n: axis n has a value

  bool has(Axis axis) const noexcept { return (set >> static_cast<unsigned>(axis) & 1u) != 0; }
  std::uint8_t at(Axis axis) const noexcept { return value[static_cast<std::size_t>(axis)]; }
  void put(Axis axis, std::uint8_t strictness) noexcept {
    value[static_cast<std::size_t>(axis)] = strictness;
    set = static_cast<std::uint8_t>(set | 1u << static_cast<unsigned>(axis));
  }
  void drop(Axis axis) noexcept {
    value[static_cast<std::size_t>(axis)] = 0;
    set = static_cast<std::uint8_t>(set & ~(1u << static_cast<unsigned>(axis)));
  }
  friend bool operator==(const Values&, const Values&) noexcept = default;
};

// What one subject may do with a file, whichever rules said so. Nodes are told apart by it.
struct Grant {
  See see = See::yes;
  Read read = Read::native;
  Read execute = Read::native;
  Write write = Write::native;
  With with = With::nothing;  // means something only where read or execute is redact
  friend bool operator==(const Grant&, const Grant&) noexcept = default;
};

// Names a grant; the same in every program and every process. 0 is the grant without any
// restriction. Numbers from kFirstContentGrant on are for grants that depend on content.
enum class GrantId : std::uint16_t {};
inline constexpr GrantId kUnrestricted{0};
inline constexpr std::uint16_t kFirstContentGrant = 256;

inline constexpr Grant kStrictestGrant{See::no, Read::deny, Read::deny, Write::deny, With::nothing};

// Gives the number of a grant that depends on nothing else; that of the strictest one for a grant
// with `with`, which only Program::id_of() can name.
GrantId id_of(const Grant& grant) noexcept;
// Gives the grant of a number; the strictest one for a number that id_of() never gives.
Grant grant_of(GrantId id) noexcept;

// Tells whether anybody may see the bytes, but not all of them.
constexpr bool redacts(const Grant& grant) noexcept {
  return grant.read == Read::redact || grant.execute == Read::redact;
}
// Gives the stricter value of each axis. What is redacted cannot be written to.
Grant strictest_of(const Grant& a, const Grant& b) noexcept;
// Tells whether some axis of `to` is looser than the same one of `from`.
bool loosens(const Grant& from, const Grant& to) noexcept;

// The words of a policy for these.
std::string_view name(See see) noexcept;
std::string_view name(Read read) noexcept;
std::string_view name(Write write) noexcept;
std::string_view name(With with) noexcept;
std::string_view name(Log log) noexcept;
std::string_view name(Mode mode) noexcept;
std::string_view name(Axis axis) noexcept;
// Gives the word for a strictness on an axis, such as "served"; "?" out of range.
std::string_view value_name(Axis axis, std::uint8_t strictness) noexcept;

std::optional<See> see_of(std::string_view word) noexcept;
std::optional<Read> read_of(std::string_view word) noexcept;
std::optional<Write> write_of(std::string_view word) noexcept;
std::optional<With> with_of(std::string_view word) noexcept;
std::optional<Log> log_of(std::string_view word) noexcept;

// Gives the axis on which an open in `mode` is decided, and the one by which it is logged.
constexpr Axis axis_of(Mode mode) noexcept {
  return mode == Mode::read ? Axis::read : mode == Mode::write ? Axis::write : Axis::execute;
}
constexpr Axis log_axis_of(Mode mode) noexcept {
  return mode == Mode::read    ? Axis::log_read
         : mode == Mode::write ? Axis::log_write
                               : Axis::log_execute;
}

}  // namespace sluice::policy
