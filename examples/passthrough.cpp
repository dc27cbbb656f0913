// SPDX-License-Identifier: MIT
// Shows a directory of one file system and opens each file natively: what is read, written and
// mapped goes from the kernel to the file below, and never comes here. Nothing is made or removed.
// For root, since the kernel takes backing files from root alone.
#include <dirent.h>
#include <fcntl.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include <sluice/fuse.h>

using namespace sluice;
using namespace sluice::fuse;
using namespace std::chrono_literals;

class Passthrough {
  struct Node {
    Fd fd{};  // O_PATH
    std::uint64_t lookups = 0, opens = 0;
    BackingId backing = kNoBacking;  // one for all who have it open
  };

 public:
  explicit Passthrough(Fd root) { nodes_[kRoot] = Node{.fd = std::move(root), .lookups = 1}; }

  void mounted(const Mounting& mounting) {
    control_.emplace(mounting.device);
    static_cast<void>(attr_of(nodes_.at(kRoot).fd));  // sees the device
  }
  Result<void, Error> init(Terms& terms) {
    const backing::Choice choice = backing::choose(terms.offered, *control_);
    if (choice.abi != backing::Abi::mainline) return fail(Error{"Linux 6.9 is needed"});
    terms.wanted = terms.wanted | choice.take | InitFlag::atomic_o_trunc;
    terms.max_stack_depth = choice.max_stack_depth;
    registrar_.emplace(*control_, choice.abi, backing::Credentials::unprivileged);
    return {};
  }

  Result<Entry> lookup(const Lookup& r) {
    std::lock_guard lock{mutex_};
    const int parent = nodes_.at(r.node).fd.get();
    Fd fd = TRY(own(::openat(parent, r.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)));
    const Attr attr = TRY(attr_of(fd));
    Node& node = nodes_[NodeId{attr.ino}];
    if (node.lookups++ == 0) node.fd = std::move(fd);
    return Entry{NodeId{attr.ino}, attr, 1s};
  }
  void forget(const Forget& r) {
    std::lock_guard lock{mutex_};
    const auto found = nodes_.find(r.node);
    if (found != nodes_.end() && (found->second.lookups -= r.count) == 0) nodes_.erase(found);
  }
  Result<AttrReply> get_attr(const GetAttr& r) {
    std::lock_guard lock{mutex_};
    return AttrReply{TRY(attr_of(nodes_.at(r.node).fd)), 1s};
  }
  Result<void> read_dir(const ReadDir& r, DirWriter& out) {
    std::lock_guard lock{mutex_};
    const Fd fd = TRY(open_again(nodes_.at(r.node), O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, int (*)(DIR*)> list{::fdopendir(::dup(fd.get())), ::closedir};
    if (!list) return fail_last();
    ::seekdir(list.get(), static_cast<long>(r.offset));
    while (const dirent* entry = ::readdir(list.get())) {
      const auto next = static_cast<std::uint64_t>(entry->d_off);
      if (out.add(entry->d_name, entry->d_ino, DTTOIF(entry->d_type), next) == Added::full) break;
    }
    return {};
  }

  // The first open of a node gives the kernel its backing, and all later ones name the same.
  Result<Opened> open(const Open& r) {
    std::lock_guard lock{mutex_};
    Node& node = nodes_.at(r.node);
    const int flags = static_cast<int>(raw(r.flags)) & (O_ACCMODE | O_TRUNC);
    const Fd lower = TRY(open_again(node, flags));
    if (node.opens == 0) node.backing = TRY(registrar_->open(lower));
    ++node.opens;
    return Opened{.flags = wire::OpenOutFlag::passthrough, .backing = node.backing};
  }
  void undelivered(const Open& r, const Opened&) { closed(r.node); }  // no release will come
  Result<void> release(const Release& r) { return closed(r.node), Result<void>{}; }

 private:
  static Result<Fd> open_again(const Node& node, int flags) {
    const std::string path = "/proc/self/fd/" + std::to_string(node.fd.get());
    return own(::open(path.c_str(), flags | O_CLOEXEC));
  }
  void closed(NodeId id) {
    std::lock_guard lock{mutex_};
    Node& node = nodes_.at(id);
    if (--node.opens == 0) registrar_->close(node.backing);
  }
  Result<Attr> attr_of(const Fd& fd) {
    struct stat stat {};
    TRY(checked(::fstat(fd.get(), &stat)));
    // An inode number names a file on one file system only: others, mounted below, are left out.
    if (device_.value_or(stat.st_dev) != stat.st_dev) return fail(EXDEV);
    device_ = stat.st_dev;
    Attr attr;
    attr.ino = stat.st_ino;
    attr.size = static_cast<std::uint64_t>(stat.st_size);
    attr.mtime = {stat.st_mtim.tv_sec, static_cast<std::uint32_t>(stat.st_mtim.tv_nsec)};
    attr.mode = stat.st_mode;
    attr.nlink = static_cast<std::uint32_t>(stat.st_nlink);
    attr.uid = Uid{stat.st_uid};
    attr.gid = Gid{stat.st_gid};
    return attr;
  }

  std::mutex mutex_;  // guards nodes and device_
  std::map<NodeId, Node> nodes_;
  std::optional<dev_t> device_;  // what the root is on
  std::optional<backing::DeviceControl> control_;
  std::optional<backing::Registrar> registrar_;
};

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  Fd root{::open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!root) return 1;
  Passthrough fs{std::move(root)};
  return run(fs, {.mountpoint = argv[2], .source = argv[1], .allow_other = true});
}
