// SPDX-License-Identifier: MIT
// Directories: listing them with and without attributes.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sluice/mirror/mirror.h"

namespace sluice::mirror {
namespace {

constexpr std::size_t kListingBuffer = 32 * 1024;
constexpr std::size_t kLeastListing = 1024;  // more than one entry of the longest name

// One entry as getdents64(2) gives it.
struct LowerEntry {
  std::uint64_t ino = 0;
  std::int64_t next = 0;
  std::uint32_t type = 0;  // a mode's S_IFMT part
  const char* name = nullptr;
};

// Reads entries of a lower directory from an offset on, buffer by buffer.
class Listing {
 public:
  // size   how much to read at a time: about what the answer has room for, since what is read
  //        beyond it is read again.
  // locks: the caller holds the directory's position_mutex for as long as this lives.
  Listing(OpenDirectory& directory, std::size_t size) noexcept
      : directory_{directory}, size_{std::clamp(size, kLeastListing, kListingBuffer)} {}

  Result<void> start(std::uint64_t offset) noexcept {
    const auto wanted = static_cast<std::int64_t>(offset);
    // Seeking costs a call, and on some file systems reading anew; going on from where the last
    // listing stopped costs neither. From the start is always read anew, to see what is new.
    if (wanted == directory_.position && wanted != 0) return {};
    if (::lseek(directory_.fd.get(), wanted, SEEK_SET) < 0) return fail_last();
    directory_.position = wanted;
    return {};
  }

  // Gives the next entry, or one without a name at the end.
  Result<LowerEntry> next() noexcept {
    if (at_ >= filled_) {
      const long got = retry_interrupted([&] {
        return ::syscall(SYS_getdents64, directory_.fd.get(), buffer(), size_);
      });
      if (got < 0) return fail_last();
      filled_ = static_cast<std::size_t>(got);
      at_ = 0;
      if (got == 0) return LowerEntry{};
    }
    dirent64 head{};
    const std::byte* from = buffer() + at_;
    std::memcpy(&head, from, offsetof(dirent64, d_name));
    at_ += head.d_reclen;
    read_to_ = head.d_off;
    return LowerEntry{head.d_ino, head.d_off, static_cast<std::uint32_t>(DTTOIF(head.d_type)),
                      reinterpret_cast<const char*>(from + offsetof(dirent64, d_name))};
  }

  // The entry was taken over: the next listing goes on behind it.
  void taken(const LowerEntry& entry) noexcept { taken_ = entry.next; }

  // Notes where the descriptor stands now, if that is where the taken entries end.
  void finish() noexcept {
    if (taken_ == kNothing) {
      if (read_to_ != kNothing) directory_.position = kUnknown;
      return;
    }
    // What was read and not taken lies between.
    directory_.position = at_ >= filled_ && taken_ == read_to_ ? taken_ : kUnknown;
  }

 private:
  static constexpr std::int64_t kNothing = -1;
  static constexpr std::int64_t kUnknown = -1;

  static std::byte* buffer() noexcept {
    alignas(dirent64) thread_local std::byte bytes[kListingBuffer];
    return bytes;
  }

