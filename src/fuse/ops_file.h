// SPDX-License-Identifier: MIT
// Operations on open files.
#pragma once

#include <fcntl.h>

#include "sluice/fuse/op.h"
#include "sluice/fuse/room.h"

namespace sluice::fuse {

// The flags of open(2) as the kernel passes them on: never O_CREAT, O_EXCL or O_NOCTTY, and
// O_TRUNC only once ATOMIC_O_TRUNC is taken.
// source: linux fs/fuse/file.c fuse_send_open()
enum class OpenFlags : std::uint32_t {};

constexpr int access_mode(OpenFlags flags) noexcept { return static_cast<int>(raw(flags)) & O_ACCMODE; }
constexpr bool wants_write(OpenFlags flags) noexcept { return access_mode(flags) != O_RDONLY; }
constexpr bool has(OpenFlags flags, int bits) noexcept {
  return (static_cast<int>(raw(flags)) & bits) == bits;
}

// Opens a node. kill_suidgid asks to strip setuid and setgid beside O_TRUNC.
struct Open : Request {
  using Answer = Opened;
  SLUICE_HANDLER(open)
  OpenFlags flags{};
  Flags<wire::OpenInFlag> open_flags;
  using In = wire::OpenIn;
  using Wire = Forms<Form<Opcode::open, Layout<In, Field<&Open::flags, &In::flags>,
                                               Field<&Open::open_flags, &In::open_flags>>>>;
};

// Makes and opens `name` in the directory `node` (open(2) with O_CREAT where no node is known).
struct Create : Request {
  using Answer = Created;
  SLUICE_HANDLER(create)
  wire::Name name;
  OpenFlags flags{};
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
  Flags<wire::OpenInFlag> open_flags;
  using In = wire::CreateIn;
  using Wire = Forms<Form<
      Opcode::create, Layout<In, Field<&Create::flags, &In::flags>, Field<&Create::mode, &In::mode>,
                             Field<&Create::umask, &In::umask>,
                             Field<&Create::open_flags, &In::open_flags>, NameItem<&Create::name>>>>;
};

// Makes and opens a file without a name in the directory `node` (O_TMPFILE). The wire carries a
// name that means nothing ("/").
struct MakeTmpFile : Request {
  using Answer = Created;
  SLUICE_HANDLER(make_tmp_file)
  OpenFlags flags{};
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
  Flags<wire::OpenInFlag> open_flags;
  std::string_view unused_name;
  using In = wire::CreateIn;
  using Wire = Forms<Form<
      Opcode::tmpfile,
      Layout<In, Field<&MakeTmpFile::flags, &In::flags>, Field<&MakeTmpFile::mode, &In::mode>,
             Field<&MakeTmpFile::umask, &In::umask>, Field<&MakeTmpFile::open_flags, &In::open_flags>,
             TextItem<&MakeTmpFile::unused_name>>>>;
};

// Fills the room with up to `size` bytes from `offset`; fewer means end of file.
struct Read : Request {
  using Answer = Data;
  using Room = ReadBuffer;
  SLUICE_HANDLER(read)
  FileHandle handle{};
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  Flags<wire::ReadFlag> read_flags;
  LockOwner owner{};
  OpenFlags flags{};
  std::uint32_t room_size() const noexcept { return size; }
  using In = wire::ReadIn;
  using Wire = Forms<Form<
      Opcode::read, Layout<In, Field<&Read::handle, &In::fh>, Field<&Read::offset, &In::offset>,
                           Field<&Read::size, &In::size>, Field<&Read::read_flags, &In::read_flags>,
                           Field<&Read::owner, &In::lock_owner>, Field<&Read::flags, &In::flags>>>>;
};

// Writes `data` at `offset`. kill_suidgid asks to strip setuid and setgid.
struct Write : Request {
  using Answer = Written;
  SLUICE_HANDLER(write)
  FileHandle handle{};
  std::uint64_t offset = 0;
  Bytes data;
  Flags<wire::WriteFlag> write_flags;
  LockOwner owner{};
  OpenFlags flags{};
  using In = wire::WriteIn;
  using Wire = Forms<Form<
      Opcode::write, Layout<In, Field<&Write::handle, &In::fh>, Field<&Write::offset, &In::offset>,
                            Field<&Write::write_flags, &In::write_flags>,
                            Field<&Write::owner, &In::lock_owner>, Field<&Write::flags, &In::flags>,
                            SizedBytes<&Write::data, &In::size>>>>;
};

// One descriptor of an open file was closed by `owner`; there may be several for one Open.
struct Flush : Request {
  using Answer = Done;
  SLUICE_HANDLER(flush)
  FileHandle handle{};
  LockOwner owner{};
  using In = wire::FlushIn;
  using Wire = Forms<Form<Opcode::flush, Layout<In, Field<&Flush::handle, &In::fh>,
                                                Field<&Flush::owner, &In::lock_owner>>>>;
};

// The last reference to an open file is gone. Exactly one for each Opened that reached the kernel.
struct Release : Request {
  using Answer = Done;
  SLUICE_HANDLER(release)
  FileHandle handle{};
  OpenFlags flags{};
  Flags<wire::ReleaseFlag> release_flags;
  LockOwner owner{};
  using In = wire::ReleaseIn;
  using Wire = Forms<
      Form<Opcode::release, Layout<In, Field<&Release::handle, &In::fh>, Field<&Release::flags, &In::flags>,
                                   Field<&Release::release_flags, &In::release_flags>,
                                   Field<&Release::owner, &In::lock_owner>>>>;
};

struct Fsync : Request {
  using Answer = Done;
  SLUICE_HANDLER(fsync)
  FileHandle handle{};
  Flags<wire::FsyncFlag> flags;
  using In = wire::FsyncIn;
  using Wire = Forms<Form<Opcode::fsync, Layout<In, Field<&Fsync::handle, &In::fh>,
                                                Field<&Fsync::flags, &In::fsync_flags>>>>;
};

struct Fallocate : Request {
  using Answer = Done;
  SLUICE_HANDLER(fallocate)
  FileHandle handle{};
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint32_t mode = 0;  // FALLOC_FL_*
  using In = wire::FallocateIn;
  using Wire = Forms<Form<
      Opcode::fallocate,
      Layout<In, Field<&Fallocate::handle, &In::fh>, Field<&Fallocate::offset, &In::offset>,
             Field<&Fallocate::length, &In::length>, Field<&Fallocate::mode, &In::mode>>>>;
};

// SEEK_DATA and SEEK_HOLE; the kernel does the other origins itself.
struct Seek : Request {
  using Answer = Position;
  SLUICE_HANDLER(seek)
  FileHandle handle{};
  std::uint64_t offset = 0;
  std::uint32_t whence = 0;
  using In = wire::LseekIn;
  using Wire = Forms<
      Form<Opcode::lseek, Layout<In, Field<&Seek::handle, &In::fh>, Field<&Seek::offset, &In::offset>,
                                 Field<&Seek::whence, &In::whence>>>>;
};

// Copies between two open files of the mount; the 64-bit form came with Linux 6.18.
struct CopyRange : Request {
  using Answer = Copied;
  SLUICE_HANDLER(copy_range)
  FileHandle handle{};
  std::uint64_t offset = 0;
  NodeId to_node{};
  FileHandle to_handle{};
  std::uint64_t to_offset = 0;
  std::uint64_t size = 0;
  std::uint64_t flags = 0;
  using In = wire::CopyFileRangeIn;
  using Arguments =
      Layout<In, Field<&CopyRange::handle, &In::fh_in>, Field<&CopyRange::offset, &In::off_in>,
             Field<&CopyRange::to_node, &In::nodeid_out>, Field<&CopyRange::to_handle, &In::fh_out>,
             Field<&CopyRange::to_offset, &In::off_out>, Field<&CopyRange::size, &In::len>,
             Field<&CopyRange::flags, &In::flags>>;
  using Wire = Forms<Form<Opcode::copy_file_range, Arguments>,
                     Form<Opcode::copy_file_range_64, Arguments>>;
};

// ioctl(2) with its in-data; at most `out_size` bytes may be answered.
struct Ioctl : Request {
  using Answer = IoctlReply;
  using Room = ReadBuffer;
  SLUICE_HANDLER(ioctl)
  FileHandle handle{};
  Flags<wire::IoctlFlag> flags;
  std::uint32_t command = 0;
  std::uint64_t argument = 0;
  Bytes input;
  std::uint32_t out_size = 0;
  std::uint32_t room_size() const noexcept { return out_size; }
  using In = wire::IoctlIn;
  using Wire = Forms<
      Form<Opcode::ioctl, Layout<In, Field<&Ioctl::handle, &In::fh>, Field<&Ioctl::flags, &In::flags>,
                                 Field<&Ioctl::command, &In::cmd>, Field<&Ioctl::argument, &In::arg>,
                                 Field<&Ioctl::out_size, &In::out_size>,
                                 SizedBytes<&Ioctl::input, &In::in_size>>>>;
};

// poll(2). With PollFlag::schedule_notify, notify_poll(kernel_handle) is due when that changes.
struct Poll : Request {
  using Answer = Polled;
  SLUICE_HANDLER(poll)
  FileHandle handle{};
  std::uint64_t kernel_handle = 0;
  Flags<wire::PollFlag> flags;
  std::uint32_t events = 0;
  using In = wire::PollIn;
  using Wire = Forms<Form<
      Opcode::poll, Layout<In, Field<&Poll::handle, &In::fh>, Field<&Poll::kernel_handle, &In::kh>,
                           Field<&Poll::flags, &In::flags>, Field<&Poll::events, &In::events>>>>;
};

// Maps a file's block to the device's; fuseblk mounts only.
struct MapBlock : Request {
  using Answer = BlockMap;
  SLUICE_HANDLER(map_block)
  std::uint64_t block = 0;
  std::uint32_t block_size = 0;
  using In = wire::BmapIn;
  using Wire = Forms<Form<Opcode::bmap, Layout<In, Field<&MapBlock::block, &In::block>,
                                               Field<&MapBlock::block_size, &In::blocksize>>>>;
};

}  // namespace sluice::fuse
