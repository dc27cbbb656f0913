// SPDX-License-Identifier: MIT
#include "sluice/testkit/backing_table.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>

#include "sluice/wire/ioctls.h"
#include "sluice/wire/structs.h"

namespace sluice::testkit {
namespace {

template <class T>
T copied(const void* argument) noexcept {
  T value;
  std::memcpy(static_cast<void*>(&value), argument, sizeof(T));
  return value;
}

unsigned current_fsuid() noexcept {
  // An id that is none changes nothing and gives the present one.
  return static_cast<unsigned>(::syscall(SYS_setfsuid, -1));
}

// How deep a file system is stacked on others. source: struct super_block s_stack_depth
std::uint32_t stack_depth(int fd) noexcept {
  struct statfs stat {};
  if (::fstatfs(fd, &stat) != 0) return 0;
  switch (static_cast<unsigned long>(stat.f_type)) {
    case PROC_SUPER_MAGIC: return 2;
    case OVERLAYFS_SUPER_MAGIC: return 1;
    default: return 0;
  }
}

}  // namespace

void BackingTable::settle(bool taken, std::uint32_t max_stack_depth) {
  std::lock_guard lock{mutex_};
  taken_ = taken;
  max_stack_depth_ = profile_.shares_ids() ? max_stack_depth : 2;
}

Result<int> BackingTable::check(int fd) const {
  if (!taken_) return fail(EPERM);
  if (profile_.shares_ids() && profile_.privilege == Privilege::none) return fail(EPERM);
  struct stat stat {};
  if (::fstat(fd, &stat) != 0) return fail(EBADF);
  const bool mainline = profile_.shares_ids();
  if (S_ISDIR(stat.st_mode)) return mainline ? fail(EISDIR) : fail(EBADF);
  if (!S_ISREG(stat.st_mode)) return mainline ? fail(EINVAL) : fail(EBADF);
  if (stack_depth(fd) >= max_stack_depth_) return mainline ? fail(ELOOP) : fail(EINVAL);
  return fd;
}

Result<int> BackingTable::add(int fd) {
  TRY(check(fd));
  auto backing = std::make_shared<Backing>();
  backing->fd = TRY(own(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
  backing->fsuid = current_fsuid();
  ids_.emplace(++last_id_, std::move(backing));
  return last_id_;
}

Result<int> BackingTable::remove(std::uint32_t id) {
  if (!taken_ || profile_.privilege == Privilege::none) return fail(EPERM);
  const auto number = static_cast<std::int32_t>(id);
  if (number <= 0) return fail(EINVAL);
  if (ids_.erase(number) == 0) return fail(ENOENT);
  return 0;
}

Result<int> BackingTable::ioctl(unsigned long request, void* argument) {
  std::lock_guard lock{mutex_};
  switch (profile_.backing) {
    case BackingIoctls::none: break;
    case BackingIoctls::mainline:
      if (request == wire::kIocBackingOpen) {
        const auto map = copied<wire::BackingMap>(argument);
        if (taken_ && (map.flags != 0 || map.padding != 0)) return fail(EINVAL);
        return add(map.fd);
      }
      if (request == wire::kIocBackingClose) return remove(copied<std::uint32_t>(argument));
      break;
    case BackingIoctls::series_v8:
      if (request != wire::kIocPassthroughOpenV8) break;
      TRY(check(static_cast<int>(copied<wire::PassthroughOutV8>(argument).fd)));
      return fail(ENOENT);  // nobody here uses it: no request it could be bound to
    case BackingIoctls::android_v2:
      if (request == wire::kIocPassthroughOpenAndroidV2) {
        return add(static_cast<int>(copied<std::uint32_t>(argument)));
      }
      break;
    case BackingIoctls::series_v10:
    case BackingIoctls::series_v11:
    case BackingIoctls::android_v1: {
      const bool android = profile_.backing == BackingIoctls::android_v1;
      const unsigned long number =
          android ? wire::kIocPassthroughOpenAndroidV1 : wire::kIocPassthroughOpenV10;
      if (request != number) break;
      const auto out = copied<wire::LegacyPassthroughOut>(argument);
      if (taken_ && (out.len != 0 || out.vec != 0)) return fail(EINVAL);
      return add(static_cast<int>(out.fd));
    }
  }
  return fail(ENOTTY);
}

Result<std::shared_ptr<Backing>> BackingTable::use(BackingId id) {
  std::lock_guard lock{mutex_};
  if (raw(id) <= 0) return fail(EINVAL);
  auto found = ids_.find(raw(id));
  if (found == ids_.end()) return fail(ENOENT);
  auto backing = found->second;
  if (!profile_.shares_ids()) ids_.erase(found);
  return backing;
}

std::vector<std::int32_t> BackingTable::open_ids() const {
  std::lock_guard lock{mutex_};
  std::vector<std::int32_t> ids;
  for (const auto& [id, backing] : ids_) ids.push_back(id);
  return ids;
}

std::uint64_t BackingTable::registrations() const {
  std::lock_guard lock{mutex_};
  return static_cast<std::uint64_t>(last_id_);
}

}  // namespace sluice::testkit
