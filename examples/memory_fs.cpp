// SPDX-License-Identifier: MIT
// A file system that lives in memory: directories, files, links, extended attributes, renames.
// What it does not serve (open, create, flush, fsync, access) the kernel does without: it is told
// ENOSYS once, opens files by itself from then on, and makes them with make_node().
//
// One mutex guards all. A node stays until its last name is gone and the kernel has forgotten it,
// so that an unlinked file can be used for as long as it is open.
#include <linux/fs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include <sluice/fuse.h>

using namespace sluice;
using namespace sluice::fuse;
using namespace std::chrono_literals;

namespace {

// Nobody but the kernel changes anything here, so it may remember what it was told.
constexpr Validity kValid = 1h;
constexpr std::uint64_t kMaxFileSize = 1ULL << 30;
// Attributes under this name mean something (ACLs) that a file system has to do, not just to keep.
constexpr std::string_view kSystem = "system.";

Time now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

// The names in a directory. Listing goes by cookies, which are never used again, so that it neither
// skips nor repeats names while others come and go.
class Names {
 public:
  struct Child {
    std::string name;
    NodeId node;
  };
  using ByCookie = std::map<std::uint64_t, Child>;

  NodeId find(std::string_view name) const {
    auto found = cookies_.find(name);
    return found == cookies_.end() ? kNoNode : children_.at(found->second).node;
  }
  void add(std::string_view name, NodeId node) {
    children_.emplace(next_, Child{std::string{name}, node});
    cookies_.emplace(name, next_++);
  }
  void remove(std::string_view name) {
    auto found = cookies_.find(name);
    if (found == cookies_.end()) return;
    children_.erase(found->second);
    cookies_.erase(found);
  }
  bool empty() const noexcept { return cookies_.empty(); }
  // The children whose cookie is `from` or above.
  ByCookie::const_iterator from(std::uint64_t cookie) const {
    return children_.lower_bound(cookie);
  }
  ByCookie::const_iterator end() const noexcept { return children_.end(); }

 private:
  std::map<std::string, std::uint64_t, std::less<>> cookies_;
  ByCookie children_;
  std::uint64_t next_ = 2;  // 0 and 1 are `.` and `..`
};

struct Node {
  Attr attr;
  std::string data;         // of a file; the target of a symbolic link
  Names names;              // of a directory
  NodeId parent = kNoNode;  // of a directory
  std::map<std::string, std::string, std::less<>> xattrs;
  std::uint64_t lookups = 0;  // that the kernel has not forgotten
};

class MemoryFs {
 public:
  MemoryFs() {
    Node& root = nodes_[kRoot];
    root.attr = Attr::directory(kRoot, Mode{0755});
    root.attr.uid = Uid{::getuid()};
    root.attr.gid = Gid{::getgid()};
    root.attr.atime = root.attr.mtime = root.attr.ctime = now();
    root.parent = kRoot;
    root.lookups = 1;
  }

  void forget(const Forget& r) {
    std::lock_guard lock{mutex_};
    if (auto found = nodes_.find(r.node); found != nodes_.end()) {
      found->second.lookups -= std::min(found->second.lookups, r.count);
      drop_if_unused(r.node);
    }
  }

  Result<Entry> lookup(const Lookup& r) {
    std::lock_guard lock{mutex_};
    const Node* directory = TRY(directory_of(r.node));
    const NodeId node = directory->names.find(r.name.view());
    if (node == kNoNode) return Entry::negative(kValid);
    return entry_of(node);
  }

  Result<AttrReply> get_attr(const GetAttr& r) {
    std::lock_guard lock{mutex_};
    return AttrReply{TRY(node_of(r.node))->attr, kValid};
  }

  Result<AttrReply> set_attr(const SetAttr& r) {
    using enum wire::SetattrValid;
    std::lock_guard lock{mutex_};
    Node& node = *TRY(node_of(r.node));
    Attr& attr = node.attr;
    const Time time = now();
    if (r.valid.has(size)) {
      if (r.size > kMaxFileSize) return fail(EFBIG);
      resize(node, r.size);
      attr.mtime = time;
    }
    if (r.valid.has(mode))
      attr.mode = (attr.mode & S_IFMT) | (r.mode & ~static_cast<unsigned>(S_IFMT));
    if (r.valid.has(uid)) attr.uid = r.uid;
    if (r.valid.has(gid)) attr.gid = r.gid;
    if (r.valid.has(atime)) attr.atime = r.valid.has(atime_now) ? time : r.atime;
    if (r.valid.has(mtime)) attr.mtime = r.valid.has(mtime_now) ? time : r.mtime;
    attr.ctime = time;
    return AttrReply{attr, kValid};
  }

  Result<Entry> make_node(const MakeNode& r) {
    std::lock_guard lock{mutex_};
    Node& node = *TRY(make(r, r.name.view(), r.mode));
    node.attr.rdev = r.rdev;
    return entry_of(NodeId{node.attr.ino});
  }

