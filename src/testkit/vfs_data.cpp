// SPDX-License-Identifier: MIT
// Data of open files.
// source: linux fs/read_write.c, fs/open.c vfs_fallocate(), fs/fuse/file.c
#include <linux/falloc.h>
#include <unistd.h>

#include <limits>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

constexpr std::uint32_t kCopy64Since = 45;
constexpr std::size_t kMostCopied = 0xfffff000;  // what COPY_FILE_RANGE's 32 bits can say

}  // namespace

Result<Vfs::Opened*> Vfs::readable(int file) {
  Opened* opened = TRY(this->opened(file));
  if ((opened->flags & O_ACCMODE) == O_WRONLY) return fail(EBADF);
  if (opened->directory) return fail(EISDIR);
  return opened;
}

Result<Vfs::Opened*> Vfs::writable(int file) {
  Opened* opened = TRY(this->opened(file));
  if ((opened->flags & O_ACCMODE) == O_RDONLY) return fail(EBADF);
  return opened;
}

Result<std::string> Vfs::pread(int file, std::size_t size, off_t offset) {
  if (offset < 0) return fail(EINVAL);
  return kernel_.read(TRY(readable(file))->file, static_cast<std::uint64_t>(offset), size);
}

Result<std::string> Vfs::read(int file, std::size_t size) {
  Opened* opened = TRY(readable(file));
  auto data = kernel_.read(opened->file, static_cast<std::uint64_t>(opened->position), size);
  if (data) opened->position += static_cast<off_t>(data->size());
  return data;
}

Result<std::size_t> Vfs::write_at(Opened& opened, std::string_view data, off_t offset) {
  if (data.empty()) return 0;
  TRY(remove_privileges(opened.file.node));
  return kernel_.write(opened.file, static_cast<std::uint64_t>(offset), data);
}

Result<std::size_t> Vfs::write(int file, std::string_view data) {
  Opened* opened = TRY(writable(file));
  if ((opened->flags & O_APPEND) != 0) {
    opened->position = static_cast<off_t>(TRY(attributes(opened->file.node)).size);
  }
  auto written = write_at(*opened, data, opened->position);
  if (written) opened->position += static_cast<off_t>(*written);
  return written;
}

Result<std::size_t> Vfs::pwrite(int file, std::string_view data, off_t offset) {
  if (offset < 0) return fail(EINVAL);
  Opened* opened = TRY(writable(file));
  if ((opened->flags & O_APPEND) != 0) {
    offset = static_cast<off_t>(TRY(attributes(opened->file.node)).size);
  }
  return write_at(*opened, data, offset);
}

Result<off_t> Vfs::lseek(int file, off_t offset, int whence) {
  Opened* opened = TRY(this->opened(file));
  off_t position = offset;
  switch (whence) {
    case SEEK_SET: break;
    case SEEK_CUR: position += opened->position; break;
    case SEEK_END: position += static_cast<off_t>(TRY(attributes(opened->file.node)).size); break;
    case SEEK_DATA:
    case SEEK_HOLE: {
      if (opened->directory) return fail(EINVAL);
      fuse::Seek op;
      op.node = opened->file.node;
      op.handle = opened->file.handle;
      op.offset = static_cast<std::uint64_t>(offset);
      op.whence = static_cast<std::uint32_t>(whence);
      auto found = kernel_.absent(wire::Opcode::lseek) ? Result<fuse::Position>{fail(ENOSYS)}
                                                       : kernel_.call(op);
      if (found) {
        position = static_cast<off_t>(found->offset);
        break;
      }
      if (found.error() != Errno{ENOSYS}) return fail(found.error());
      // A server that cannot say: all of the file is data.
      const auto size = static_cast<off_t>(TRY(attributes(opened->file.node)).size);
      if (offset < 0 || offset >= size) return fail(ENXIO);
      position = whence == SEEK_DATA ? offset : size;
      break;
    }
    default: return fail(EINVAL);
  }
  if (position < 0) return fail(EINVAL);
  opened->position = position;
  return position;
}

Result<void> Vfs::fsync(int file) {
  Opened* opened = TRY(this->opened(file));
  if (!opened->directory) return kernel_.fsync(opened->file);
  if (kernel_.absent(wire::Opcode::fsyncdir)) return {};
  fuse::FsyncDir op;
  op.node = opened->file.node;
  op.handle = opened->file.handle;
  auto done = kernel_.call(op);
  if (!done && done.error() != Errno{ENOSYS}) return fail(done.error());
  return {};
}

