// SPDX-License-Identifier: MIT
// A small file system in memory that serves every operation, for tests of the session, of testkit's
// kernel and of the conformance suite itself. A regular file's bytes lie in a memory file of its
// own, so that holes, copying and passthrough are the real thing. One mutex; nothing is fast.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "conformance/lock_table.h"
#include "sluice/backing/shares.h"
#include "sluice/fuse/dispatch.h"

namespace conformance {

using namespace sluice;
using namespace std::chrono_literals;

class MemoryFs final : public backing::Ledger {
 public:
  enum class Locks { kernel, shared };
  struct Options {
    backing::Control* control = nullptr;  // regular files pass through where it is given
    Locks locks = Locks::kernel;
    fuse::Validity valid = 1h;  // of names and attributes
    Flags<fuse::InitFlag> refused = {};
  };
  explicit MemoryFs(Options options);
  MemoryFs() : MemoryFs(Options{}) {}

  // Nodes that the kernel holds beside the root, and open files and directories.
  std::size_t held() const;
  std::size_t open_files() const;

  Result<void, Error> init(fuse::Terms& terms);
  void ready(const fuse::Negotiated& negotiated);
  void forget(const fuse::Forget& forget);

  Result<fuse::Entry> lookup(const fuse::Lookup& op);
  Result<fuse::AttrReply> get_attr(const fuse::GetAttr& op);
  Result<fuse::StatxReply> get_statx(const fuse::GetStatx& op);
  Result<fuse::AttrReply> set_attr(const fuse::SetAttr& op);
  Result<fuse::Data> read_link(const fuse::ReadLink& op, fuse::ReadBuffer& out);
  Result<fuse::StatFs> stat_fs(const fuse::GetStatFs& op);
  Result<fuse::XattrData> get_xattr(const fuse::GetXattr& op, fuse::ReadBuffer& out);
  Result<fuse::XattrData> list_xattr(const fuse::ListXattr& op, fuse::ReadBuffer& out);
  Result<void> set_xattr(const fuse::SetXattr& op);
  Result<void> remove_xattr(const fuse::RemoveXattr& op);

  Result<fuse::Entry> make_node(const fuse::MakeNode& op);
  Result<fuse::Entry> make_dir(const fuse::MakeDir& op);
  Result<fuse::Entry> make_symlink(const fuse::MakeSymlink& op);
  Result<fuse::Entry> make_link(const fuse::MakeLink& op);
  Result<void> unlink(const fuse::Unlink& op);
  Result<void> remove_dir(const fuse::RemoveDir& op);
  Result<void> rename(const fuse::Rename& op);

  Result<fuse::Opened> open(const fuse::Open& op);
  Result<fuse::Created> create(const fuse::Create& op);
  Result<fuse::Created> make_tmp_file(const fuse::MakeTmpFile& op);
  Result<fuse::Data> read(const fuse::Read& op, fuse::ReadBuffer& out);
  Result<fuse::Written> write(const fuse::Write& op);
  Result<void> flush(const fuse::Flush& op);
  Result<void> release(const fuse::Release& op);
  Result<void> fsync(const fuse::Fsync& op);
  Result<void> fallocate(const fuse::Fallocate& op);
  Result<fuse::Position> seek(const fuse::Seek& op);
  Result<fuse::Copied> copy_range(const fuse::CopyRange& op);
  Result<fuse::LockInfo> get_lock(const fuse::GetLock& op);
  Result<void> set_lock(const fuse::SetLock& op);
  void set_lock_wait(const fuse::SetLockWait& op, fuse::Reply<fuse::Done> reply);

  Result<fuse::Opened> open_dir(const fuse::OpenDir& op);
  Result<void> read_dir(const fuse::ReadDir& op, fuse::DirWriter& out);
  Result<void> read_dir_plus(const fuse::ReadDirPlus& op, fuse::DirPlusWriter& out);
  Result<void> release_dir(const fuse::ReleaseDir& op);

  void undelivered(const fuse::Request&, const fuse::Entry& entry);
  void undelivered(const fuse::Request& op, const fuse::Opened& opened);
  void undelivered(const fuse::Request& op, const fuse::Created& created);
  void undelivered(const fuse::ReadDirPlus&, fuse::DirPlusWriter& out);

  Result<Record> read(NodeId node) noexcept override;
  Result<void> set_id(NodeId node, BackingId id) noexcept override;
  Result<void> add_open(NodeId node) noexcept override;
  Result<Record> remove_open(NodeId node) noexcept override;

 private:
  struct Child {
    NodeId node{};
    std::uint64_t cookie = 0;  // never used again: a listing goes on after removals
  };
  struct Inode {
    fuse::Attr attr;
    fuse::Time born;
    std::uint64_t lookups = 0;
    std::uint32_t opens = 0;
    Record record;
    NodeId parent{};  // of a directory
    std::map<std::string, Child, std::less<>> children;
    std::map<std::uint64_t, std::string> listing;  // name by cookie
    std::uint64_t last_cookie = 2;                 // 1 and 2 are "." and ".."
    std::string target;
    Fd memory;
    std::map<std::string, std::string, std::less<>> xattrs;
  };

  Result<Inode*> inode(NodeId node);
  Result<Inode*> directory(NodeId node);
  Result<Child*> child(Inode& dir, std::string_view name);
  fuse::Attr attributes(const Inode& inode) const;
  fuse::Entry entry(NodeId node, Inode& inode);  // counts a lookup
  Result<NodeId> make(NodeId parent, std::string_view name, const fuse::Request& op,
                      std::uint32_t mode, std::uint32_t umask);
  void attach(NodeId parent, Inode& dir, std::string_view name, NodeId node);
  void detach(Inode& dir, std::string_view name);
  void drop_if_unused(NodeId node);
  Result<void> remove(NodeId parent, std::string_view name, bool wants_directory);
  Result<void> check_target(NodeId source, NodeId target, bool same_kind_only);
  Result<fuse::Opened> opened(NodeId node);
  void closed(NodeId node);
  void strip(Inode& inode);
  static void touch(Inode& inode);

  const Options options_;
  std::optional<backing::Registrar> registrar_;
  std::optional<backing::Shares> shares_;
  backing::Choice choice_;
  bool masks_ = false;          // the umask is applied here
  bool asks_to_strip_ = false;  // the kernel says when setuid and setgid must go

  mutable std::recursive_mutex mutex_;  // guards all below; not held while `shares_` is called
  std::map<NodeId, Inode> nodes_;
  std::uint64_t last_node_ = 1;
  LockTable locks_;
};

}  // namespace conformance
