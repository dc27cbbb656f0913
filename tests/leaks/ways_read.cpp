// SPDX-License-Identifier: MIT
// Ways to the bytes of an open file, by every call that moves bytes.
#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <array>
#include <cstdlib>

#include "reach.h"

namespace sluice::leaks {
namespace {

using Buffer = std::array<char, kFileSize>;

Got in(const Buffer& buffer, ssize_t size) {
  if (size < 0) return failed();
  return {std::string{buffer.data(), static_cast<std::size_t>(size)}, 0};
}

Got by_read(const Target& t) { return read_path(t.path()); }

Got by_pread(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    Buffer buffer;
    return in(buffer, ::pread(fd, buffer.data(), buffer.size(), 0));
  });
}

Got by_readv(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    Buffer buffer;
    std::array<iovec, 2> parts{{{buffer.data(), 100}, {buffer.data() + 100, 4000}}};
    return in(buffer, ::readv(fd, parts.data(), parts.size()));
  });
}

Got by_preadv2(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    Buffer buffer;
    iovec part{buffer.data(), buffer.size()};
    return in(buffer, ::preadv2(fd, &part, 1, 1, RWF_HIPRI));
  });
}

// Only what is in the page cache already, such as somebody else has left it.
Got by_read_from_cache(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    Buffer buffer;
    iovec part{buffer.data(), buffer.size()};
    static_cast<void>(::pread(fd, buffer.data(), buffer.size(), 0));
    return in(buffer, ::preadv2(fd, &part, 1, 0, 0));
  });
}

Got by_direct_read(const Target& t) {
  return with(t.path(), O_RDONLY | O_DIRECT, [](int fd) {
    alignas(4096) static thread_local Buffer buffer;
    return in(buffer, ::pread(fd, buffer.data(), buffer.size(), 0));
  });
}

template <int kProtection, int kFlags, int kOpen = O_RDONLY>
Got by_mapping(const Target& t) {
  return with(t.path(), kOpen, [](int fd) { return read_mapping(fd, kProtection, kFlags); });
}

Got by_advised_mapping(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    void* map = ::mmap(nullptr, kFileSize, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return failed();
    ::madvise(map, kFileSize, MADV_WILLNEED);
    ::madvise(map, kFileSize, MADV_POPULATE_READ);
    Got got = read_memory(map, kFileSize);
    ::munmap(map, kFileSize);
    return got;
  });
}

Got by_splice(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    const Pipe pipe;
    off64_t at = 0;
    if (::splice(fd, &at, pipe.in.get(), nullptr, kFileSize, 0) < 0) return failed();
    return drain(pipe.out.get());
  });
}

Got by_tee(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    const Pipe first, second;
    if (::splice(fd, nullptr, first.in.get(), nullptr, kFileSize, 0) < 0) return failed();
    if (::tee(first.out.get(), second.in.get(), kFileSize, SPLICE_F_NONBLOCK) < 0) return failed();
    return drain(second.out.get());
  });
}

Got by_sendfile_to_pipe(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    const Pipe pipe;
    off_t at = 0;
    if (::sendfile(pipe.in.get(), fd, &at, kFileSize) < 0) return failed();
    return drain(pipe.out.get());
  });
}

Got by_sendfile_to_socket(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
      return failed();
    const Fd one{ends[0]}, other{ends[1]};
    if (::sendfile(one.get(), fd, nullptr, kFileSize) < 0) return failed();
    return drain(other.get());
  });
}

Got by_sendfile_to_file(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    const Fd memory{::memfd_create("leak", MFD_CLOEXEC)};
    if (::sendfile(memory.get(), fd, nullptr, kFileSize) < 0) return failed();
    return read_from(memory.get());
  });
}

Got copied(const Target& t, const std::string& folder, off_t from, std::size_t size) {
  return with(t.path(), O_RDONLY, [&](int fd) {
    const std::string path = fresh(folder);
    const Fd copy = make_file(path);
    if (!copy) return failed();
    const ssize_t moved = ::copy_file_range(fd, &from, copy.get(), nullptr, size, 0);
    Got got = moved < 0 ? failed() : read_from(copy.get());
    ::unlink(path.c_str());
    return got;
  });
}

Got by_copying(const Target& t) { return copied(t, t.spare, 0, kFileSize); }
Got by_copying_a_part(const Target& t) { return copied(t, t.spare, 1000, 300); }
Got by_copying_out(const Target& t) { return copied(t, t.outside, 0, kFileSize); }

Got by_readahead(const Target& t) {
  return with_some(t.path(), [](int fd) {
    const int error = ::readahead(fd, 0, kFileSize) == 0 ? 0 : errno;
    Got got = read_from(fd);
    if (got.bytes.empty() && error != 0) got.error = error;
    return got;
  });
}

Got by_advice(const Target& t) {
  return with_some(t.path(), [](int fd) {
    const int error = ::posix_fadvise(fd, 0, kFileSize, POSIX_FADV_WILLNEED);
    Got got = read_from(fd);
    if (got.bytes.empty() && error != 0) got.error = error;
    return got;
  });
}

// Linux's own asynchronous I/O, older than io_uring.
Got by_aio(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    aio_context_t context = 0;
    if (::syscall(SYS_io_setup, 4, &context) != 0) return failed();
    Buffer buffer;
    iocb one{};
    one.aio_fildes = static_cast<std::uint32_t>(fd);
    one.aio_lio_opcode = IOCB_CMD_PREAD;
    one.aio_buf = reinterpret_cast<std::uintptr_t>(buffer.data());
    one.aio_nbytes = buffer.size();
    iocb* all[] = {&one};
    io_event done{};
    Got got;
    if (::syscall(SYS_io_submit, context, 1, all) != 1 ||
        ::syscall(SYS_io_getevents, context, 1, 1, &done, nullptr) != 1) {
      got = failed();
    } else {
      errno = static_cast<int>(done.res < 0 ? -done.res : 0);
      got = in(buffer, static_cast<ssize_t>(done.res));
    }
    ::syscall(SYS_io_destroy, context);
    return got;
  });
}

}  // namespace

std::vector<Way> ways_to_read() {
  return {
      {"read", by_read},
      {"pread", by_pread},
      {"readv", by_readv},
      {"preadv2", by_preadv2},
      {"read_again_from_cache", by_read_from_cache},
      {"o_direct", by_direct_read},
      {"mmap_private", by_mapping<PROT_READ, MAP_PRIVATE>},
      {"mmap_shared", by_mapping<PROT_READ, MAP_SHARED>},
      {"mmap_populated", by_mapping<PROT_READ, MAP_PRIVATE | MAP_POPULATE>},
      {"mmap_to_run", by_mapping<PROT_READ | PROT_EXEC, MAP_PRIVATE>},
      {"mmap_to_write", by_mapping<PROT_READ | PROT_WRITE, MAP_PRIVATE>},
      {"mmap_of_written", by_mapping<PROT_READ | PROT_WRITE, MAP_SHARED, O_RDWR>,
       Can::where_writable},
      {"mmap_advised", by_advised_mapping},
      {"splice", by_splice},
      {"tee", by_tee},
      {"sendfile_to_pipe", by_sendfile_to_pipe},
      {"sendfile_to_socket", by_sendfile_to_socket},
      {"sendfile_to_file", by_sendfile_to_file},
      {"copy_file_range", by_copying},
      {"copy_file_range_of_a_part", by_copying_a_part},
      {"copy_file_range_out", by_copying_out, Can::never},
      {"readahead", by_readahead},
      {"fadvise", by_advice},
      {"aio", by_aio},
  };
}

}  // namespace sluice::leaks