Result<void> Vfs::fdatasync(int file) {
  Opened* opened = TRY(this->opened(file));
  if (opened->directory) return fsync(file);
  return kernel_.fsync(opened->file, wire::FsyncFlag::fdatasync);
}

Result<void> Vfs::fallocate(int file, int mode, off_t offset, off_t size) {
  Opened* opened = TRY(this->opened(file));
  if (offset < 0 || size <= 0) return fail(EINVAL);
  constexpr int kPassed = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  const bool punches = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
  if (punches && (mode & FALLOC_FL_KEEP_SIZE) == 0) return fail(EOPNOTSUPP);
  if (punches && (mode & FALLOC_FL_ZERO_RANGE) != 0) return fail(EOPNOTSUPP);
  if ((opened->flags & O_ACCMODE) == O_RDONLY) return fail(EBADF);
  if (opened->directory) return fail(EISDIR);
  if (size > std::numeric_limits<off_t>::max() - offset) return fail(EFBIG);
  if ((mode & ~kPassed) != 0 || kernel_.absent(wire::Opcode::fallocate)) return fail(EOPNOTSUPP);
  TRY(remove_privileges(opened->file.node));
  fuse::Fallocate op;
  op.node = opened->file.node;
  op.handle = opened->file.handle;
  op.offset = static_cast<std::uint64_t>(offset);
  op.length = static_cast<std::uint64_t>(size);
  op.mode = static_cast<std::uint32_t>(mode);
  auto done = kernel_.call(op);
  kernel_.expire_attributes(op.node);
  if (done) return {};
  return done.error() == Errno{ENOSYS} ? fail(EOPNOTSUPP) : fail(done.error());
}

Result<std::size_t> Vfs::copy_by_hand(Opened& from, off_t offset, Opened& to, off_t to_offset,
                                      std::size_t size) {
  const std::string data = TRY(kernel_.read(from.file, static_cast<std::uint64_t>(offset), size));
  return write_at(to, data, to_offset);
}

Result<std::size_t> Vfs::copy_file_range(int from_file, off_t offset, int to_file, off_t to_offset,
                                         std::size_t size) {
  Opened* from = TRY(opened(from_file));
  Opened* to = TRY(opened(to_file));
  if (from->directory || to->directory) return fail(EISDIR);
  TRY(readable(from_file));
  TRY(writable(to_file));
  if ((to->flags & O_APPEND) != 0) return fail(EBADF);
  if (offset < 0 || to_offset < 0) return fail(EINVAL);
  const auto end = static_cast<off_t>(TRY(attributes(from->file.node)).size);
  if (offset >= end) return 0;
  size = std::min(size, static_cast<std::size_t>(end - offset));
  const bool overlaps = offset < to_offset + static_cast<off_t>(size) &&
                        to_offset < offset + static_cast<off_t>(size);
  if (from->file.node == to->file.node && overlaps) return fail(EINVAL);
  if (size == 0) return 0;
  TRY(remove_privileges(to->file.node));
  fuse::CopyRange op;
  op.node = from->file.node;
  op.handle = from->file.handle;
  op.offset = static_cast<std::uint64_t>(offset);
  op.to_node = to->file.node;
  op.to_handle = to->file.handle;
  op.to_offset = static_cast<std::uint64_t>(to_offset);
  Result<fuse::Copied> copied = fail(ENOSYS);
  for (wire::Opcode opcode : {wire::Opcode::copy_file_range_64, wire::Opcode::copy_file_range}) {
    const bool wide = opcode == wire::Opcode::copy_file_range_64;
    if (wide && kernel_.profile().minor < kCopy64Since) continue;
    if (kernel_.absent(opcode)) continue;
    op.opcode = opcode;
    op.size = wide ? size : std::min(size, kMostCopied);
    copied = kernel_.call(op);
    if (copied || copied.error() != Errno{ENOSYS}) break;
  }
  if (copied) return static_cast<std::size_t>(copied->size);
  for (Errno by_hand : {Errno{ENOSYS}, Errno{EOPNOTSUPP}, Errno{EXDEV}}) {
    if (copied.error() == by_hand) return copy_by_hand(*from, offset, *to, to_offset, size);
  }
  return fail(copied.error());
}

}  // namespace sluice::testkit
