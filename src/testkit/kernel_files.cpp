// SPDX-License-Identifier: MIT
// The wrappers on open files and directories. What passes through is read and written here, under
// the credentials it was registered with, and sends no request.
// source: linux fs/fuse/file.c, fs/fuse/passthrough.c, fs/fuse/readdir.c
#include <fcntl.h>
#include <unistd.h>

#include <set>

#include "sluice/backing/credentials.h"
#include "sluice/testkit/kernel.h"

namespace sluice::testkit {
namespace {

using wire::InitFlag;

// What 64-bit kernels add to every open(2).
constexpr int kLargeFile = 0100000;
// O_CREAT, O_EXCL and O_NOCTTY never reach OPEN; O_TRUNC does once ATOMIC_O_TRUNC is taken.
fuse::OpenFlags sent_flags(int flags, const fuse::Negotiated& negotiated) noexcept {
  int kept = (flags | kLargeFile) & ~(O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC);
  if (!negotiated.has(InitFlag::atomic_o_trunc)) kept &= ~O_TRUNC;
  return fuse::OpenFlags{static_cast<std::uint32_t>(kept)};
}

// An ordinary caller's truncation strips setuid and setgid, which KILLPRIV_V2 leaves to the server.
bool kills_privileges(const fuse::Negotiated& negotiated, const Caller& caller) noexcept {
  return negotiated.has(InitFlag::handle_killpriv_v2) && raw(caller.uid) != 0;
}

}  // namespace

Result<File> Kernel::file_of(std::uint64_t key) {
  std::lock_guard lock{mutex_};
  OpenFile* file = files_.find(key);
  if (file == nullptr) return fail(EBADF);
  return File{file->node, file->handle, file->flags, file->out_flags, key};
}

Result<File> Kernel::open(NodeId node, int flags) {
  fuse::Open op;
  op.node = node;
  op.flags = sent_flags(flags, negotiated_);
  if (fuse::has(op.flags, O_TRUNC) && kills_privileges(negotiated_, caller())) {
    op.open_flags.set(wire::OpenInFlag::kill_suidgid);
  }
  auto started = start(op);
  TRY(wait(started));
  return file_of(started.key);
}

Result<NewFile> Kernel::create(NodeId parent, std::string_view name, int flags,
                               std::uint32_t mode) {
  const std::string text{name};
  fuse::Create op;
  op.node = parent;
  op.name = TRY(wire::Name::from(text.c_str()));
  op.flags =
      fuse::OpenFlags{static_cast<std::uint32_t>((flags | kLargeFile | O_CREAT) & ~O_NOCTTY)};
  op.mode = S_IFREG | masked(mode);
  op.umask = umask();
  if (fuse::has(op.flags, O_TRUNC) && !fuse::has(op.flags, O_EXCL) &&
      kills_privileges(negotiated_, caller())) {
    op.open_flags.set(wire::OpenInFlag::kill_suidgid);
  }
  auto started = start(op);
  const auto created = TRY(wait(started));
  return NewFile{created.entry, TRY(file_of(started.key))};
}

Result<NewFile> Kernel::tmpfile(NodeId parent, int flags, std::uint32_t mode) {
  fuse::MakeTmpFile op;
  op.node = parent;
  op.flags = fuse::OpenFlags{static_cast<std::uint32_t>(flags | kLargeFile | O_TMPFILE)};
  op.mode = S_IFREG | masked(mode);
  op.umask = umask();
  op.unused_name = "/";
  auto started = start(op);
  const auto created = TRY(wait(started));
  return NewFile{created.entry, TRY(file_of(started.key))};
}

Result<std::string> Kernel::read_lower(const File& file, std::uint64_t offset, std::size_t size) {
  Fd lower;
  {
    std::lock_guard lock{mutex_};
    OpenFile* open = files_.find(file.key);
    if (open == nullptr) return fail(EBADF);
    lower = TRY(open->lower.duplicate());
    // Access changes the times: Linux asks for them before it shows them again.
    if (KnownNode* node = nodes_.find(open->node)) node->attr_until = SimulatedTime::min();
  }
  std::string data(size, '\0');
  const auto got = TRY(checked(retry_interrupted(
      [&] { return ::pread(lower.get(), data.data(), size, static_cast<off_t>(offset)); })));
  data.resize(static_cast<std::size_t>(got));
  return data;
}

Result<std::size_t> Kernel::write_lower(const File& file, std::uint64_t offset,
                                        std::string_view data) {
  Fd lower;
  bool unprivileged = false;
  {
    std::lock_guard lock{mutex_};
    OpenFile* open = files_.find(file.key);
    if (open == nullptr) return fail(EBADF);
    lower = TRY(open->lower.duplicate());
    unprivileged = open->backing->fsuid != 0;
  }
  std::size_t written = 0;
  {
    backing::UnprivilegedScope scope{unprivileged};
    written = static_cast<std::size_t>(TRY(checked(retry_interrupted([&] {
      return ::pwrite(lower.get(), data.data(), data.size(), static_cast<off_t>(offset));
    }))));
  }
  std::lock_guard lock{mutex_};
  if (KnownNode* node = nodes_.find(file.node)) {
    node->attr_until = SimulatedTime::min();
    node->attr.size = std::max(node->attr.size, offset + written);
  }
  return written;
}

Result<std::string> Kernel::read(const File& file, std::uint64_t offset, std::size_t size) {
  if (passes_through(file)) return read_lower(file, offset, size);
  std::string all;
  while (all.size() < size) {
    fuse::Read op;
    op.node = file.node;
    op.handle = file.handle;
    op.offset = offset + all.size();
    op.size =
        static_cast<std::uint32_t>(std::min<std::size_t>(size - all.size(), negotiated_.max_write));
    op.flags = fuse::OpenFlags{file.flags};
    std::vector<std::byte> data;
    auto got = call(op, &data);
    if (!got && all.empty()) return fail(got.error());
    if (!got) break;
    all += text_of(data);
    if (data.size() < op.size) break;
  }
  return all;
}

Result<std::size_t> Kernel::write(const File& file, std::uint64_t offset, std::string_view data) {
  if (passes_through(file)) return write_lower(file, offset, data);
  std::size_t done = 0;
  while (done < data.size()) {
    fuse::Write op;
    op.node = file.node;
    op.handle = file.handle;
    op.offset = offset + done;
    op.data = bytes_of(data.substr(done, negotiated_.max_write));
    op.flags = fuse::OpenFlags{file.flags};
    if (kills_privileges(negotiated_, caller())) op.write_flags.set(wire::WriteFlag::kill_suidgid);
    auto written = call(op);
    if (!written && done == 0) return fail(written.error());
    if (!written) break;
    done += written->size;
    if (written->size < op.data.size()) break;
  }
  return done;
}

Result<void> Kernel::flush(const File& file) {
  if (file.out_flags.has(wire::OpenOutFlag::noflush) || absent(wire::Opcode::flush)) return {};
  fuse::Flush op;
  op.node = file.node;
  op.handle = file.handle;
  auto done = call(op);
  if (!done && done.error() != Errno{ENOSYS}) return fail(done.error());
  return {};
}

Result<void> Kernel::fsync(const File& file, Flags<wire::FsyncFlag> flags) {
  if (absent(wire::Opcode::fsync)) return {};
  fuse::Fsync op;
  op.node = file.node;
  op.handle = file.handle;
  op.flags = flags;
  auto done = call(op);
  if (!done && done.error() != Errno{ENOSYS}) return fail(done.error());
  return {};
}

void Kernel::release(const File& file, LockOwner flock_owner) {
  {
    std::lock_guard lock{mutex_};
    files_.remove(file.key);
  }
  fuse::Release op;
  op.node = file.node;
  op.handle = file.handle;
  op.flags = fuse::OpenFlags{file.flags};
  if (raw(flock_owner) != 0) {
    op.release_flags.set(wire::ReleaseFlag::flock_unlock);
    op.owner = flock_owner;
  }
  auto started = start_prepared(op);
  static_cast<void>(wait(started));
}

void Kernel::close(const File& file) {
  static_cast<void>(flush(file));
  release(file);
}

Result<File> Kernel::opendir(NodeId node) {
  fuse::OpenDir op;
  op.node = node;
  op.flags = sent_flags(O_RDONLY | O_DIRECTORY | O_NONBLOCK, negotiated_);
  auto started = start(op);
  TRY(wait(started));
  return file_of(started.key);
}

void Kernel::releasedir(const File& dir) {
  fuse::ReleaseDir op;
  op.node = dir.node;
  op.handle = dir.handle;
  op.flags = fuse::OpenFlags{dir.flags};
  {
    std::lock_guard lock{mutex_};
    files_.remove(dir.key);
  }
  auto started = start_prepared(op);
  static_cast<void>(wait(started));
}

}  // namespace sluice::testkit
