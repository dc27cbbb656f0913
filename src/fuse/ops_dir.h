// SPDX-License-Identifier: MIT
// Operations on open directories.
#pragma once

#include "sluice/fuse/dir_writer.h"
#include "sluice/fuse/op.h"
#include "sluice/fuse/ops_file.h"

namespace sluice::fuse {

struct OpenDir : Request {
  using Answer = Opened;
  SLUICE_HANDLER(open_dir)
  OpenFlags flags{};
  using In = wire::OpenIn;
  using Wire = Forms<Form<Opcode::opendir, Layout<In, Field<&OpenDir::flags, &In::flags>>>>;
};

// Lists names from `offset`, which is 0 or the `next` of an entry listed before. An answer without
// any entry says the end was reached.
struct ReadDir : Request {
  using Answer = Done;
  using Room = DirWriter;
  SLUICE_HANDLER(read_dir)
  FileHandle handle{};
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t room_size() const noexcept { return size; }
  using In = wire::ReadIn;
  using Wire = Forms<
      Form<Opcode::readdir, Layout<In, Field<&ReadDir::handle, &In::fh>,
                                   Field<&ReadDir::offset, &In::offset>, Field<&ReadDir::size, &In::size>>>>;
};

// The same with attributes; each entry listed with a node counts one lookup of it.
struct ReadDirPlus : Request {
  using Answer = Done;
  using Room = DirPlusWriter;
  SLUICE_HANDLER(read_dir_plus)
  FileHandle handle{};
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t room_size() const noexcept { return size; }
  using In = wire::ReadIn;
  using Wire = Forms<Form<Opcode::readdirplus,
                          Layout<In, Field<&ReadDirPlus::handle, &In::fh>,
                                 Field<&ReadDirPlus::offset, &In::offset>,
                                 Field<&ReadDirPlus::size, &In::size>>>>;
};

struct ReleaseDir : Request {
  using Answer = Done;
  SLUICE_HANDLER(release_dir)
  FileHandle handle{};
  OpenFlags flags{};
  using In = wire::ReleaseIn;
  using Wire = Forms<Form<Opcode::releasedir, Layout<In, Field<&ReleaseDir::handle, &In::fh>,
                                                     Field<&ReleaseDir::flags, &In::flags>>>>;
};

struct FsyncDir : Request {
  using Answer = Done;
  SLUICE_HANDLER(fsync_dir)
  FileHandle handle{};
  Flags<wire::FsyncFlag> flags;
  using In = wire::FsyncIn;
  using Wire = Forms<Form<Opcode::fsyncdir, Layout<In, Field<&FsyncDir::handle, &In::fh>,
                                                   Field<&FsyncDir::flags, &In::fsync_flags>>>>;
};

}  // namespace sluice::fuse
