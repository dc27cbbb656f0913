// SPDX-License-Identifier: MIT
// Shows a directory of one file system and opens each file natively: what is read, written and
// mapped goes from the kernel to the file below and never comes here. For root; nothing is created.
#include <fcntl.h>

#include <map>
#include <mutex>
#include <optional>

#include <sluice/fuse.h>

using namespace sluice;
using namespace sluice::fuse;
using namespace std::chrono_literals;

class Passthrough {
  struct Node {
    std::string path;
    std::uint64_t lookups = 1;
  };
  std::mutex mutex_;
  std::map<NodeId, Node> nodes_;  // by inode number
  std::optional<backing::Backings> backings_;
  dev_t device_ = 0;

  Result<std::string> path(NodeId node) {
    std::lock_guard lock{mutex_};
    return nodes_.contains(node) ? Result<std::string>{nodes_.at(node).path} : fail(ESTALE);
  }
  Result<Attr> attr(const std::string& path) const {
    struct stat stat {};
    TRY(checked(::lstat(path.c_str(), &stat)));
    // An inode number names a file on one file system: those mounted below are left out.
    return stat.st_dev == device_ ? Result<Attr>{Attr::of(stat)} : fail(EXDEV);
  }

 public:
  Passthrough(const char* root, dev_t device) : device_{device} { nodes_[kRoot].path = root; }
  void mounted(const Mounting& mounting) { backings_.emplace(mounting.device); }
  Result<void, Error> init(Terms& terms) {
    const backing::Choice& choice = backings_->choose(terms.offered);
    if (choice.abi == backing::Abi::none) return fail(Error{choice.why_not});
    terms.wanted = terms.wanted | choice.take | InitFlag::atomic_o_trunc;
    terms.foreign = choice.foreign;
    terms.max_stack_depth = choice.max_stack_depth;
    return {};
  }

  Result<Entry> lookup(const Lookup& r) {
    const std::string below = TRY(path(r.node)) + "/" + r.name.c_str();
    const Attr found = TRY(attr(below));
    std::lock_guard lock{mutex_};
    const auto [at, added] = nodes_.try_emplace(NodeId{found.ino}, Node{below});
    if (!added) at->second = Node{below, at->second.lookups + 1};
    return Entry{NodeId{found.ino}, found, 1s};
  }
  void forget(const Forget& r) {
    std::lock_guard lock{mutex_};
    const auto at = nodes_.find(r.node);
    if (at != nodes_.end() && (at->second.lookups -= r.count) == 0) nodes_.erase(at);
  }
  Result<AttrReply> get_attr(const GetAttr& r) {
    return AttrReply{TRY(attr(TRY(path(r.node)))), 1s};
  }
  Result<void> read_dir(const ReadDir& r, DirWriter& out) {
    return out.list_from(r.offset, TRY(path(r.node)));
  }
  Result<Opened> open(const Open& r) {
    const int flags = static_cast<int>(raw(r.flags)) & (O_ACCMODE | O_TRUNC);
    const Fd lower = TRY(own(::open(TRY(path(r.node)).c_str(), flags | O_CLOEXEC | O_NOFOLLOW)));
    const backing::Mode mode = TRY(backings_->open(r.node, lower));
    if (mode.refusal) return backings_->close(r.node), fail(*mode.refusal);
    return Opened{.flags = wire::OpenOutFlag::passthrough, .backing = mode.id};
  }
  void undelivered(const Open& r, const Opened&) { backings_->close(r.node); }  // no release comes
  Result<void> release(const Release& r) { return backings_->close(r.node), Result<void>{}; }
};

int main(int argc, char** argv) {
  struct stat stat {};
  if (argc != 3 || ::stat(argv[1], &stat) != 0) return 2;
  Passthrough fs{argv[1], stat.st_dev};
  return run(fs, {.mountpoint = argv[2], .source = argv[1], .allow_other = true});
}
