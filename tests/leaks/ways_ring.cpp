// SPDX-License-Identifier: MIT
// Ways to the bytes by io_uring: opening, reading and asking by entries of a ring.
#include <liburing.h>

#include <array>

#include "reach.h"

namespace sluice::leaks {
namespace {

class Ring {
 public:
  Ring() : error_{-::io_uring_queue_init(8, &ring_, 0)} {}
  ~Ring() {
    if (error_ == 0) ::io_uring_queue_exit(&ring_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Runs what `prepare` puts into an entry; gives its result, negative with errno set.
  template <class Prepare>
  int run(Prepare prepare) {
    errno = error_;
    if (error_ != 0) return -1;
    prepare(::io_uring_get_sqe(&ring_));
    io_uring_cqe* done = nullptr;
    if (::io_uring_submit(&ring_) != 1 || ::io_uring_wait_cqe(&ring_, &done) != 0) return -1;
    const int result = done->res;
    ::io_uring_cqe_seen(&ring_, done);
    errno = result < 0 ? -result : 0;
    return result;
  }
  io_uring* get() { return &ring_; }

 private:
  io_uring ring_{};
  int error_;
};

using Buffer = std::array<char, kFileSize>;

Got in(const Buffer& buffer, int size) {
  if (size < 0) return failed();
  return {std::string{buffer.data(), static_cast<std::size_t>(size)}, 0};
}

Got by_ring(const Target& t) {
  Ring ring;
  const std::string path = t.path();
  const Fd fd{ring.run([&](io_uring_sqe* entry) {
    ::io_uring_prep_openat(entry, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0);
  })};
  if (!fd) return failed();
  Buffer buffer;
  const int size = ring.run([&](io_uring_sqe* entry) {
    ::io_uring_prep_read(entry, fd.get(), buffer.data(), buffer.size(), 0);
  });
  return in(buffer, size);
}

// The file never gets a number; it is opened into the ring's own table.
Got by_ring_direct(const Target& t) {
  Ring ring;
  if (::io_uring_register_files_sparse(ring.get(), 4) != 0) return {{}, EOPNOTSUPP};
  const std::string path = t.path();
  const int opened = ring.run([&](io_uring_sqe* entry) {
    ::io_uring_prep_openat_direct(entry, AT_FDCWD, path.c_str(), O_RDONLY, 0, 1);
  });
  if (opened < 0) return failed();
  Buffer buffer;
  const int size = ring.run([&](io_uring_sqe* entry) {
    ::io_uring_prep_read(entry, 1, buffer.data(), buffer.size(), 0);
    entry->flags |= IOSQE_FIXED_FILE;
  });
  return in(buffer, size);
}

Got by_ring_fixed(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    Ring ring;
    Buffer buffer;
    iovec room{buffer.data(), buffer.size()};
    if (::io_uring_register_files(ring.get(), &fd, 1) != 0) return failed();
    if (::io_uring_register_buffers(ring.get(), &room, 1) != 0) return failed();
    const int size = ring.run([&](io_uring_sqe* entry) {
      ::io_uring_prep_read_fixed(entry, 0, buffer.data(), kFileSize, 0, 0);
      entry->flags |= IOSQE_FIXED_FILE;
    });
    return in(buffer, size);
  });
}

Got by_ring_splice(const Target& t) {
  return with(t.path(), O_RDONLY, [](int fd) {
    Ring ring;
    const Pipe pipe;
    const int moved = ring.run([&](io_uring_sqe* entry) {
      ::io_uring_prep_splice(entry, fd, 0, pipe.in.get(), -1, kFileSize, 0);
    });
    return moved < 0 ? failed() : drain(pipe.out.get());
  });
}

Got by_ring_xattr(const Target& t) {
  Ring ring;
  Buffer buffer;
  const std::string path = t.path();
  const std::string name = "user." + t.secret;
  const int size = ring.run([&](io_uring_sqe* entry) {
    ::io_uring_prep_getxattr(entry, name.c_str(), buffer.data(), path.c_str(), kFileSize);
  });
  return in(buffer, size);
}

}  // namespace

std::vector<Way> ways_by_ring() {
  return {
      {"ring", by_ring},
      {"ring_direct", by_ring_direct},
      {"ring_fixed", by_ring_fixed},
      {"ring_splice", by_ring_splice},
      {"ring_xattr", by_ring_xattr},
  };
}

}  // namespace sluice::leaks
