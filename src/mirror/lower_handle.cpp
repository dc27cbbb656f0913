// SPDX-License-Identifier: MIT
#include "sluice/mirror/lower_handle.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace sluice::mirror {
namespace {

// Newer than the system's headers. source: linux include/uapi/linux/fcntl.h
constexpr int kMountIdUnique = 0x1;   // AT_HANDLE_MNT_ID_UNIQUE, 6.12
constexpr int kIdentityOnly = 0x200;  // AT_HANDLE_FID, 6.5

// A kernel that does not know kMountIdUnique answers EINVAL; then nobody needs to ask again.
std::atomic<bool> unique_mount_ids{true};

long name_to_handle(int directory, const char* name, void* handle, MountId& mount,
                    int flags) noexcept {
  if (unique_mount_ids.load(std::memory_order_relaxed)) {
    std::uint64_t id = 0;
    const long got = ::syscall(SYS_name_to_handle_at, directory, name, handle, &id,
                               flags | kMountIdUnique);
    if (got == 0) mount = MountId{id};
    if (got == 0 || errno != EINVAL) return got;
  }
  int id = 0;
  const long got = ::syscall(SYS_name_to_handle_at, directory, name, handle, &id, flags);
  if (got != 0) return got;
  // It was the flag that was refused, and not the rest of the call.
  unique_mount_ids.store(false, std::memory_order_relaxed);
  mount = MountId{static_cast<std::uint64_t>(static_cast<unsigned>(id))};
  return 0;
}

}  // namespace

Result<LowerHandle::Read> LowerHandle::read_with(int directory, const char* name,
                                                 int flags) noexcept {
  Read out;
  Raw& raw = out.handle.raw_;
  for (Grade grade : {Grade::real, Grade::identity_only}) {
    raw.length = kMaxBytes;
    const int extra = grade == Grade::identity_only ? kIdentityOnly : 0;
    if (name_to_handle(directory, name, &raw, out.mount, flags | extra) == 0) {
      if (raw.length == 0 || raw.length > kMaxBytes) return fail(EOPNOTSUPP);
      // Types are one byte so far; a wider one cannot be kept, so it is as good as none.
      if (raw.type < 0 || raw.type >= kStandInType) return fail(EOPNOTSUPP);
      out.handle.grade_ = grade;
      return out;
    }
    // EOVERFLOW: the handle is longer than any may be, or the file system has none of this sort.
    const bool lacking = errno == EOPNOTSUPP || errno == EOVERFLOW;
    const bool unknown = grade == Grade::identity_only && errno == EINVAL;
    if (!lacking && !unknown) return fail_last();
  }
  return fail(EOPNOTSUPP);
}

Result<LowerHandle::Read> LowerHandle::read_at(int directory, const char* name) noexcept {
  return read_with(directory, name, 0);
}

Result<LowerHandle::Read> LowerHandle::read(int fd) noexcept {
  return read_with(fd, "", AT_EMPTY_PATH);
}

LowerHandle LowerHandle::stand_in(std::uint64_t ino, std::uint64_t birth_ns) noexcept {
  LowerHandle out;
  out.raw_.length = 16;
  out.raw_.type = kStandInType;
  std::memcpy(out.raw_.data.data(), &ino, 8);
  std::memcpy(out.raw_.data.data() + 8, &birth_ns, 8);
  out.grade_ = Grade::identity_only;
  return out;
}

Result<LowerHandle> LowerHandle::from(std::uint8_t type, Bytes bytes, Grade grade) noexcept {
  if (bytes.empty() || bytes.size() > kMaxBytes) return fail(EINVAL);
  LowerHandle out;
  out.raw_.length = static_cast<std::uint32_t>(bytes.size());
  out.raw_.type = type;
  std::memcpy(out.raw_.data.data(), bytes.data(), bytes.size());
  out.grade_ = grade;
  return out;
}

Result<Fd> LowerHandle::open(int mount_fd, int flags) const noexcept {
  if (identity_only() || empty()) return fail(EOPNOTSUPP);
  Raw copy = raw_;  // the call takes a pointer to what it could write to
  return own(static_cast<int>(retry_interrupted([&] {
    return ::syscall(SYS_open_by_handle_at, mount_fd, &copy, flags | O_CLOEXEC);
  })));
}

LowerHandle LowerHandle::on(MountIndex mount) const noexcept {
  LowerHandle out = *this;
  out.mount_ = mount;
  return out;
}

bool operator==(const LowerHandle& a, const LowerHandle& b) noexcept {
  return a.mount_ == b.mount_ && a.grade_ == b.grade_ && a.raw_.type == b.raw_.type &&
         std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace sluice::mirror
