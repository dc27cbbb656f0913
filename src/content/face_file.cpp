// SPDX-License-Identifier: MIT
#include "sluice/content/face_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sluice/content/face.h"

namespace sluice::content {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

std::size_t piece_of(std::uint64_t size) noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece));
}

// Gives fewer bytes than asked for, and none only at the end.
Result<std::size_t> read_some(int fd, std::uint64_t offset, MutableBytes into) noexcept {
  const ssize_t got = retry_interrupted(
      [&] { return ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset)); });
  if (got < 0) return fail_last();
  return static_cast<std::size_t>(got);
}

Result<void> write_all(int fd, std::uint64_t offset, Bytes bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t wrote = retry_interrupted(
        [&] { return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (wrote <= 0) return wrote < 0 ? fail_last() : fail(EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

}  // namespace

Fd private_folder(const std::string& path) noexcept {
  if (path.empty()) return {};
  ::mkdir(path.c_str(), 0700);
  Fd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat stat {};
  const bool ours = folder && ::fstat(folder.get(), &stat) == 0 && stat.st_uid == ::geteuid() &&
                    (stat.st_mode & 077) == 0;
  return ours ? std::move(folder) : Fd{};
}

Fd memory_folder() noexcept {
  const Fd context{::fsopen("tmpfs", FSOPEN_CLOEXEC)};
  if (!context) return {};
  const auto set = [&](const char* name, const char* value) {
    return ::fsconfig(context.get(), FSCONFIG_SET_STRING, name, value, 0) == 0;
  };
  if (!set("huge", "within_size") || !set("mode", "0700")) return {};
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  constexpr unsigned kAttributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return Fd{::fsmount(context.get(), FSMOUNT_CLOEXEC, kAttributes)};
}

Result<Fd> memory_file(const Fd& folder) noexcept {
  if (folder) return unnamed_file(folder, 0);
  constexpr unsigned kNotExecutable = 0x0008;  // MFD_NOEXEC_SEAL, since Linux 6.3
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int file = ::memfd_create("sluice-face", kFlags | kNotExecutable);
  if (file >= 0 || errno != EINVAL) return own(file);
  return own(::memfd_create("sluice-face", kFlags));
}

// A disk that has no room for all of it says so before anything was copied.
Result<Fd> unnamed_file(const Fd& folder, std::uint64_t size) noexcept {
  constexpr int kUnnamed = O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC;
  Fd file = TRY(own(::openat(folder.get(), ".", kUnnamed, 0400)));
  if (size == 0 || ::fallocate(file.get(), 0, 0, static_cast<off_t>(size)) == 0) return file;
  if (errno == ENOSPC || errno == EDQUOT) return fail_last();
  return file;  // the file system gives room as it is written to
}

Result<void> copy_bytes(int from, int to, std::uint64_t size, const inspect::Redaction* redaction) {
  std::vector<std::byte> piece(piece_of(size));
  for (std::uint64_t at = 0; at < size;) {
    const auto room = MutableBytes{piece}.first(std::min(piece.size(), piece_of(size - at)));
    const auto filled = room.first(TRY(read_some(from, at, room)));
    if (filled.empty()) return fail(ESTALE);  // it is shorter now
    if (redaction != nullptr) redaction->apply(at, filled);
    TRY(write_all(to, at, filled));
    at += filled.size();
  }
  return {};
}

bool same_bytes(int fd, const Face& face) {
  std::vector<std::byte> theirs(piece_of(face.size()));
  std::vector<std::byte> ours(theirs.size());
  for (std::uint64_t at = 0; at < face.size();) {
    const auto got = read_some(fd, at, MutableBytes{theirs}.first(piece_of(face.size() - at)));
    if (!got || *got == 0) return false;
    const auto filled = MutableBytes{ours}.first(*got);
    const auto shown = face.read(at, filled);
    if (!shown || *shown != *got || !std::ranges::equal(filled, Bytes{theirs}.first(*got))) {
      return false;
    }
    at += *got;
  }
  return true;
}

Result<void> seal(const Fd& file) noexcept {
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) == 0) return {};
  // Only a memfd has seals.
  int flags = FS_IMMUTABLE_FL;
  if (::ioctl(file.get(), FS_IOC_SETFLAGS, &flags) != 0) return fail_last();
  return {};
}

Result<Fd> opened_read_only(int fd) noexcept {
  std::array<char, 40> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/fd/{}", fd);
  return own(::open(path.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

}  // namespace sluice::content