  OpenDirectory& directory_;
  std::size_t size_;
  std::int64_t read_to_ = kNothing;
  std::size_t filled_ = 0;
  std::size_t at_ = 0;
  std::int64_t taken_ = kNothing;
};

bool is_dot(const char* name) noexcept {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

Result<fuse::Opened> Mirror::open_dir(const fuse::OpenDir& r) {
  OpenDirectory directory;
  directory.node = r.node;
  directory.fd = TRY(tree_->open(r.node, O_RDONLY | O_DIRECTORY));
  const auto stat = TRY(stat_fd(directory.fd.get()));
  directory.device = device_of(stat);
  directory.mount = stat.stx_mnt_id;
  directory.position_mutex = std::make_unique<std::mutex>();
  TRY(tree_->add_open(r.node));
  auto handle = directories_.add(std::move(directory));
  if (!handle) {
    static_cast<void>(tree_->remove_open(r.node));
    return fail(handle.error());
  }
  fuse::Opened out;
  out.handle = *handle;
  return out;
}

Result<void> Mirror::read_dir(const fuse::ReadDir& r, fuse::DirWriter& out,
                              ListingFilter* filter) {
  auto directory = TRY(directories_.find(r.handle));
  std::lock_guard lock{*directory->position_mutex};
  Listing listing{*directory, r.size};
  TRY(listing.start(r.offset));
  for (;;) {
    auto entry = listing.next();
    if (!entry && out.size() == 0) return fail(entry.error());
    if (!entry || entry->name == nullptr) break;
    if (!is_dot(entry->name) && !lists(*directory, entry->name, entry->type, filter)) {
      listing.taken(*entry);
      continue;
    }
    const std::uint64_t ino = tree_->shown_ino(directory->device, entry->ino);
    if (out.add(entry->name, ino, entry->type, static_cast<std::uint64_t>(entry->next)) ==
        fuse::Added::full) {
      break;
    }
    listing.taken(*entry);
  }
  listing.finish();
  return {};
}

// The entry of a listed name, or, where it cannot be looked up any more, one without a node: the
// kernel then looks it up by itself if anybody asks.
Result<fuse::Entry> Mirror::plus_entry(OpenDirectory& directory, NodeId parent, const char* name,
                                       PlusFilter* filter) {
  const auto checked_name = TRY(wire::Name::from(name));
  Found found = TRY(tree_->find_at(directory.fd.get(), name));
  if (filter != nullptr) return filter->entry(std::move(found), parent, checked_name);
  return entry_of(std::move(found), parent, checked_name);
}

bool Mirror::lists(const OpenDirectory& directory, const char* name, std::uint32_t type,
                   ListingFilter* filter) const {
  if (filter != nullptr && !filter->lists(directory.fd.get(), name, type)) return false;
  return !tree_->is_hidden(directory.fd.get(), name, directory.mount);
}

Result<void> Mirror::read_dir_plus(const fuse::ReadDirPlus& r, fuse::DirPlusWriter& out,
                                   PlusFilter* filter) {
  auto directory = TRY(directories_.find(r.handle));
  std::lock_guard lock{*directory->position_mutex};
  // An entry with attributes takes some five times the room of one without.
  Listing listing{*directory, r.size / 5};
  TRY(listing.start(r.offset));
  for (;;) {
    auto listed = listing.next();
    if (!listed && out.size() == 0) return fail(listed.error());
    if (!listed || listed->name == nullptr || !out.fits(listed->name)) break;
    const bool dot = is_dot(listed->name);
    if (!dot && !lists(*directory, listed->name, listed->type, filter)) {
      listing.taken(*listed);
      continue;
    }
    fuse::Entry entry;
    entry.attr.ino = tree_->shown_ino(directory->device, listed->ino);
    entry.attr.mode = listed->type;
    if (!dot) {
      if (auto found = plus_entry(*directory, r.node, listed->name, filter)) entry = *found;
    }
    // It fits: `fits` said so. Once lookups are counted this listing must be answered, whatever
    // comes after; an error later would lose them.
    out.add(listed->name, entry, static_cast<std::uint64_t>(listed->next));
    listing.taken(*listed);
  }
  listing.finish();
  return {};
}

Result<void> Mirror::release_dir(const fuse::ReleaseDir& r) {
  auto directory = TRY(directories_.close(r.handle));
  static_cast<void>(tree_->remove_open(directory->node));
  return {};
}

Result<void> Mirror::fsync_dir(const fuse::FsyncDir& r) {
  auto directory = TRY(directories_.find(r.handle));
  const int fd = directory->fd.get();
  const int done = r.flags.has(wire::FsyncFlag::fdatasync) ? ::fdatasync(fd) : ::fsync(fd);
  if (done != 0) return fail_last();
  return {};
}

void Mirror::undelivered(const fuse::OpenDir&, const fuse::Opened& opened) {
  auto directory = directories_.close(opened.handle);
  if (directory) static_cast<void>(tree_->remove_open((*directory)->node));
}

void Mirror::undelivered(const fuse::ReadDirPlus&, const fuse::DirPlusWriter& listed) {
  listed.for_each_counted([this](NodeId node) { tree_->forget(node, 1); });
}

}  // namespace sluice::mirror
