// SPDX-License-Identifier: MIT
// Data of open files, for those that are served from here and for what the kernel does not pass
// through (fsync, fallocate, SEEK_DATA, copy_file_range, fadvise's reads).
#include <unistd.h>

#include <limits>

#include "sluice/mirror/caller_identity.h"
#include "sluice/mirror/with_file.h"

namespace sluice::mirror {
namespace {

// Offsets and lengths come from the wire as unsigned; lower calls take them signed.
Result<off_t> offset_of(std::uint64_t value) noexcept {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return fail(EINVAL);
  return static_cast<off_t>(value);
}

// Where the lower file has holes is not told: the substitute is one piece of data.
Result<fuse::Position> seek_in(const Substitute& substitute, const fuse::Seek& r) noexcept {
  const auto whence = static_cast<int>(r.whence);
  if (whence != SEEK_DATA && whence != SEEK_HOLE) return fail(EINVAL);
  if (r.offset >= substitute.size()) return fail(ENXIO);
  return fuse::Position{whence == SEEK_DATA ? r.offset : substitute.size()};
}

}  // namespace

Result<fuse::Data> Mirror::read(const fuse::Read& r, fuse::ReadBuffer& out) {
  const off_t offset = TRY(offset_of(r.offset));
  if (const auto substitute = TRY(files_.find(r.handle))->substitute;
      substitute && substitute->file() == nullptr) {
    return fuse::Data{TRY(substitute->read(r.offset, out.room()))};
  }
  return with_file(r.handle, O_RDONLY, [&](int fd) -> Result<fuse::Data> {
    const MutableBytes room = out.room();
    std::size_t filled = 0;
    // Short reads mean end of file to the kernel, so only that may end this early.
    while (filled < room.size()) {
      const ssize_t got = ::pread(fd, room.data() + filled, room.size() - filled,
                                  offset + static_cast<off_t>(filled));
      if (got < 0 && errno == EINTR && !r.interrupted()) continue;
      if (got < 0 && filled == 0) return fail_last();
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return fuse::Data{filled};
  });
}

Result<fuse::Written> Mirror::write(const fuse::Write& r) {
  const off_t offset = TRY(offset_of(r.offset));
  return with_file(r.handle, O_WRONLY, [&](int fd) -> Result<fuse::Written> {
    // In the caller's name: reserved blocks, quotas, and setuid bits as if it wrote itself. Pages
    // written back come without a caller, as root's.
    AsCaller scope{r.write_flags.has(wire::WriteFlag::kill_suidgid) ||
                           !r.write_flags.has(wire::WriteFlag::cache)
                       ? r.caller
                       : fuse::Caller{}};
    std::size_t done = 0;
    while (done < r.data.size()) {
      const ssize_t wrote = ::pwrite(fd, r.data.data() + done, r.data.size() - done,
                                     offset + static_cast<off_t>(done));
      if (wrote < 0 && errno == EINTR && !r.interrupted()) continue;
      if (wrote < 0 && done == 0) return fail_last();
      if (wrote <= 0) break;
      done += static_cast<std::size_t>(wrote);
    }
    return fuse::Written{static_cast<std::uint32_t>(done)};
  });
}

Result<void> Mirror::fsync(const fuse::Fsync& r) {
  auto file = TRY(files_.find(r.handle));
  if (file->substitute) return {};
  Fd opened;
  if (!file->fd) opened = TRY(tree_->open(file->node, O_RDONLY | O_NONBLOCK));
  const int fd = file->fd ? file->fd.get() : opened.get();
  const int done = r.flags.has(wire::FsyncFlag::fdatasync) ? ::fdatasync(fd) : ::fsync(fd);
  if (done != 0) return fail_last();
  return {};
}

Result<void> Mirror::fallocate(const fuse::Fallocate& r) {
  const off_t offset = TRY(offset_of(r.offset));
  const off_t length = TRY(offset_of(r.length));
  return with_file(r.handle, O_WRONLY, [&](int fd) -> Result<void> {
    AsCaller scope{r.caller};
    if (::fallocate(fd, static_cast<int>(r.mode), offset, length) != 0) return fail_last();
    return {};
  });
}

Result<fuse::Position> Mirror::seek(const fuse::Seek& r) {
  const off_t offset = TRY(offset_of(r.offset));
  // Through a descriptor of its own: lseek moves a position that others may share.
  auto file = TRY(files_.find(r.handle));
  if (file->substitute) return seek_in(*file->substitute, r);
  const Fd fd = TRY(tree_->open(file->node, O_RDONLY | O_NONBLOCK));
  const off_t found = TRY(checked(::lseek(fd.get(), offset, static_cast<int>(r.whence))));
  return fuse::Position{static_cast<std::uint64_t>(found)};
}

Result<fuse::Copied> Mirror::copy_range(const fuse::CopyRange& r) {
  off_t from = TRY(offset_of(r.offset));
  off_t to = TRY(offset_of(r.to_offset));
  // The 32-bit form can answer no more than this.
  constexpr std::uint64_t kMost = 0x7ffff000;
  const std::size_t size = std::min(r.size, kMost);
  return with_file(r.handle, O_RDONLY, [&](int source) {
    return with_file(r.to_handle, O_WRONLY, [&](int target) -> Result<fuse::Copied> {
      AsCaller scope{r.caller};
      const ssize_t copied = ::copy_file_range(source, &from, target, &to, size,
                                               static_cast<unsigned>(r.flags));
      if (copied < 0) return fail_last();
      return fuse::Copied{static_cast<std::uint64_t>(copied)};
    });
  });
}

}  // namespace sluice::mirror
