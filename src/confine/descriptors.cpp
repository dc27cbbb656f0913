// SPDX-License-Identifier: MIT
#include "sluice/confine/descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>

namespace sluice::confine {
namespace {

using mount::is_at_or_below;
using Fate = Standard::Fate;

constexpr std::array<const char*, 3> kNames{"standard input", "standard output", "standard error"};

Error refuse(int fd, std::string_view why) {
  std::string line{kNames[static_cast<std::size_t>(fd)]};
  line.append(" ").append(why);
  return Error{std::move(line), EBADF};
}

std::string link_of(int fd) {
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size < 0 ? "" : std::string{path.data(), static_cast<std::size_t>(size)};
}

// Gives the id of the mount that a descriptor was opened on; -1 if the kernel does not tell.
std::int64_t mount_id_of(int fd) {
  const std::string name = "/proc/self/fdinfo/" + std::to_string(fd);
  const Fd info{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 512> text{};
  const ssize_t size = info ? ::read(info.get(), text.data(), text.size()) : -1;
  if (size <= 0) return -1;
  const std::string_view all{text.data(), static_cast<std::size_t>(size)};
  constexpr std::string_view kKey = "mnt_id:\t";
  const std::size_t at = all.find(kKey);
  if (at == std::string_view::npos) return -1;
  std::int64_t id = -1;
  std::from_chars(all.data() + at + kKey.size(), all.data() + all.size(), id);
  return id;
}

// The devices of every /dev. They are opened again, inside: root could change the permissions of
// the machine's own through a descriptor of it.
const char* memory_device(dev_t device) {
  if (major(device) != 1) return nullptr;
  switch (minor(device)) {
    case 3: return "/dev/null";
    case 5: return "/dev/zero";
    case 7: return "/dev/full";
    case 8: return "/dev/random";
    case 9: return "/dev/urandom";
    default: return nullptr;
  }
}

// Of the flags that a descriptor has, those that opening again can give.
constexpr int kKeptFlags = O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC | O_NONBLOCK | O_DIRECT;

class Check {
 public:
  Check(std::span<const std::string> views, std::span<const Target> targets,
        std::span<const mount::MountEntry> mounts)
      : views_{views}, targets_{targets}, mounts_{mounts} {}

  Result<Standard, Error> check(int fd) const {
    struct stat seen {};
    if (::fstat(fd, &seen) != 0) {
      return Standard{.fate = Fate::null, .path = "", .flags = 0, .offset = 0, .with = -1};
    }
    const int flags = ::fcntl(fd, F_GETFL);
    if (S_ISDIR(seen.st_mode)) return fail(refuse(fd, "is a directory; give it a file or a pipe"));
    if (flags < 0 || (flags & O_PATH) != 0)
      return fail(refuse(fd, "is only a path; give it an opened file or a pipe"));
    if (S_ISBLK(seen.st_mode)) return fail(refuse(fd, "is a disk; give it a file or a pipe"));
    if (S_ISCHR(seen.st_mode) && ::isatty(fd) == 0) {
      const char* path = memory_device(seen.st_rdev);
      if (path == nullptr)
        return fail(refuse(fd, "is a device that could lead outside; give it a file or a pipe"));
      return Standard{.fate = Fate::reopen, .path = path, .flags = flags & kKeptFlags,
                      .offset = -1, .with = -1};
    }
    if (!S_ISREG(seen.st_mode)) return Standard{};
    return check_file(fd, seen, flags);
  }

 private:
  Result<Standard, Error> check_file(int fd, const struct stat& seen, int flags) const {
    const std::string path = link_of(fd);
    const mount::MountEntry* entry = mount_of_descriptor(fd, path, seen);
    if (entry == nullptr) {
      if (seen.st_nlink == 0 || !is_of_lower(seen.st_dev)) return Standard{};
      return fail(refuse(fd, "is a file of a view's file system, opened where its path cannot be "
                             "known; put a pipe between"));
    }
    if (!is_at_target(place_on(path, *entry))) return Standard{};
    if (seen.st_nlink == 0) {
      return fail(refuse(fd, "is a deleted file from below a view; put a pipe between"));
    }
    return Standard{.fate = Fate::reopen, .path = path, .flags = flags & kKeptFlags,
                    .offset = ::lseek(fd, 0, SEEK_CUR), .with = -1};
  }

  // Null where it cannot be known. A descriptor from another mount namespace has a mount that is
  // not ours, but often the same file has the same path here.
  const mount::MountEntry* mount_of_descriptor(int fd, const std::string& path,
                                               const struct stat& seen) const {
    const auto entry = std::ranges::find(mounts_, mount_id_of(fd), &mount::MountEntry::id);
    if (entry != mounts_.end() && is_at_or_below(path, entry->mount_point)) return &*entry;
    struct stat here {};
    if (!path.starts_with('/') || ::lstat(path.c_str(), &here) != 0) return nullptr;
    if (here.st_dev != seen.st_dev || here.st_ino != seen.st_ino) return nullptr;
    return mount::mount_of(path, mounts_);
  }

  bool is_at_target(const Place& place) const {
    return std::ranges::any_of(targets_, [&](const Target& target) {
      return target.place.major == place.major && target.place.minor == place.minor &&
             is_at_or_below(place.path, target.place.path);
    });
  }

  bool is_of_lower(dev_t device) const {
    return std::ranges::any_of(views_, [&](const std::string& view) {
      struct stat lower {};
      return ::stat(view.c_str(), &lower) != 0 || lower.st_dev == device;
    });
  }

  std::span<const std::string> views_;
  std::span<const Target> targets_;
  std::span<const mount::MountEntry> mounts_;
};

// Two numbers with one open file have one offset: `> log 2>&1` must not write over itself.
bool is_same_open_file(const Standard& a, const Standard& b) {
  return a.path == b.path && a.flags == b.flags && a.offset == b.offset;
}

Result<void, Error> reopen(int fd, const Standard& standard) {
  const Fd file{::open(standard.path.c_str(), standard.flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)};
  if (!file) {
    std::string why = "is `" + standard.path + "`, which cannot be opened through the view: ";
    why += text(Errno::last());
    return fail(refuse(fd, why + "; put a pipe between"));
  }
  struct stat seen {};
  const mode_t type = standard.offset < 0 ? S_IFCHR : S_IFREG;
  if (::fstat(file.get(), &seen) != 0 || (seen.st_mode & S_IFMT) != type)
    return fail(refuse(fd, "is `" + standard.path + "`, which is no file in the view"));
  if (standard.offset >= 0 && ::lseek(file.get(), standard.offset, SEEK_SET) < 0)
    return fail(refuse(fd, "cannot be moved to where it was"));
  if (::dup2(file.get(), fd) < 0) return fail(refuse(fd, "cannot be replaced"));
  return {};
}

}  // namespace

Result<Standards, Error> check_standards(std::span<const std::string> views,
                                         std::span<const Target> targets,
                                         std::span<const mount::MountEntry> mounts) {
  const Check check{views, targets, mounts};
  Standards standards;
  for (int fd = 0; fd < 3; ++fd) {
    Standard& standard = standards[static_cast<std::size_t>(fd)];
    standard = TRY(check.check(fd));
    for (int other = 0; other < fd && standard.fate == Fate::reopen; ++other) {
      const Standard& before = standards[static_cast<std::size_t>(other)];
      if (before.fate != Fate::reopen || !is_same_open_file(before, standard)) continue;
      standard.fate = Fate::share;
      standard.with = other;
    }
  }
  return standards;
}

void fill_closed(const Standards& standards) noexcept {
  for (std::size_t i = 0; i < standards.size(); ++i) {
    if (standards[i].fate != Fate::null) continue;
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0 && null != static_cast<int>(i)) {
      ::dup2(null, static_cast<int>(i));
      ::close(null);
    }
  }
}

Result<void, Error> apply_standards(const Standards& standards) {
  for (int fd = 0; fd < 3; ++fd) {
    const Standard& standard = standards[static_cast<std::size_t>(fd)];
    if (standard.fate == Fate::reopen) TRY(reopen(fd, standard));
    if (standard.fate == Fate::share && ::dup2(standard.with, fd) < 0)
      return fail(refuse(fd, "cannot be replaced"));
    if (standard.fate != Fate::null) continue;
      const int null = ::open("/dev/null", O_RDWR);
    if (null < 0) return fail(refuse(fd, "is closed, and `/dev/null` cannot be opened"));
    if (null != fd) {
      if (::dup2(null, fd) < 0) return fail(refuse(fd, "cannot be replaced"));
      ::close(null);
    }
  }
  return {};
}

std::array<off_t, 3> offsets_of(const Standards& standards) noexcept {
  std::array<off_t, 3> offsets{-1, -1, -1};
  for (std::size_t i = 0; i < standards.size(); ++i) {
    if (standards[i].fate == Fate::reopen)
      offsets[i] = ::lseek(static_cast<int>(i), 0, SEEK_CUR);
  }
  return offsets;
}

void set_offsets(const Standards& standards, const std::array<off_t, 3>& offsets) noexcept {
  for (std::size_t i = 0; i < standards.size(); ++i) {
    if (standards[i].fate == Fate::reopen && offsets[i] >= 0)
      ::lseek(static_cast<int>(i), offsets[i], SEEK_SET);
  }
}

}  // namespace sluice::confine
