// SPDX-License-Identifier: MIT
// Ways to find out whether a name is there: by an answer, by a listing, by what is in the way of
// something new. On names that are seen each of them tells.
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <dirent.h>
#include <liburing.h>

#include <cstring>

#include "reach.h"

namespace sluice::leaks {
namespace {

// Nothing but the answer of one call.
Got answer(long result) { return result < 0 ? failed() : Got{{}, 0, true, -1}; }

template <int kFlags>
Got by_open(const Target& t) {
  const Fd fd{::open(t.path().c_str(), kFlags | O_CLOEXEC | O_NONBLOCK, 0666)};
  return answer(fd ? 0 : -1);
}

template <int kFlags>
Got by_statx(const Target& t) {
  struct statx stat {};
  return answer(::statx(AT_FDCWD, t.path().c_str(), kFlags, STATX_BASIC_STATS, &stat));
}

template <int kMode>
Got by_access(const Target& t) {
  return answer(::faccessat(AT_FDCWD, t.path().c_str(), kMode, 0));
}

Got by_stat_after(const Target& t, const char* tail) {
  struct stat stat {};
  return answer(::stat((t.path() + tail).c_str(), &stat));
}
Got by_slash(const Target& t) { return by_stat_after(t, "/"); }
Got by_dot(const Target& t) { return by_stat_after(t, "/."); }
Got by_dots(const Target& t) { return by_stat_after(t, "/../"); }

Got by_statfs(const Target& t) {
  struct statfs stat {};
  return answer(::statfs(t.path().c_str(), &stat));
}

Got by_readlink(const Target& t) {
  char room[64];
  return answer(::readlink(t.path().c_str(), room, sizeof room));
}

Got by_handle(const Target& t) {
  alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ];
  auto* handle = reinterpret_cast<file_handle*>(room);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  return answer(::name_to_handle_at(AT_FDCWD, t.path().c_str(), handle, &mount, 0x200));
}

Got by_mkdir(const Target& t) { return answer(::mkdir(t.path().c_str(), 0777)); }
Got by_mkfifo(const Target& t) { return answer(::mkfifo(t.path().c_str(), 0666)); }
Got by_symlink_onto(const Target& t) { return answer(::symlink("x", t.path().c_str())); }
Got by_binding_a_socket(const Target& t) {
  const Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, t.path().c_str(), sizeof address.sun_path - 1);
  return answer(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
}
Got by_connecting(const Target& t) {
  const Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, t.path().c_str(), sizeof address.sun_path - 1);
  return answer(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
}

// Does something with a file of one's own and the name.
template <class Use>
Got with_own(const Target& t, Use use) {
  const std::string own = fresh(t.spare);
  make_file(own);
  const Got got = answer(use(own.c_str(), t.path().c_str()));
  ::unlink(own.c_str());
  return got;
}
Got by_link_onto(const Target& t) { return with_own(t, ::link); }
Got by_rename_if_absent(const Target& t) {
  return with_own(t, [](const char* own, const char* path) {
    return ::renameat2(AT_FDCWD, own, AT_FDCWD, path, RENAME_NOREPLACE);
  });
}
Got by_exchange(const Target& t) {
  return with_own(t, [](const char* own, const char* path) {
    return ::renameat2(AT_FDCWD, own, AT_FDCWD, path, RENAME_EXCHANGE);
  });
}
Got by_folder_onto(const Target& t) {
  const std::string own = fresh(t.spare);
  ::mkdir(own.c_str(), 0777);
  return answer(::rename(own.c_str(), t.path().c_str()));
}
Got by_rename_away(const Target& t) {
  return answer(::rename(t.path().c_str(), fresh(t.spare).c_str()));
}
Got by_link_from(const Target& t) {
  return answer(::link(t.path().c_str(), fresh(t.spare).c_str()));
}
Got by_symlink_to(const Target& t) {
  const std::string own = fresh(t.spare);
  if (::symlink(t.path().c_str(), own.c_str()) != 0) return failed();
  struct stat stat {};
  return answer(::stat(own.c_str(), &stat));
}
Got by_unlink(const Target& t) { return answer(::unlink(t.path().c_str())); }
Got by_rmdir(const Target& t) { return answer(::rmdir(t.path().c_str())); }
Got by_truncate(const Target& t) { return answer(::truncate(t.path().c_str(), 1)); }
Got by_chmod(const Target& t) { return answer(::chmod(t.path().c_str(), 0640)); }
Got by_chown(const Target& t) { return answer(::lchown(t.path().c_str(), 0, 0)); }
Got by_times(const Target& t) { return answer(::utimes(t.path().c_str(), nullptr)); }
Got by_chdir(const Target& t) { return answer(::chdir(t.path().c_str())); }
Got by_chroot(const Target& t) { return answer(::chroot(t.path().c_str())); }
Got by_umount(const Target& t) { return answer(::umount2(t.path().c_str(), UMOUNT_NOFOLLOW)); }
Got by_getxattr(const Target& t) {
  return answer(::getxattr(t.path().c_str(), "user.none", nullptr, 0));
}
Got by_acl(const Target& t) {
  return answer(::getxattr(t.path().c_str(), "system.posix_acl_access", nullptr, 0));
}
Got by_capability(const Target& t) {
  return answer(::getxattr(t.path().c_str(), "security.capability", nullptr, 0));
}
Got by_listxattr(const Target& t) { return answer(::listxattr(t.path().c_str(), nullptr, 0)); }
Got by_setxattr(const Target& t) {
  return answer(::setxattr(t.path().c_str(), "user.mine", "1", 1, 0));
}
Got by_removexattr(const Target& t) { return answer(::removexattr(t.path().c_str(), "user.none")); }
Got by_running(const Target& t) {
  char* const words[] = {nullptr};
  char* const nothing[] = {nullptr};
  return answer(::execve((t.path() + "/").c_str(), words, nothing));
}
Got by_watching(const Target& t) {
  const Fd watch{::inotify_init1(IN_CLOEXEC)};
  return answer(::inotify_add_watch(watch.get(), t.path().c_str(), IN_ACCESS));
}
Got by_ring(const Target& t) {
  io_uring ring{};
  if (const int made = ::io_uring_queue_init(4, &ring, 0); made < 0) return {{}, -made};
  struct statx stat {};
  const std::string path = t.path();
  ::io_uring_prep_statx(::io_uring_get_sqe(&ring), AT_FDCWD, path.c_str(), 0, STATX_SIZE, &stat);
  io_uring_cqe* done = nullptr;
  Got got{{}, EIO};
  if (::io_uring_submit(&ring) == 1 && ::io_uring_wait_cqe(&ring, &done) == 0) {
    errno = done->res < 0 ? -done->res : 0;
    got = answer(done->res);
  }
  ::io_uring_queue_exit(&ring);
  return got;
}

Got by_listing(const Target& t) {
  DIR* dir = ::opendir(t.folder.c_str());
  if (dir == nullptr) return failed();
  Got got;
  while (const dirent* entry = ::readdir(dir)) got.told = got.told || t.name == entry->d_name;
  ::closedir(dir);
  return got;
}

// A name that is left out must not be counted either.
Got by_count(const Target& t) {
  DIR* dir = ::opendir(t.folder.c_str());
  if (dir == nullptr) return failed();
  Got got;
  int names = 0;
  while (::readdir(dir) != nullptr) ++names;
  got.told = names > 2;
  ::closedir(dir);
  return got;
}

}  // namespace

