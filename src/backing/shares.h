// SPDX-License-Identifier: MIT
// One io mode and one backing id for each node. While any file of a node is open, the kernel
// answers EIO to an open in the other mode, to one that names another id, and to a reply that names
// an id just closed. So the first open decides the mode, later ones follow it, and an id is counted
// from before the reply is sent until RELEASE.
// source: linux fs/fuse/iomode.c fuse_inode_uncached_io_start(), fuse_file_cached_io_open()
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "sluice/backing/registrar.h"

namespace sluice::backing {

// Where a node's open count and backing id lie: beside the nodes, so that they outlive the process.
class Ledger {
 public:
  virtual ~Ledger() = default;
  struct Record {
    BackingId id = kNoBacking;  // of a node whose open files pass through
    std::uint32_t opens = 0;    // open files, passing through or served
  };
  // errors of all: ESTALE no such node.
  virtual Result<Record> read(NodeId node) noexcept = 0;
  virtual Result<void> set_id(NodeId node, BackingId id) noexcept = 0;
  virtual Result<void> add_open(NodeId node) noexcept = 0;
  // Gives the record as it is afterwards.
  virtual Result<Record> remove_open(NodeId node) noexcept = 0;
};

// How one open goes on.
struct Mode {
  BackingId id = kNoBacking;     // passes through, or is served where there is none
  std::optional<Errno> refusal;  // why a registration failed; it concerns this file alone
};

class Shares {
 public:
  // Both outlive this.
  Shares(Registrar& registrar, Ledger& ledger) noexcept : registrar_{registrar}, ledger_{ledger} {}

  // Counts one more open file of `node`, and passes it through if `lower` is given and no file of
  // the node is being served. errors: ESTALE no such node; ENFILE too many are open.
  // locks: the node's stripe, over the ioctl.
  Result<Mode> open(NodeId node, const Fd* lower) noexcept;

  // Takes one open file back; the id is closed with the last.
  void close(NodeId node) noexcept;

  Registrar& registrar() noexcept { return registrar_; }

 private:
  std::mutex& stripe(NodeId node) noexcept { return stripes_[raw(node) % stripes_.size()]; }
  Mode start(NodeId node, const Fd& lower) noexcept;

  Registrar& registrar_;
  Ledger& ledger_;
  std::array<std::mutex, 64> stripes_;
};

}  // namespace sluice::backing
