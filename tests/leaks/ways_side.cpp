// SPDX-License-Identifier: MIT
// Ways to learn of what is in a file without reading it: attributes, holes, extents, flags, clones.
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <cstring>

#include "reach.h"

namespace sluice::leaks {
namespace {

using Room = std::array<char, 4096>;

Got in(const Room& room, ssize_t size) {
  if (size < 0) return failed();
  return {std::string{room.data(), static_cast<std::size_t>(size)}, 0};
}

Got xattr_of(const Target& t, const char* space) {
  Room room;
  return in(room,
            ::lgetxattr(t.path().c_str(), (space + t.secret).c_str(), room.data(), room.size()));
}
Got by_user_xattr(const Target& t) { return xattr_of(t, "user."); }
Got by_trusted_xattr(const Target& t) { return xattr_of(t, "trusted."); }
Got by_security_xattr(const Target& t) { return xattr_of(t, "security."); }

Got by_xattr_names(const Target& t) {
  Room room;
  return in(room, ::llistxattr(t.path().c_str(), room.data(), room.size()));
}

Got by_xattr_of_descriptor(const Target& t) {
  return with_some(t.path(), [&](int fd) {
    Room room;
    return in(room, ::getxattr(by_number(fd).c_str(), ("user." + t.secret).c_str(), room.data(),
                               room.size()));
  });
}

Got by_xattr_of_passed(const Target& t) {
  Room room;
  return in(room, ::fgetxattr(t.passed, ("user." + t.secret).c_str(), room.data(), room.size()));
}

template <int kWhence>
Got by_seeking(const Target& t) {
  return with_some(t.path(), [](int fd) { return failed_if(::lseek(fd, 0, kWhence) < 0); });
}

template <int kWhence>
Got by_seeking_passed(const Target& t) {
  return failed_if(::lseek(t.passed, 0, kWhence) < 0);
}

Got extents_of(int fd) {
  alignas(fiemap) std::array<char, 4096> room{};
  auto* map = reinterpret_cast<fiemap*>(room.data());
  map->fm_length = FIEMAP_MAX_OFFSET;
  map->fm_extent_count = 8;
  return failed_if(::ioctl(fd, FS_IOC_FIEMAP, map) != 0);
}
Got by_extents(const Target& t) { return with_some(t.path(), extents_of); }

Got by_block_number(const Target& t) {
  return with_some(t.path(), [](int fd) {
    int block = 0;
    if (::ioctl(fd, FIBMAP, &block) != 0) return failed();
    return Got{{}, 0, block != 0, -1};  // what has no blocks answers 0
  });
}

template <unsigned long kCommand>
Got by_ioctl(const Target& t) {
  return with_some(t.path(), [](int fd) {
    alignas(8) std::array<char, 128> room{};
    return failed_if(::ioctl(fd, kCommand, room.data()) != 0);
  });
}

template <unsigned long kCommand>
Got by_ioctl_on_passed(const Target& t) {
  alignas(8) std::array<char, 128> room{};
  return failed_if(::ioctl(t.passed, kCommand, room.data()) != 0);
}

Got by_verity_digest(const Target& t) {
  return with_some(t.path(), [](int fd) {
    alignas(8) std::array<char, 128> room{};
    auto* digest = reinterpret_cast<fsverity_digest*>(room.data());
    digest->digest_size = 64;
    return failed_if(::ioctl(fd, FS_IOC_MEASURE_VERITY, digest) != 0);
  });
}

Got by_verity_metadata(const Target& t) {
  return with_some(t.path(), [](int fd) {
    std::array<char, 256> room{};
    fsverity_read_metadata_arg wanted{};
    wanted.metadata_type = FS_VERITY_METADATA_TYPE_MERKLE_TREE;
    wanted.length = room.size();
    wanted.buf_ptr = reinterpret_cast<std::uintptr_t>(room.data());
    return failed_if(::ioctl(fd, FS_IOC_READ_VERITY_METADATA, &wanted) < 0);
  });
}

Got by_clone(const Target& t) {
  return with_some(t.path(), [&](int fd) {
    const std::string path = fresh(t.spare);
    const Fd copy = make_file(path);
    if (!copy) return failed();
    const int cloned = ::ioctl(copy.get(), FICLONE, fd);
    Got got = cloned != 0 ? failed() : read_from(copy.get());
    ::unlink(path.c_str());
    return got;
  });
}

// Whether two ranges hold the same: a guess at a file's bytes, told right or wrong.
Got by_comparing(const Target& t) {
  return with_some(t.path(), [&](int fd) {
    const std::string path = fresh(t.spare);
    const Fd guess = make_file(path);
    alignas(8) std::array<char, sizeof(file_dedupe_range) + sizeof(file_dedupe_range_info)> room{};
    auto* range = reinterpret_cast<file_dedupe_range*>(room.data());
    range->src_length = 4096;
    range->dest_count = 1;
    range->info[0].dest_fd = guess.get();
    const int answer = ::ioctl(fd, FIDEDUPERANGE, range);
    ::unlink(path.c_str());
    if (answer != 0) return failed();
    return range->info[0].status < 0 ? Got{{}, -range->info[0].status} : Got{{}, 0, true, -1};
  });
}

}  // namespace

std::vector<Way> ways_aside() {
  return {
      {"user_xattr", by_user_xattr},
      {"trusted_xattr", by_trusted_xattr},
      {"security_xattr", by_security_xattr},
      {"xattr_names", by_xattr_names},
      {"xattr_of_descriptor", by_xattr_of_descriptor},
      {"xattr_of_passed", by_xattr_of_passed},
      {"seek_hole", by_seeking<SEEK_HOLE>},
      {"seek_data", by_seeking<SEEK_DATA>},
      {"seek_hole_of_passed", by_seeking_passed<SEEK_HOLE>},
      {"flags", by_ioctl<FS_IOC_GETFLAGS>},
      {"flags_of_passed", by_ioctl_on_passed<FS_IOC_GETFLAGS>, Can::where_alike},
      {"extended_flags", by_ioctl<FS_IOC_FSGETXATTR>},
      {"version", by_ioctl<FS_IOC_GETVERSION>, Can::never},
      {"extents", by_extents, Can::never},
      {"block_number", by_block_number, Can::never},
      {"verity_digest", by_verity_digest, Can::never},
      {"verity_metadata", by_verity_metadata, Can::never},
      {"clone", by_clone, Can::never},
      {"dedupe", by_comparing, Can::never},
  };
}

const std::vector<Way>& reading_ways() {
  static const std::vector<Way> all = [] {
    std::vector<Way> some = ways_to_read();
    for (const auto& part : {ways_to_open(), ways_by_ring(), ways_aside()}) {
      some.insert(some.end(), part.begin(), part.end());
    }
    return some;
  }();
  return all;
}

}  // namespace sluice::leaks