const std::vector<Way>& seeing_ways() {
  constexpr Can kWork = Can::work;
  constexpr Runs kAlone = Runs::alone;
  static const std::vector<Way> all{
      {"statx", by_statx<0>},
      {"statx_of_what_is_kept", by_statx<AT_STATX_DONT_SYNC>},
      {"statx_anew", by_statx<AT_STATX_FORCE_SYNC>},
      {"lstat", by_statx<AT_SYMLINK_NOFOLLOW>},
      {"access", by_access<F_OK>},
      {"access_to_read", by_access<R_OK>},
      {"access_to_run", by_access<X_OK>},
      {"stat_slash", by_slash},
      {"stat_dot", by_dot},
      {"stat_dots", by_dots},
      {"statfs", by_statfs},
      {"readlink", by_readlink},
      {"handle", by_handle},
      {"open", by_open<O_RDONLY>},
      {"open_to_write", by_open<O_WRONLY>},
      {"open_path", by_open<O_PATH>},
      {"open_directory", by_open<O_RDONLY | O_DIRECTORY>},
      {"open_nofollow", by_open<O_RDONLY | O_NOFOLLOW>},
      {"create_exclusively", by_open<O_RDWR | O_CREAT | O_EXCL>},
      {"mkdir", by_mkdir},
      {"mkfifo", by_mkfifo},
      {"symlink_onto", by_symlink_onto},
      {"bind_a_socket", by_binding_a_socket},
      {"connect", by_connecting},
      {"link_onto", by_link_onto},
      {"rename_if_absent", by_rename_if_absent},
      {"rename_exchange", by_exchange},
      {"rename_folder_onto", by_folder_onto},
      {"rename_away", by_rename_away},
      {"link_from", by_link_from},
      {"symlink_to", by_symlink_to},
      {"unlink", by_unlink},
      {"rmdir", by_rmdir},
      {"truncate", by_truncate},
      {"chmod", by_chmod},
      {"chown", by_chown},
      {"utimes", by_times},
      {"getxattr", by_getxattr},
      {"acl", by_acl},
      {"capability", by_capability},
      {"listxattr", by_listxattr},
      {"setxattr", by_setxattr},
      {"removexattr", by_removexattr},
      {"inotify", by_watching},
      {"ring_statx", by_ring},
      {"listing", by_listing},
      {"number_of_names", by_count},
      {"chdir", by_chdir, kWork, kAlone},
      {"chroot", by_chroot, kWork, kAlone},
      {"umount", by_umount, kWork, kAlone},
      {"execve", by_running, kWork, kAlone},
  };
  return all;
}

}  // namespace sluice::leaks
