// SPDX-License-Identifier: MIT
// Which version of which lower file: what is known of one is never taken for another's. A version
// is the file by its handle, its size and its times; whatever writes to a file changes these, but
// for what happens within the grain of the clock that times are taken from.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

namespace sluice::content {

class Version {
 public:
  // A change that is as recent as this may not be the last one with this time.
  // source: linux fs/inode.c current_time(), kernel/time/timekeeping.c: a tick, at most 10 ms
  static constexpr std::chrono::milliseconds kGrain{50};
  // The same where the file system keeps whole seconds, as an ext4 with small inodes does, or every
  // other one, as FAT does. Which it is, is told by the time itself.
  static constexpr std::chrono::milliseconds kCoarseGrain{2050};

  Version() noexcept = default;

  // Gives that of a regular file. fd: may be O_PATH
  // errors  those of statx(2); EINVAL it is none.
  static Result<Version> of(int fd) noexcept;

  std::uint64_t size() const noexcept { return size_; }
  // Tells whether the file was last changed long enough before `now`, so that a later change shows.
  bool settled(std::chrono::system_clock::time_point now) const noexcept;
  // Tells whether the file is known by what outlives a boot: its file system's own number and a
  // handle.
  bool persistent() const noexcept { return handle_length_ != 0 && filesystem_ != 0; }

  // Gives bytes that are the same for the same version and no other, whichever process asks.
  std::vector<std::byte> key() const;
  std::size_t hash() const noexcept;

  friend bool operator==(const Version&, const Version&) noexcept = default;

 private:
  static constexpr std::size_t kLongestHandle = 128;

  std::uint64_t filesystem_ = 0;  // f_fsid
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  std::uint64_t size_ = 0;
  std::int64_t modified_ = 0;  // ns since the epoch
  std::int64_t changed_ = 0;   // likewise
  std::int32_t handle_type_ = 0;
  std::uint32_t handle_length_ = 0;
  std::array<std::byte, kLongestHandle> handle_{};
};

struct VersionHash {
  std::size_t operator()(const Version& version) const noexcept { return version.hash(); }
};

}  // namespace sluice::content