  Result<Entry> make_dir(const MakeDir& r) {
    std::lock_guard lock{mutex_};
    Node& node = *TRY(make(r, r.name.view(), S_IFDIR | r.mode));
    return entry_of(NodeId{node.attr.ino});
  }

  Result<Entry> make_symlink(const MakeSymlink& r) {
    std::lock_guard lock{mutex_};
    Node& node = *TRY(make(r, r.name.view(), S_IFLNK | 0777));
    node.data = r.target;
    node.attr.size = node.data.size();
    return entry_of(NodeId{node.attr.ino});
  }

  Result<Entry> make_link(const MakeLink& r) {
    std::lock_guard lock{mutex_};
    Node& node = *TRY(node_of(r.existing));
    TRY(add_name(r.node, r.name.view(), node));
    ++node.attr.nlink;
    return entry_of(r.existing);
  }

  Result<Data> read_link(const ReadLink& r, ReadBuffer& out) {
    std::lock_guard lock{mutex_};
    return out.slice_of(TRY(node_of(r.node))->data, 0);
  }

  Result<void> unlink(const Unlink& r) {
    std::lock_guard lock{mutex_};
    return remove(r.node, r.name.view());
  }
  Result<void> remove_dir(const RemoveDir& r) {
    std::lock_guard lock{mutex_};
    return remove(r.node, r.name.view());
  }

  // The kernel has seen to it that no directory comes to lie below itself, and that only like
  // replaces like.
  Result<void> rename(const Rename& r) {
    using enum wire::RenameFlag;
    std::lock_guard lock{mutex_};
    if (r.flags.has(whiteout)) return fail(EINVAL);
    const NodeId moved = TRY(directory_of(r.node))->names.find(r.name.view());
    const NodeId there = TRY(directory_of(r.new_parent))->names.find(r.new_name.view());
    if (moved == kNoNode) return fail(ENOENT);
    if (r.flags.has(noreplace) && there != kNoNode) return fail(EEXIST);
    if (r.flags.has(exchange)) {
      if (there == kNoNode) return fail(ENOENT);
      take_name(r.node, r.name.view());
      take_name(r.new_parent, r.new_name.view());
      TRY(add_name(r.node, r.name.view(), nodes_.at(there)));
      return add_name(r.new_parent, r.new_name.view(), nodes_.at(moved));
    }
    if (moved == there) return {};
    if (there != kNoNode) TRY(remove(r.new_parent, r.new_name.view()));
    take_name(r.node, r.name.view());
    return add_name(r.new_parent, r.new_name.view(), nodes_.at(moved));
  }

  Result<Data> read(const Read& r, ReadBuffer& out) {
    std::lock_guard lock{mutex_};
    return out.slice_of(TRY(node_of(r.node))->data, r.offset);
  }

  Result<Written> write(const Write& r) {
    std::lock_guard lock{mutex_};
    Node& node = *TRY(node_of(r.node));
    if (r.offset > kMaxFileSize || r.data.size() > kMaxFileSize - r.offset) return fail(EFBIG);
    const std::uint64_t end = r.offset + r.data.size();
    if (end > node.data.size()) resize(node, end);
    if (!r.data.empty()) std::memcpy(node.data.data() + r.offset, r.data.data(), r.data.size());
    node.attr.mtime = node.attr.ctime = now();
    return Written{static_cast<std::uint32_t>(r.data.size())};
  }

  Result<void> read_dir(const ReadDir& r, DirWriter& out) {
    std::lock_guard lock{mutex_};
    const Node* directory = TRY(directory_of(r.node));
    if (r.offset < 1 && out.add(".", raw(r.node), S_IFDIR, 1) == Added::full) return {};
    if (r.offset < 2 && out.add("..", raw(directory->parent), S_IFDIR, 2) == Added::full) return {};
    const Names& names = directory->names;
    for (auto child = names.from(r.offset); child != names.end(); ++child) {
      const auto& [name, node] = child->second;
      const std::uint32_t type = nodes_.at(node).attr.mode & S_IFMT;
      if (out.add(name, raw(node), type, child->first + 1) == Added::full) break;
    }
    return {};
  }

  Result<StatFs> stat_fs(const GetStatFs&) {
    std::lock_guard lock{mutex_};
    StatFs reply;
    reply.fs.bsize = reply.fs.frsize = 4096;
    reply.fs.namelen = 255;
    reply.fs.files = nodes_.size();
    return reply;
  }

  Result<XattrData> get_xattr(const GetXattr& r, ReadBuffer& out) {
    if (r.name.starts_with(kSystem)) return fail(EOPNOTSUPP);
    std::lock_guard lock{mutex_};
    const auto& xattrs = TRY(node_of(r.node))->xattrs;
    const auto found = xattrs.find(r.name);
    if (found == xattrs.end()) return fail(ENODATA);
    return out.value(bytes_of(std::string_view{found->second}));
  }

