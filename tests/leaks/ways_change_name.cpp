// SPDX-License-Identifier: MIT
// Ways to change what a name stands for: to take it away, or to put something else there.
#include <liburing.h>
#include <sys/stat.h>

#include "reach.h"

namespace sluice::leaks {
namespace {

Got answer(long result) { return result < 0 ? failed() : Got{{}, 0, true, -1}; }

Got by_unlink(const Target& t) { return answer(::unlink(t.path().c_str())); }

Got by_unlink_at(const Target& t) {
  const Fd folder{::open(t.folder.c_str(), O_PATH | O_CLOEXEC)};
  return answer(::unlinkat(folder.get(), t.name.c_str(), 0));
}

Got by_unlink_and_create(const Target& t) {
  static_cast<void>(::unlink(t.path().c_str()));
  const Fd fd{::open(t.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
  return answer(fd ? 0 : -1);
}

Got by_rename_away(const Target& t) {
  return answer(::rename(t.path().c_str(), fresh(t.spare).c_str()));
}
Got by_rename_beside(const Target& t) {
  return answer(::rename(t.path().c_str(), fresh(t.folder).c_str()));
}

template <class Move>
Got with_own(const Target& t, Move move) {
  const std::string own = fresh(t.spare);
  make_file(own);
  return answer(move(own.c_str(), t.path().c_str()));
}
Got by_rename_over(const Target& t) { return with_own(t, ::rename); }
Got by_exchange(const Target& t) {
  return with_own(t, [](const char* own, const char* path) {
    return ::renameat2(AT_FDCWD, own, AT_FDCWD, path, RENAME_EXCHANGE);
  });
}
Got by_exchange_from_it(const Target& t) {
  return with_own(t, [](const char* own, const char* path) {
    return ::renameat2(AT_FDCWD, path, AT_FDCWD, own, RENAME_EXCHANGE);
  });
}
Got by_exchange_with_folder(const Target& t) {
  const std::string own = fresh(t.spare);
  ::mkdir(own.c_str(), 0777);
  return answer(::renameat2(AT_FDCWD, own.c_str(), AT_FDCWD, t.path().c_str(), RENAME_EXCHANGE));
}
Got by_whiteout(const Target& t) {
  return answer(
      ::renameat2(AT_FDCWD, t.path().c_str(), AT_FDCWD, fresh(t.spare).c_str(), RENAME_WHITEOUT));
}
Got by_link_onto(const Target& t) { return with_own(t, ::link); }
Got by_symlink_over(const Target& t) {
  const std::string own = fresh(t.spare);
  if (::symlink("nothing", own.c_str()) != 0) return failed();
  return answer(::rename(own.c_str(), t.path().c_str()));
}

Got by_link_and_write(const Target& t) {
  const std::string own = fresh(t.spare);
  if (::link(t.path().c_str(), own.c_str()) != 0) return failed();
  return with(own, O_WRONLY, [](int fd) { return answer(::write(fd, "x", 1)); });
}

// A file without a name is given one; this is how programs save at once.
Got by_nameless(const Target& t) {
  return with(t.folder, O_TMPFILE | O_RDWR, [&](int fd) {
    static_cast<void>(::unlink(t.path().c_str()));
    return answer(
        ::linkat(AT_FDCWD, by_number(fd).c_str(), AT_FDCWD, t.path().c_str(), AT_SYMLINK_FOLLOW));
  });
}

Got by_removed_folder(const Target& t) {
  static_cast<void>(::unlink(t.path().c_str()));
  return answer(::rmdir(t.folder.c_str()));
}

template <class Prepare>
Got by_ring(Prepare prepare) {
  io_uring ring{};
  if (const int made = ::io_uring_queue_init(4, &ring, 0); made < 0) return {{}, -made};
  prepare(::io_uring_get_sqe(&ring));
  io_uring_cqe* done = nullptr;
  Got got{{}, EIO};
  if (::io_uring_submit(&ring) == 1 && ::io_uring_wait_cqe(&ring, &done) == 0) {
    errno = done->res < 0 ? -done->res : 0;
    got = answer(done->res);
  }
  ::io_uring_queue_exit(&ring);
  return got;
}
Got by_ring_unlink(const Target& t) {
  const std::string path = t.path();
  return by_ring(
      [&](io_uring_sqe* entry) { ::io_uring_prep_unlinkat(entry, AT_FDCWD, path.c_str(), 0); });
}
Got by_ring_rename(const Target& t) {
  const std::string own = fresh(t.spare), path = t.path();
  make_file(own);
  return by_ring([&](io_uring_sqe* entry) {
    ::io_uring_prep_renameat(entry, AT_FDCWD, own.c_str(), AT_FDCWD, path.c_str(), 0);
  });
}

}  // namespace

std::vector<Way> ways_to_change_names() {
  return {
      {"unlink", by_unlink},
      {"unlink_at", by_unlink_at},
      {"unlink_and_create", by_unlink_and_create},
      {"rename_away", by_rename_away, Can::where_free},
      {"rename_beside", by_rename_beside, Can::where_free},
      {"rename_over", by_rename_over},
      {"exchange", by_exchange, Can::where_free},
      {"exchange_from_it", by_exchange_from_it, Can::where_free},
      {"exchange_with_folder", by_exchange_with_folder, Can::where_free},
      {"whiteout", by_whiteout, Can::where_free},
      {"link_onto", by_link_onto, Can::never},
      {"symlink_over", by_symlink_over},
      {"link_and_write", by_link_and_write, Can::where_free},
      {"nameless", by_nameless},
      {"removed_folder", by_removed_folder},
      {"ring_unlink", by_ring_unlink},
      {"ring_rename", by_ring_rename},
  };
}

const std::vector<Way>& changing_ways() {
  static const std::vector<Way> all = [] {
    std::vector<Way> some = ways_to_change();
    const auto names = ways_to_change_names();
    some.insert(some.end(), names.begin(), names.end());
    return some;
  }();
  return all;
}

}  // namespace sluice::leaks
