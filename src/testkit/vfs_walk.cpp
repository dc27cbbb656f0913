// SPDX-License-Identifier: MIT
// From paths to nodes, and the names that are remembered on the way.
// source: linux fs/namei.c link_path_walk(), fs/fuse/dir.c fuse_dentry_revalidate()
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <deque>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

constexpr int kMostLinks = 40;

std::deque<std::string> components(std::string_view path) {
  std::deque<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

}  // namespace

Vfs::Vfs(Kernel& kernel) : kernel_{kernel} {
  who_.uid = raw(kernel.caller().uid);
  who_.gid = raw(kernel.caller().gid);
  uses_[kRoot] = 1;
}

Vfs::~Vfs() {
  while (!files_.empty()) static_cast<void>(close(files_.begin()->first));
  drop_caches();
  if (::geteuid() == 0) become({});
}

void Vfs::become(const Identity& who) {
  who_ = who;
  // The server reads the caller's supplementary groups where the real kernel shows them.
  if (::geteuid() == 0) {
    const std::vector<gid_t> groups{who.groups.begin(), who.groups.end()};
    ::syscall(SYS_setgroups, groups.size(), groups.data());
  }
  Caller caller = this_caller();
  caller.uid = Uid{who.uid};
  caller.gid = Gid{who.gid};
  kernel_.set_caller(caller);
}

void Vfs::drop_caches() {
  while (!names_.empty()) lose(names_.begin()->first.first, names_.begin()->first.second);
}

void Vfs::forget_if_unused(NodeId node) {
  auto found = uses_.find(node);
  if (found == uses_.end() || found->second > 0) return;
  uses_.erase(found);
  without_privileges_.erase(node);
  // Names below a directory that is gone go with it.
  for (;;) {
    auto below = names_.lower_bound({node, ""});
    if (below == names_.end() || below->first.first != node) break;
    lose(node, std::string{below->first.second});
  }
  if (const std::uint64_t count = kernel_.lookups(node); count > 0) kernel_.forget(node, count);
}

void Vfs::let_go(NodeId node) {
  --uses_[node];
  forget_if_unused(node);
}

void Vfs::lose(NodeId parent, const std::string& name) {
  auto found = names_.find({parent, name});
  if (found == names_.end()) return;
  const NodeId node = found->second.node;
  names_.erase(found);
  if (node != kNoNode) let_go(node);
}

void Vfs::remember(NodeId parent, const std::string& name, NodeId node, SimulatedTime until) {
  if (node != kNoNode) ++uses_[node];
  lose(parent, name);
  names_[{parent, name}] = Dentry{node, until};
}

void Vfs::remember(NodeId parent, const std::string& name, const Entry& entry) {
  const SimulatedTime now = kernel_.now();
  const bool forever = entry.entry_valid > SimulatedTime::max() - now;
  without_privileges_.erase(entry.node);
  remember(parent, name, entry.node, forever ? SimulatedTime::max() : now + entry.entry_valid);
}

Result<NodeId> Vfs::ask(NodeId parent, const std::string& name) {
  auto text = wire::Name::from(name.c_str());
  if (!text) return fail(ENAMETOOLONG);
  fuse::Lookup op;
  op.node = parent;
  op.name = *text;
  auto entry = kernel_.call(op);
  if (!entry && entry.error() != Errno{ENOENT}) return fail(entry.error());
  if (!entry) {
    lose(parent, name);
    return kNoNode;
  }
  auto known = names_.find({parent, name});
  const bool other = known != names_.end() && known->second.node != kNoNode &&
                     entry->node != kNoNode && known->second.node != entry->node;
  if (other) {
    // The name means another file now: this answer is given back, the old name goes with what is
    // below it, and the server is asked once more.
    kernel_.forget(entry->node, 1);
    lose(parent, name);
    return ask(parent, name);
  }
  remember(parent, name, *entry);
  return entry->node;
}

Result<bool> Vfs::is_above(NodeId upper, NodeId lower) {
  for (NodeId here = lower;;) {
    if (here == upper) return true;
    if (here == kRoot) return false;
    const auto name =
        std::ranges::find_if(names_, [&](const auto& one) { return one.second.node == here; });
    if (name == names_.end()) return false;
    here = name->first.first;
  }
}

Result<NodeId> Vfs::look(NodeId parent, const std::string& name) {
  auto known = names_.find({parent, name});
  const bool holds = known != names_.end() && known->second.until > kernel_.now();
  if (holds && !revalidate_) return known->second.node;
  return ask(parent, name);
}

Result<Vfs::Place> Vfs::walk(const std::string& path, Follow last) {
  if (path.empty()) return fail(ENOENT);
  if (path.size() >= PATH_MAX) return fail(ENAMETOOLONG);
  std::deque<std::string> todo = components(path);
  std::vector<NodeId> above{kRoot};
  Place place{.parent = kNoNode,
              .name = {},
              .node = kRoot,
              .dots = true,
              .wants_directory = path.ends_with('/')};
  int links = 0;
  while (!todo.empty()) {
    const std::string name = std::move(todo.front());
    todo.pop_front();
    const NodeId here = above.back();
    TRY(may(here, X_OK));
    if (name == "." || name == "..") {
      if (name == ".." && above.size() > 1) above.pop_back();
      place.parent = kNoNode;
      place.name = name;
      place.node = above.back();
      place.dots = true;
      continue;
    }
    place.parent = here;
    place.name = name;
    place.node = TRY(look(here, name));
    place.dots = false;
    if (!place.exists()) {
      if (!todo.empty()) return fail(ENOENT);
      return place;
    }
    const std::uint32_t type = TRY(type_of(place.node));
    const bool through = !todo.empty() || last == Follow::yes || place.wants_directory;
    if (type == S_IFLNK && through) {
      if (++links > kMostLinks) return fail(ELOOP);
      const std::string target = TRY(kernel_.readlink(place.node));
      if (target.empty()) return fail(ENOENT);
      if (todo.empty() && target.ends_with('/')) place.wants_directory = true;
      std::deque<std::string> parts = components(target);
      todo.insert(todo.begin(), parts.begin(), parts.end());
      if (target.starts_with('/')) above = {kRoot};
      place.parent = kNoNode;
      place.node = above.back();
      place.dots = true;
      continue;
    }
    if (!todo.empty() && type != S_IFDIR) return fail(ENOTDIR);
    if (type == S_IFDIR) above.push_back(place.node);
  }
  if (place.wants_directory && TRY(type_of(place.node)) != S_IFDIR) return fail(ENOTDIR);
  return place;
}

Result<Vfs::Place> Vfs::existing(const std::string& path, Follow last) {
  Place place = TRY(walk(path, last));
  if (!place.exists()) return fail(ENOENT);
  return place;
}

Result<NodeId> Vfs::node_of(const std::string& path, Follow follow) {
  return retry_stale([&]() -> Result<NodeId> { return TRY(existing(path, follow)).node; });
}

}  // namespace sluice::testkit
