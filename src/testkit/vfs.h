// SPDX-License-Identifier: MIT
// The world of a mount behind testkit's kernel: paths, as Linux's VFS turns them into requests.
// Names are walked one by one and remembered for as long as their entries hold; permissions are
// checked as with default_permissions; "." and ".." never reach the server; what an ordinary writer
// must lose is taken away as negotiated; nodes that nothing names any more are forgotten at once.
// What it has no page cache for it asks every time: data is read and written in full.
// For one thread. source: linux fs/namei.c, fs/open.c, fs/attr.c, fs/xattr.c, fs/fuse/dir.c
#pragma once

#include <functional>
#include <map>
#include <set>

#include "sluice/testkit/kernel.h"
#include "sluice/testkit/world.h"

namespace sluice::testkit {

class Vfs final : public World {
 public:
  // `kernel` has mounted a session, and outlives this.
  explicit Vfs(Kernel& kernel);
  // Closes what is open and forgets every node.
  ~Vfs() override;

  Kernel& kernel() noexcept { return kernel_; }
  // Forgets every name and every node that no open file holds.
  void drop_caches();
  // The node that a path leads to.
  Result<NodeId> node_of(const std::string& path, Follow follow = Follow::yes);

  std::optional<std::string> real_path(const std::string&) const override { return std::nullopt; }
  bool can_become() const override { return true; }
  void become(const Identity& who) override;
  void umask(mode_t mask) override { kernel_.set_umask(mask); }

  Result<int> open(const std::string& path, int flags, mode_t mode = 0) override;
  Result<void> close(int file) override;
  Result<std::string> read(int file, std::size_t size) override;
  Result<std::string> pread(int file, std::size_t size, off_t offset) override;
  Result<std::size_t> write(int file, std::string_view data) override;
  Result<std::size_t> pwrite(int file, std::string_view data, off_t offset) override;
  Result<off_t> lseek(int file, off_t offset, int whence) override;
  Result<void> fsync(int file) override;
  Result<void> fdatasync(int file) override;
  Result<void> fallocate(int file, int mode, off_t offset, off_t size) override;
  Result<std::size_t> copy_file_range(int from, off_t offset, int to, off_t to_offset,
                                      std::size_t size) override;
  Result<void> lock(int file, LockKind kind, int type, off_t start, off_t size,
                    Waiting waiting = Waiting::no) override;
  Result<int> locked_by(int file, int type, off_t start, off_t size) override;
  Result<std::vector<NamedEntry>> getdents(int directory) override;

  Result<struct stat> fstat(int file) override;
  Result<struct stat> stat(const std::string& path, Follow follow = Follow::yes) override;
  Result<std::optional<timespec>> birth(const std::string& path) override;
  Result<struct statvfs> statfs(const std::string& path) override;
  Result<void> access(const std::string& path, int mode) override;
  Result<void> truncate(const std::string& path, off_t size) override;
  Result<void> ftruncate(int file, off_t size) override;
  Result<void> chmod(const std::string& path, mode_t mode) override;
  Result<void> fchmod(int file, mode_t mode) override;
  Result<void> chown(const std::string& path, unsigned uid, unsigned gid,
                     Follow follow = Follow::yes) override;
  Result<void> utimens(const std::string& path, const std::array<timespec, 2>& times,
                       Follow follow = Follow::yes) override;

  Result<void> mkdir(const std::string& path, mode_t mode) override;
  Result<void> rmdir(const std::string& path) override;
  Result<void> mknod(const std::string& path, mode_t mode, dev_t device) override;
  Result<void> unlink(const std::string& path) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> link_file(int file, const std::string& to) override;
  Result<void> symlink(const std::string& target, const std::string& path) override;
  Result<std::string> readlink(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to, unsigned flags = 0) override;

  Result<std::string> getxattr(const std::string& path, const std::string& name,
                               std::size_t size = 65536) override;
  Result<std::vector<std::string>> listxattr(const std::string& path) override;
  Result<void> setxattr(const std::string& path, const std::string& name, std::string_view value,
                        int flags = 0) override;
  Result<void> removexattr(const std::string& path, const std::string& name) override;

 private:
  struct Dentry {
    NodeId node{};  // kNoNode: known not to be there
    SimulatedTime until{};
  };
  using Name = std::pair<NodeId, std::string>;

