// SPDX-License-Identifier: MIT
// LowerHandle: the bytes of name_to_handle_at(2), which name a lower file for as long as it exists
// without keeping a descriptor open, whatever its name becomes, and never name another file: they
// hold the inode's generation.
//
// Three grades, by what the lower file system can do:
//   a real handle       names and opens the file;
//   identity only       (AT_HANDLE_FID; overlayfs by default, procfs, sysfs) names, cannot open;
//   a stand-in          made from inode number and birth time; names the file only for as long as
//                       some descriptor pins the inode.
// With the last two a descriptor must be kept per node (DescriptorCache::pin).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::mirror {

// The number of a lower mount in LowerMounts; fits in 10 bits.
enum class MountIndex : std::uint16_t {};
inline constexpr std::uint16_t kMaxMounts = 1024;

// The kernel's id of a mount: the 64-bit one that is never used twice where the kernel has it
// (6.12 and later), else the old one, which is free again once the mount is gone. The two ranges
// do not meet: unique ids start at 2^31.
enum class MountId : std::uint64_t {};

class LowerHandle {
 public:
  static constexpr std::size_t kMaxBytes = 128;  // MAX_HANDLE_SZ
  enum class Grade : std::uint8_t { real, identity_only };
  // The type of a stand-in: FILEID_INVALID, which no file system gives a handle of its own.
  static constexpr std::uint8_t kStandInType = 0xff;

  struct Read;  // what read() gives, below

  // An empty handle, which names nothing.
  LowerHandle() noexcept = default;

  // Reads the handle of `name` in `directory`, a symbolic link itself and not what it points to;
  // a mount point gives the root of what is mounted there.
  // returns a real handle, or an identity where the file system cannot do better.
  // errors  EOPNOTSUPP the file system has neither (use a stand-in); ENOENT, EACCES, ENOTDIR...
  // source  linux fs/fhandle.c do_sys_name_to_handle()
  static Result<Read> read_at(int directory, const char* name) noexcept;
  // The same for what an open descriptor, O_PATH too, refers to.
  static Result<Read> read(int fd) noexcept;

  // Makes the stand-in of a file that is pinned by a descriptor; `birth_ns` is 0 where unknown.
  static LowerHandle stand_in(std::uint64_t ino, std::uint64_t birth_ns) noexcept;

  // Puts a handle together from bytes that came by another way, such as a fanotify event.
  // errors  EINVAL more than kMaxBytes bytes, or none.
  static Result<LowerHandle> from(std::uint8_t type, Bytes bytes, Grade grade) noexcept;

  // Opens the file; O_CLOEXEC is added, O_PATH works. Needs CAP_DAC_READ_SEARCH: a thread that has
  // taken a caller's fsuid has lost it.
  // mount_fd any descriptor of the same mount that is not O_PATH.
  // errors   EOPNOTSUPP this handle only identifies; ESTALE the file is gone; EPERM no capability;
  //          and whatever open(2) says of `flags`.
  Result<Fd> open(int mount_fd, int flags) const noexcept;

  Bytes bytes() const noexcept { return Bytes{raw_.data.data(), raw_.length}; }
  std::uint8_t type() const noexcept { return static_cast<std::uint8_t>(raw_.type); }
  Grade grade() const noexcept { return grade_; }
  bool identity_only() const noexcept { return grade_ == Grade::identity_only; }
  bool empty() const noexcept { return raw_.length == 0; }
  MountIndex mount() const noexcept { return mount_; }
  // Gives the same handle with the mount it was read on.
  LowerHandle on(MountIndex mount) const noexcept;

  // The same file, seen through the same mount.
  friend bool operator==(const LowerHandle& a, const LowerHandle& b) noexcept;

 private:
  // As the kernel's struct file_handle, with room for the longest.
  struct Raw {
    std::uint32_t length = 0;
    std::int32_t type = 0;
    std::array<std::byte, kMaxBytes> data;
  };
  static Result<Read> read_with(int directory, const char* name, int flags) noexcept;

  Raw raw_;
  MountIndex mount_{};
  Grade grade_ = Grade::real;
};

struct LowerHandle::Read {
  LowerHandle handle;  // its mount() is not set yet: ask LowerMounts for the index of `mount`
  MountId mount{};
};

}  // namespace sluice::mirror
