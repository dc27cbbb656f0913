// SPDX-License-Identifier: MIT
#include "sluice/content/version.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <cstring>
#include <string_view>

namespace sluice::content {
namespace {

std::int64_t nanoseconds(const struct statx_timestamp& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<Version> Version::of(int fd) noexcept {
  struct statx stat {};
  constexpr unsigned kWanted = STATX_BASIC_STATS;
  if (::statx(fd, "", AT_EMPTY_PATH, kWanted, &stat) != 0) return fail_last();
  if (!S_ISREG(stat.stx_mode)) return fail(EINVAL);
  Version version;
  version.device_ = ::makedev(stat.stx_dev_major, stat.stx_dev_minor);
  version.inode_ = stat.stx_ino;
  version.size_ = stat.stx_size;
  version.modified_ = nanoseconds(stat.stx_mtime);
  version.changed_ = nanoseconds(stat.stx_ctime);

  struct statfs filesystem {};
  if (::fstatfs(fd, &filesystem) == 0) {
    static_assert(sizeof filesystem.f_fsid == sizeof version.filesystem_);
    std::memcpy(&version.filesystem_, &filesystem.f_fsid, sizeof version.filesystem_);
  }
  union {
    file_handle head;
    std::array<std::byte, sizeof(file_handle) + kLongestHandle> room;
  } handle{};
  handle.head.handle_bytes = kLongestHandle;
  int mount = 0;
  if (::name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH) == 0 &&
      handle.head.handle_bytes <= kLongestHandle) {
    version.handle_type_ = handle.head.handle_type;
    version.handle_length_ = handle.head.handle_bytes;
    std::memcpy(version.handle_.data(), handle.room.data() + sizeof(file_handle),
                handle.head.handle_bytes);
  }
  return version;
}

bool Version::settled(std::chrono::system_clock::time_point now) const noexcept {
  using std::chrono::nanoseconds;
  constexpr std::int64_t kSecond = nanoseconds{std::chrono::seconds{1}}.count();
  const nanoseconds grain = changed_ % kSecond == 0 ? kCoarseGrain : kGrain;
  const auto clock = std::chrono::duration_cast<nanoseconds>(now.time_since_epoch()).count();
  return changed_ < clock - grain.count();
}

std::vector<std::byte> Version::key() const {
  std::vector<std::byte> key;
  const auto put = [&](const auto& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    key.insert(key.end(), bytes, bytes + sizeof value);
  };
  put(filesystem_);
  // Where there is a handle it says more than the number, and device numbers change from boot to
  // boot.
  if (!persistent()) put(device_);
  put(inode_);
  put(size_);
  put(modified_);
  put(changed_);
  put(handle_type_);
  put(handle_length_);
  key.insert(key.end(), handle_.begin(), handle_.begin() + handle_length_);
  return key;
}

std::size_t Version::hash() const noexcept {
  std::uint64_t mixed = 0x9e3779b97f4a7c15;
  for (const std::uint64_t part :
       {filesystem_, inode_, size_, static_cast<std::uint64_t>(modified_),
        static_cast<std::uint64_t>(changed_)}) {
    mixed = (mixed ^ part) * 0xff51afd7ed558ccd;
    mixed ^= mixed >> 32;
  }
  return mixed;
}

}  // namespace sluice::content
