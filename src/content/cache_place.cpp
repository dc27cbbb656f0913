// SPDX-License-Identifier: MIT
#include "sluice/content/cache_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace sluice::content {
namespace {

using namespace std::chrono_literals;

constexpr int kTurns = 400;  // that a claim is tried for, 5 ms each

bool is_private(const struct stat& stat) {
  return stat.st_uid == ::geteuid() && (stat.st_mode & 077) == 0;
}

// Gives the path without links, made where it is not there. The folder itself may be no link.
Result<std::string, Error> private_folder(const std::string& path) {
  std::error_code error;
  ::mkdir(std::filesystem::path{path}.parent_path().c_str(), 0700);
  ::mkdir(path.c_str(), 0700);
  struct stat stat {};
  if (::lstat(path.c_str(), &stat) != 0) {
    return fail(Error::of(fmt::format("cannot use the folder `{}`", path), Errno::last()));
  }
  if (!S_ISDIR(stat.st_mode) || !is_private(stat)) {
    return fail(Error{fmt::format("the folder `{}` is no folder, another user's, or open to others;"
                                  " `chmod 700` it, or remove it",
                                  path),
                      EPERM});
  }
  const auto real = std::filesystem::canonical(path, error);
  if (error) return fail(Error{fmt::format("cannot use the folder `{}`", path), ENOENT});
  return real.string();
}

// What SQLite is to open, or will find beside it.
Result<void, Error> check_private(const std::string& file) {
  for (const char* beside : {"", "-wal", "-shm", "-journal"}) {
    const std::string path = file + beside;
    struct stat stat {};
    if (::lstat(path.c_str(), &stat) != 0) {
      if (errno == ENOENT) continue;
      return fail(Error::of(fmt::format("cannot use `{}`", path), Errno::last()));
    }
    if (!S_ISREG(stat.st_mode) || !is_private(stat) || stat.st_nlink != 1) {
      return fail(
          Error{fmt::format("`{}` is no file, another user's, or open to others; remove it", path),
                EPERM});
    }
  }
  return {};
}

}  // namespace

Result<CachePlace, Error> CachePlace::claim(const std::string& file) {
  const std::filesystem::path path{file};
  const std::string folder = TRY(private_folder(path.parent_path().string()));
  std::string real = folder + "/" + path.filename().string();
  TRY(check_private(real));
  const std::string lock_file = real + ".lock";
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd lock{::open(lock_file.c_str(), kFlags, 0600)};
  struct stat stat {};
  if (!lock || ::fstat(lock.get(), &stat) != 0) {
    return fail(Error::of(fmt::format("cannot use `{}`", lock_file), Errno::last()));
  }
  if (!S_ISREG(stat.st_mode) || !is_private(stat)) {
    return fail(Error{
        fmt::format("`{}` is another user's, or open to others; remove it", lock_file), EPERM});
  }
  CachePlace place{std::move(real), std::move(lock)};
  if (!place.wait_for_claim()) {
    return fail(Error{fmt::format("`{}` is kept by another process", file), EBUSY});
  }
  return place;
}

// Who is alone is so for a moment only: until the file is made, or set aside.
bool CachePlace::wait_for_claim() noexcept {
  for (int turn = 0; turn < kTurns; ++turn) {
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) {
      claim_ = Claim::alone;
      return true;
    }
    if (::flock(lock_.get(), LOCK_SH | LOCK_NB) == 0) {
      claim_ = Claim::shared;
      return true;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

void CachePlace::share() noexcept {
  claim_ = Claim::shared;
  // It is let go for an instant, in which somebody else may be alone: he finds what we have made.
  for (int turn = 0; turn < kTurns; ++turn) {
    if (::flock(lock_.get(), LOCK_SH | LOCK_NB) == 0) return;
    std::this_thread::sleep_for(5ms);
  }
}

Result<void> CachePlace::make() const noexcept {
  const Fd made{::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!made && errno != EEXIST) return fail_last();
  return {};
}

bool CachePlace::set_aside() const {
  ::unlink((file_ + "-shm").c_str());
  // Of another program's file this may hold what is newest.
  ::rename((file_ + "-wal").c_str(), (file_ + ".bad-wal").c_str());
  return ::rename(file_.c_str(), (file_ + ".bad").c_str()) == 0 && ::ftruncate(lock_.get(), 0) == 0;
}

void CachePlace::mark() const noexcept {
  constexpr std::string_view kDamaged = "damaged\n";
  static_cast<void>(::pwrite(lock_.get(), kDamaged.data(), kDamaged.size(), 0) == 0);
}

bool CachePlace::marked() const noexcept {
  struct stat stat {};
  return ::fstat(lock_.get(), &stat) == 0 && stat.st_size != 0;
}

}  // namespace sluice::content
