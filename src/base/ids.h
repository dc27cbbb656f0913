// SPDX-License-Identifier: MIT
// Numbers that must not be mistaken for one another. Each is an enum class over the width that
// the protocol or the kernel gives it; `raw()` is the only way back to a bare integer.
#pragma once

#include <cstdint>
#include <type_traits>

namespace sluice {

// What the kernel calls a nodeid. 1 is the root; 0 in an answer to LOOKUP means "no such name".
enum class NodeId : std::uint64_t {};
inline constexpr NodeId kRoot{1};
inline constexpr NodeId kNoNode{0};

// What OPEN, CREATE and OPENDIR answered, given back by every later request on that open file.
enum class FileHandle : std::uint64_t {};

// Names one request from its arrival to its reply. Bit 0 marks an INTERRUPT, bit 63 a resend.
enum class Unique : std::uint64_t {};

// Who asks for a lock, as the kernel obscures it. source: linux fs/fuse/file.c fuse_lock_owner_id()
enum class LockOwner : std::uint64_t {};

// A lower descriptor registered with the kernel; above 0, and 0 for none.
enum class BackingId : std::int32_t {};
inline constexpr BackingId kNoBacking{0};

enum class Uid : std::uint32_t {};
enum class Gid : std::uint32_t {};
// A thread id in the pid namespace the mount was made in; 0 where it is not visible there.
enum class Pid : std::uint32_t {};

template <class Id>
  requires std::is_enum_v<Id>
constexpr auto raw(Id id) noexcept {
  return static_cast<std::underlying_type_t<Id>>(id);
}

}  // namespace sluice
