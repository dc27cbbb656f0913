// SPDX-License-Identifier: MIT
// One decision as it is recorded: of a fixed size and without pointers, so that noting it costs a
// copy, and whoever reads it later needs nothing of the request. What the numbers mean in words is
// known by those who made the decision; this room only carries them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace sluice::observe {

struct Record {
  static constexpr std::size_t kMaxPath = 416;
  static constexpr std::uint32_t kNoRule = 0xffffffff;

  std::uint64_t when = 0;         // nanoseconds since the epoch
  std::uint64_t file = 0;         // the inode number that people see
  std::uint32_t nanoseconds = 0;  // how long deciding took
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t pid = 0;          // 0: in a namespace that the daemon does not see
  std::int32_t error = 0;         // errno of the answer; 0 for none
  std::uint16_t subject = 0;
  std::uint16_t opcode = 0;
  std::uint8_t mode = 0;
  std::uint8_t see = 0;
  std::uint8_t read = 0;
  std::uint8_t execute = 0;
  std::uint8_t write = 0;
  std::uint8_t log = 0;
  std::uint8_t face = 0;
  std::uint8_t path_cut = 0;      // 1: the path was longer, and its beginning is missing
  std::array<std::uint32_t, 4> rules{kNoRule, kNoRule, kNoRule, kNoRule};  // see, read, execute, write
  std::uint32_t spare = 0;
  std::uint32_t path_length = 0;
  std::array<char, kMaxPath> path_bytes{};

  // Keeps the path, or of one that is too long its end.
  void set_path(std::string_view path) noexcept;
  // Borrowed from the record.
  std::string_view path() const noexcept;
};
static_assert(std::is_trivially_copyable_v<Record>);
static_assert(sizeof(Record) == 488);

}  // namespace sluice::observe