  Result<XattrData> list_xattr(const ListXattr& r, ReadBuffer& out) {
    std::lock_guard lock{mutex_};
    std::string list;
    for (const auto& [name, value] : TRY(node_of(r.node))->xattrs)
      list.append(name).push_back('\0');
    return out.value(bytes_of(std::string_view{list}));
  }

  Result<void> set_xattr(const SetXattr& r) {
    if (r.name.starts_with(kSystem)) return fail(EOPNOTSUPP);
    std::lock_guard lock{mutex_};
    auto& xattrs = TRY(node_of(r.node))->xattrs;
    const bool there = xattrs.contains(r.name);
    if (there && (r.flags & XATTR_CREATE) != 0) return fail(EEXIST);
    if (!there && (r.flags & XATTR_REPLACE) != 0) return fail(ENODATA);
    xattrs.insert_or_assign(std::string{r.name}, std::string{text_of(r.value)});
    return {};
  }

  Result<void> remove_xattr(const RemoveXattr& r) {
    std::lock_guard lock{mutex_};
    auto& xattrs = TRY(node_of(r.node))->xattrs;
    const auto found = xattrs.find(r.name);
    if (found == xattrs.end()) return fail(ENODATA);
    xattrs.erase(found);
    return {};
  }

 private:
  // All below: with the mutex held.

  Result<Node*> node_of(NodeId id) {
    auto found = nodes_.find(id);
    if (found == nodes_.end()) return fail(ESTALE);
    return &found->second;
  }
  Result<Node*> directory_of(NodeId id) {
    Node* node = TRY(node_of(id));
    if (!node->attr.is_directory()) return fail(ENOTDIR);
    return node;
  }

  Entry entry_of(NodeId id) {
    Node& node = nodes_.at(id);
    ++node.lookups;
    return Entry{id, node.attr, kValid};
  }

  // Makes a node that belongs to the caller, under `name` in r.node.
  Result<Node*> make(const Request& r, std::string_view name, std::uint32_t mode) {
    const Attr parent = TRY(directory_of(r.node))->attr;
    Node node;
    node.attr.ino = next_node_;
    node.attr.mode = mode;
    node.attr.uid = r.caller.uid;
    node.attr.gid = r.caller.gid;
    node.attr.nlink = S_ISDIR(mode) ? 2 : 1;
    node.attr.atime = node.attr.mtime = node.attr.ctime = now();
    if ((parent.mode & S_ISGID) != 0) {
      node.attr.gid = parent.gid;
      if (S_ISDIR(mode)) node.attr.mode |= S_ISGID;
    }
    TRY(add_name(r.node, name, node));
    return &nodes_.emplace(NodeId{next_node_++}, std::move(node)).first->second;
  }

  Result<void> add_name(NodeId directory, std::string_view name, Node& node) {
    if (name.size() > 255) return fail(ENAMETOOLONG);
    Node& parent = *TRY(directory_of(directory));
    if (parent.names.find(name) != kNoNode) return fail(EEXIST);
    // A directory that was removed while somebody works in it takes no more names.
    if (parent.attr.nlink == 0) return fail(ENOENT);
    parent.names.add(name, NodeId{node.attr.ino});
    if (node.attr.is_directory()) {
      node.parent = directory;
      ++parent.attr.nlink;
    }
    parent.attr.mtime = parent.attr.ctime = node.attr.ctime = now();
    return {};
  }

  void take_name(NodeId directory, std::string_view name) {
    Node& parent = nodes_.at(directory);
    const Node& node = nodes_.at(parent.names.find(name));
    if (node.attr.is_directory()) --parent.attr.nlink;
    parent.names.remove(name);
    parent.attr.mtime = parent.attr.ctime = now();
  }

  Result<void> remove(NodeId directory, std::string_view name) {
    const NodeId id = TRY(directory_of(directory))->names.find(name);
    if (id == kNoNode) return fail(ENOENT);
    Node& node = nodes_.at(id);
    if (!node.names.empty()) return fail(ENOTEMPTY);
    take_name(directory, name);
    node.attr.nlink = node.attr.is_directory() ? 0 : node.attr.nlink - 1;
    node.attr.ctime = now();
    drop_if_unused(id);
    return {};
  }

  static void resize(Node& node, std::uint64_t size) {
    node.data.resize(size);
    node.attr.size = size;
    node.attr.blocks = (size + 511) / 512;
  }

  void drop_if_unused(NodeId id) {
    const Node& node = nodes_.at(id);
    if (node.attr.nlink == 0 && node.lookups == 0) nodes_.erase(id);
  }

  std::mutex mutex_;  // guards all below
  std::unordered_map<NodeId, Node> nodes_;
  std::uint64_t next_node_ = raw(kRoot) + 1;
};

}  // namespace

int main(int argc, char** argv) {
  MemoryFs fs;
  return argc == 2 ? run(fs, {.mountpoint = argv[1], .allow_other = ::geteuid() == 0}) : 2;
}
