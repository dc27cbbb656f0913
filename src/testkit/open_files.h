// SPDX-License-Identifier: MIT
// Files and directories that are open, and the rule of io modes: while a node is open in
// passthrough, it can be opened in no other way and by no other backing; while it is open through
// the page cache, not in passthrough. Who breaks it gets EIO, as does everything else that goes
// wrong here, and then a RELEASE.
// source: linux fs/fuse/iomode.c fuse_file_io_open(), fs/fuse/passthrough.c fuse_passthrough_open()
#pragma once

#include "sluice/fuse/negotiated.h"
#include "sluice/testkit/nodes.h"

namespace sluice::testkit {

struct OpenFile {
  NodeId node{};
  FileHandle handle{};
  std::uint32_t flags = 0;  // of open(2), as the request carried them
  Flags<wire::OpenOutFlag> out_flags;
  enum class Kind { file, directory } kind = Kind::file;
  enum class Io { none, cached, passthrough } io = Io::none;
  std::shared_ptr<Backing> backing;  // while reads and writes pass through
  Fd lower;                          // opened again from it with the client's flags
};

class OpenFiles {
 public:
  OpenFiles(Nodes& nodes, BackingTable& backings, const KernelProfile& profile,
            Breaches& breaches) noexcept
      : nodes_{nodes}, backings_{backings}, profile_{profile}, breaches_{breaches} {}

  // INIT was answered.
  void settle(bool passthrough) noexcept { passthrough_ = passthrough; }

  // Takes an open reply. Gives the key of the new file. errors: EIO; a RELEASE is due then.
  Result<std::uint64_t> add(const std::string& what, NodeId node, const fuse::Opened& opened,
                            std::uint32_t flags, OpenFile::Kind kind);
  // The file is closed; its io mode ends before RELEASE is sent.
  void remove(std::uint64_t key);

  OpenFile* find(std::uint64_t key) noexcept;
  const OpenFile* find(std::uint64_t key) const noexcept;
  // Some open file of these; 0 where there is none.
  std::uint64_t key_of(NodeId node, FileHandle handle, OpenFile::Kind kind) const noexcept;
  std::vector<std::uint64_t> keys() const;

 private:
  Result<void> start_io(const std::string& what, OpenFile& file, BackingId id);
  Result<void> start_passthrough(const std::string& what, KnownNode& node, OpenFile& file,
                                 BackingId id);
  Result<void> start_one_shot(const std::string& what, OpenFile& file, BackingId id);
  Result<void> refuse(const std::string& what, const char* why);

  Nodes& nodes_;
  BackingTable& backings_;
  const KernelProfile& profile_;
  Breaches& breaches_;
  bool passthrough_ = false;
  std::uint64_t last_key_ = 0;
  std::map<std::uint64_t, OpenFile> files_;
};

}  // namespace sluice::testkit
