// SPDX-License-Identifier: MIT
// Ways to change the bytes of a file, or what is noted beside them.
#include <liburing.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include <cstring>

#include "reach.h"

namespace sluice::leaks {
namespace {

constexpr std::string_view kMine = "changed by somebody who may not";

Got answer(long result) { return result < 0 ? failed() : Got{{}, 0, true, -1}; }
Got write_to(int fd) { return answer(::write(fd, kMine.data(), kMine.size())); }

template <int kFlags>
Got by_open(const Target& t) {
  return with(t.path(), kFlags, write_to);
}
// The change is the opening.
template <int kFlags>
Got by_mere_open(const Target& t) {
  return with(t.path(), kFlags, [](int) { return answer(0); });
}

Got by_truncate(const Target& t) { return answer(::truncate(t.path().c_str(), 3)); }
Got by_ftruncate(const Target& t) {
  return with(t.path(), O_RDWR, [](int fd) { return answer(::ftruncate(fd, 3)); });
}
Got by_truncating_a_number(const Target& t) {
  return with_some(t.path(), [](int fd) { return answer(::truncate(by_number(fd).c_str(), 3)); });
}
Got by_pwritev(const Target& t) {
  return with(t.path(), O_WRONLY, [](int fd) {
    iovec part{const_cast<char*>(kMine.data()), kMine.size()};
    return answer(::pwritev2(fd, &part, 1, 9, RWF_APPEND));
  });
}
Got by_direct_write(const Target& t) {
  return with(t.path(), O_WRONLY | O_DIRECT, [](int fd) {
    alignas(4096) char block[4096] = {'x'};
    return answer(::pwrite(fd, block, sizeof block, 0));
  });
}

Got by_mapping(const Target& t) {
  return with(t.path(), O_RDWR, [](int fd) {
    void* map = ::mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return failed();
    std::memcpy(map, kMine.data(), kMine.size());
    const Got got = answer(::msync(map, kFileSize, MS_SYNC));
    ::munmap(map, kFileSize);
    return got;
  });
}
// A mapping that was made to read, and is then to be written.
Got by_mapping_turned(const Target& t) {
  return with_some(t.path(), [](int fd) {
    void* map = ::mmap(nullptr, kFileSize, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return failed();
    const Got got = answer(::mprotect(map, kFileSize, PROT_READ | PROT_WRITE));
    if (got.error == 0) std::memcpy(map, kMine.data(), kMine.size());
    ::munmap(map, kFileSize);
    return got;
  });
}

template <int kMode>
Got by_fallocate(const Target& t) {
  return with(t.path(), O_RDWR, [](int fd) { return answer(::fallocate(fd, kMode, 4096, 8192)); });
}

// Moves bytes of one's own file into it.
template <class Move>
Got from_own(const Target& t, Move move) {
  return with(t.path(), O_WRONLY, [&](int fd) {
    const std::string own = fresh(t.spare);
    const Fd source = make_file(own);
    static_cast<void>(write_to(source.get()));
    ::lseek(source.get(), 0, SEEK_SET);
    const Got got = answer(move(source.get(), fd));
    ::unlink(own.c_str());
    return got;
  });
}
Got by_copying(const Target& t) {
  return from_own(t, [](int own, int fd) {
    return ::copy_file_range(own, nullptr, fd, nullptr, kMine.size(), 0);
  });
}
Got by_sendfile(const Target& t) {
  return from_own(t, [](int own, int fd) { return ::sendfile(fd, own, nullptr, kMine.size()); });
}
Got by_splice(const Target& t) {
  return from_own(t, [](int own, int fd) -> ssize_t {
    const Pipe pipe;
    if (::splice(own, nullptr, pipe.in.get(), nullptr, kMine.size(), 0) < 0) return -1;
    return ::splice(pipe.out.get(), nullptr, fd, nullptr, kMine.size(), 0);
  });
}
Got by_clone(const Target& t) {
  return from_own(t, [](int own, int fd) { return ::ioctl(fd, FICLONE, own); });
}

Got by_aio(const Target& t) {
  return with(t.path(), O_WRONLY, [](int fd) {
    aio_context_t context = 0;
    if (::syscall(SYS_io_setup, 1, &context) != 0) return failed();
    iocb one{};
    one.aio_fildes = static_cast<std::uint32_t>(fd);
    one.aio_lio_opcode = IOCB_CMD_PWRITE;
    one.aio_buf = reinterpret_cast<std::uintptr_t>(kMine.data());
    one.aio_nbytes = kMine.size();
    iocb* all[] = {&one};
    io_event done{};
    Got got = answer(::syscall(SYS_io_submit, context, 1, all));
    if (got.error == 0) got = answer(::syscall(SYS_io_getevents, context, 1, 1, &done, nullptr));
    ::syscall(SYS_io_destroy, context);
    return got;
  });
}

Got by_ring(const Target& t) {
  io_uring ring{};
  if (const int made = ::io_uring_queue_init(4, &ring, 0); made < 0) return {{}, -made};
  const auto run = [&](auto prepare) -> long {
    prepare(::io_uring_get_sqe(&ring));
    io_uring_cqe* done = nullptr;
    if (::io_uring_submit(&ring) != 1 || ::io_uring_wait_cqe(&ring, &done) != 0) return -1;
    const int result = done->res;
    ::io_uring_cqe_seen(&ring, done);
    errno = result < 0 ? -result : 0;
    return result;
  };
  const std::string path = t.path();
  Got got = answer(run([&](io_uring_sqe* entry) {
    ::io_uring_prep_openat(entry, AT_FDCWD, path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC, 0);
  }));
  ::io_uring_queue_exit(&ring);
  return got;
}

// Descriptors that others passed, or that were opened to read, as a way to write.
Got by_reopening(const Target& t) {
  return with_some(t.path(), [](int fd) { return with(by_number(fd), O_WRONLY, write_to); });
}
Got by_reopening_a_path(const Target& t) {
  return with(t.path(), O_PATH, [](int fd) {
    Got got = with(by_number(fd), O_RDWR, write_to);
    return got.error == 0 ? got : with(by_number(fd), O_RDWR | O_TRUNC, write_to);
  });
}
Got by_reopening_passed(const Target& t) {
  if (t.passed < 0) return {{}, EBADF};
  Got got = with(by_number(t.passed), O_WRONLY, write_to);
  return got.error == 0 ? got : with(by_number(t.passed), O_WRONLY, write_to);
}
Got by_truncating_passed(const Target& t) {
  if (t.passed < 0) return {{}, EBADF};
  return answer(::truncate(by_number(t.passed).c_str(), 1));
}

Got by_chmod(const Target& t) { return answer(::chmod(t.path().c_str(), 0600)); }
Got by_fchmod(const Target& t) {
  return with_some(t.path(), [](int fd) {
    return ::fchmod(fd, 0600) == 0 ? answer(0) : answer(::chmod(by_number(fd).c_str(), 0600));
  });
}
Got by_fchmod_passed(const Target& t) { return answer(::fchmod(t.passed, 0600)); }
Got by_chown(const Target& t) { return answer(::chown(t.path().c_str(), 4242, 4242)); }
Got by_chown_of_path(const Target& t) {
  return with(t.path(), O_PATH,
              [](int fd) { return answer(::fchownat(fd, "", 4242, 4242, AT_EMPTY_PATH)); });
}
Got by_times(const Target& t) {
  const timespec times[2] = {{1000, 0}, {1000, 0}};
  return answer(::utimensat(AT_FDCWD, t.path().c_str(), times, 0));
}
Got by_times_of_descriptor(const Target& t) {
  return with_some(t.path(), [](int fd) {
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    return answer(::utimensat(AT_FDCWD, by_number(fd).c_str(), times, 0));
  });
}
Got by_times_of_passed(const Target& t) {
  const timespec times[2] = {{1000, 0}, {1000, 0}};
  return answer(::futimens(t.passed, times));
}

Got by_xattr(const Target& t) {
  return answer(::setxattr(t.path().c_str(), "user.mine", "1", 1, 0));
}
Got by_xattr_over(const Target& t) {
  return answer(::setxattr(t.path().c_str(), ("user." + t.secret).c_str(), "1", 1, 0));
}
Got by_xattr_of_passed(const Target& t) {
  return answer(::fsetxattr(t.passed, "user.mine", "1", 1, 0));
}
Got by_xattr_removed(const Target& t) {
  return answer(::removexattr(t.path().c_str(), ("user." + t.secret).c_str()));
}
Got by_acl(const Target& t) {
  // Version 2, then the owner, the group, the mask and others with nothing, and user 4242 with all.
  struct Entry {
    std::uint16_t tag, permissions;
    std::uint32_t id;
  };
  struct {
    std::uint32_t version = 2;
    Entry entries[5] = {{1, 6, ~0U}, {2, 7, 4242}, {4, 4, ~0U}, {0x10, 7, ~0U}, {0x20, 0, ~0U}};
  } acl;
  return answer(::setxattr(t.path().c_str(), "system.posix_acl_access", &acl, sizeof acl, 0));
}
Got by_capability(const Target& t) {
  const std::uint32_t none[5] = {0x02000000, 0, 0, 0, 0};
  return answer(::setxattr(t.path().c_str(), "security.capability", none, sizeof none, 0));
}

Got by_flags(const Target& t) {
  return with_some(t.path(), [](int fd) {
    const int flags = FS_NODUMP_FL | FS_NOATIME_FL;
    return answer(::ioctl(fd, FS_IOC_SETFLAGS, &flags));
  });
}
Got by_extended_flags(const Target& t) {
  return with_some(t.path(), [](int fd) {
    struct fsxattr wanted {};
    wanted.fsx_xflags = FS_XFLAG_NODUMP;
    return answer(::ioctl(fd, FS_IOC_FSSETXATTR, &wanted));
  });
}
Got by_flags_of_passed(const Target& t) {
  const int flags = FS_NODUMP_FL;
  return answer(::ioctl(t.passed, FS_IOC_SETFLAGS, &flags));
}

}  // namespace

std::vector<Way> ways_to_change() {
  return {
      {"write", by_open<O_WRONLY>},
      {"write_and_read", by_open<O_RDWR>},
      {"append", by_open<O_WRONLY | O_APPEND>},
      {"write_synchronously", by_open<O_WRONLY | O_DSYNC>},
      {"create_over", by_open<O_WRONLY | O_CREAT | O_TRUNC>},
      {"open_and_truncate", by_mere_open<O_WRONLY | O_TRUNC>},
      {"open_to_read_and_truncate", by_mere_open<O_RDONLY | O_TRUNC>},
      {"open_mode_three_and_truncate", by_mere_open<O_ACCMODE | O_TRUNC>},
      {"truncate", by_truncate},
      {"ftruncate", by_ftruncate},
      {"truncate_a_number", by_truncating_a_number},
      {"pwritev2", by_pwritev},
      {"direct_write", by_direct_write},
      {"mmap_shared", by_mapping},
      {"mprotect", by_mapping_turned, Can::never},
      {"fallocate", by_fallocate<0>},
      {"punch_hole", by_fallocate<FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE>},
      {"zero_range", by_fallocate<FALLOC_FL_ZERO_RANGE>},
      {"collapse_range", by_fallocate<FALLOC_FL_COLLAPSE_RANGE>, Can::never},
      {"copy_file_range_into", by_copying},
      {"sendfile_into", by_sendfile},
      {"splice_into", by_splice},
      {"clone_into", by_clone, Can::never},
      {"aio", by_aio},
      {"ring_open_and_truncate", by_ring},
      {"reopen", by_reopening},
      {"reopen_path", by_reopening_a_path},
      {"reopen_passed", by_reopening_passed, Can::where_alike},
      {"truncate_passed", by_truncating_passed},
      {"chmod", by_chmod},
      {"fchmod", by_fchmod},
      {"fchmod_passed", by_fchmod_passed},
      {"chown", by_chown},
      {"chown_of_path", by_chown_of_path},
      {"utimensat", by_times},
      {"times_of_descriptor", by_times_of_descriptor},
      {"times_of_passed", by_times_of_passed},
      {"setxattr", by_xattr},
      {"setxattr_over", by_xattr_over},
      {"setxattr_of_passed", by_xattr_of_passed},
      {"removexattr", by_xattr_removed},
      {"acl", by_acl},
      {"capability", by_capability},
      {"flags", by_flags},
      {"extended_flags", by_extended_flags},
      {"flags_of_passed", by_flags_of_passed, Can::where_alike},
  };
}

}  // namespace sluice::leaks