  // Where a walk ends: at a node, or at a name that is not there yet.
  struct Place {
    NodeId parent{};  // kNoNode where the last component was "." or ".." or the root
    std::string name;
    NodeId node{};
    bool dots = false;             // the last component was "." or ".."
    bool wants_directory = false;  // a slash followed it
    bool exists() const noexcept { return node != kNoNode; }
  };
  struct Opened {
    File file;
    int flags = 0;
    bool directory = false;
    bool linkable = true;  // O_TMPFILE without O_EXCL
    off_t position = 0;    // of a directory, the offset to list from
    bool flocked = false;  // flock(2) went to the server
  };
  struct LocalLock {
    int file = 0;
    NodeId node{};
    LockKind kind{};
    int type = 0;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
  };
  // What a write or truncation by this caller takes away from a file.
  struct Privileges {
    bool bits = false;          // setuid, setgid
    bool capabilities = false;  // security.capability
  };

  // Names (vfs_walk.cpp).
  Result<Place> walk(const std::string& path, Follow last);
  Result<Place> existing(const std::string& path, Follow last);
  Result<Place> parent_of(const std::string& path);  // errors: as walk()
  Result<void> may_rename(const Place& from, const Place& to, unsigned flags);
  // Whether `upper` is `lower` or lies above it, as far as names are remembered.
  Result<bool> is_above(NodeId upper, NodeId lower);
  Result<NodeId> look(NodeId parent, const std::string& name);
  Result<NodeId> ask(NodeId parent, const std::string& name);
  void remember(NodeId parent, const std::string& name, NodeId node, SimulatedTime until);
  void remember(NodeId parent, const std::string& name, const Entry& entry);
  void lose(NodeId parent, const std::string& name);
  void let_go(NodeId node);
  void forget_if_unused(NodeId node);
  template <class Call>
  auto retry_stale(Call call) -> decltype(call()) {
    auto result = call();
    if (result || result.error() != Errno{ESTALE}) return result;
    // Linux walks the path once more, asking for every name.
    revalidate_ = true;
    result = call();
    revalidate_ = false;
    return result;
  }

  // Attributes and permissions (vfs_permission.cpp).
  Result<fuse::Attr> attributes(NodeId node);
  Result<fuse::Attr> refreshed(NodeId node);
  Result<std::uint32_t> type_of(NodeId node);
  Result<void> may(NodeId node, int mask);
  Result<void> may_by(NodeId node, const fuse::Attr& attr, int mask);
  std::optional<bool> may_by_acl(NodeId node, const fuse::Attr& attr, int mask);
  Result<void> may_remove(NodeId parent, NodeId victim);
  bool is_root() const noexcept { return who_.uid == 0; }
  bool owns(const fuse::Attr& attr) const noexcept {
    return is_root() || raw(attr.uid) == who_.uid;
  }
  bool in_group(Gid gid) const noexcept;
  mode_t without_foreign_setgid(NodeId parent, mode_t mode);

  // Changes (vfs_attr.cpp).
  Result<void> set_attr(NodeId node, fuse::SetAttr op);
  Result<Privileges> lost_by_writing(NodeId node);
  Result<void> remove_privileges(NodeId node);
  Result<void> set_size(NodeId node, off_t size, const File* file);
  Result<void> change_mode(NodeId node, mode_t mode);
  Flags<wire::SetattrValid> kill_bits(const fuse::Attr& attr, fuse::SetAttr& op);

  // Open files (vfs_open.cpp, vfs_data.cpp, vfs_lock.cpp).
  Result<int> open_once(const std::string& path, int flags, mode_t mode);
  Result<int> open_existing(const Place& place, int flags);
  Result<int> create_and_open(const Place& place, int flags, mode_t mode);
  Result<int> open_tmpfile(const std::string& path, int flags, mode_t mode);
  int add(Opened opened);
  Result<Opened*> opened(int file);
  Result<Opened*> readable(int file);
  Result<Opened*> writable(int file);
  Result<std::size_t> write_at(Opened& opened, std::string_view data, off_t offset);
  Result<std::size_t> copy_by_hand(Opened& from, off_t offset, Opened& to, off_t to_offset,
                                   std::size_t size);
  Result<void> lock_here(const LocalLock& lock);
  Result<void> lock_there(int file, const LocalLock& lock, Waiting waiting);
  const LocalLock* in_the_way(const LocalLock& lock) const;
  Result<void> xattr_allowed(NodeId node, const std::string& name, int mask);
  std::optional<Entry> entry_of(const Listed& listed) const;

  Kernel& kernel_;
  Identity who_;
  bool revalidate_ = false;
  std::map<Name, Dentry> names_;
  std::map<NodeId, int> uses_;           // by names and open files
  std::set<NodeId> without_privileges_;  // Linux's S_NOSEC
  std::map<int, Opened> files_;
  std::vector<LocalLock> locks_;
  int last_file_ = 2;
};

}  // namespace sluice::testkit
