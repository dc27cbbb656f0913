// SPDX-License-Identifier: MIT
#include "sluice/testkit/nodes.h"

#include <limits>

namespace sluice::testkit {
namespace {

bool valid_type(std::uint32_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK: return true;
    default: return false;
  }
}

SimulatedTime later(SimulatedTime now, fuse::Validity valid) noexcept {
  return valid > SimulatedTime::max() - now ? SimulatedTime::max() : now + valid;
}

}  // namespace

Nodes::Nodes(Breaches& breaches) : breaches_{breaches} { clear(); }

void Nodes::clear() {
  nodes_.clear();
  nodes_[kRoot].lookups = 1;
}

KnownNode* Nodes::find(NodeId node) noexcept {
  auto found = nodes_.find(node);
  return found == nodes_.end() ? nullptr : &found->second;
}

const KnownNode* Nodes::find(NodeId node) const noexcept {
  auto found = nodes_.find(node);
  return found == nodes_.end() ? nullptr : &found->second;
}

Result<void> Nodes::judge(const std::string& what, const fuse::Attr& attr) {
  if (!valid_type(attr.mode)) {
    breaches_.add(what + " answered a mode without a file type");
    return fail(EIO);
  }
  if (attr.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    breaches_.add(what + " answered a negative size");
    return fail(EIO);
  }
  for (const fuse::Time& time : {attr.atime, attr.mtime, attr.ctime}) {
    if (time.nanoseconds >= 1'000'000'000) breaches_.add(what + " answered a time past its second");
  }
  return {};
}

void Nodes::place(const std::string& what, KnownNode& node, KnownNode::Place place) {
  if (node.place && *node.place != place) {
    // A directory may have been moved behind the mount's back; then its old name is gone. One
    // that is found at the old name again was at both.
    if (node.left == place) {
      breaches_.add(what + " answered a directory that also has the name `" + node.place->name +
                    "`");
    }
    node.left = node.place;
  }
  node.place = std::move(place);
}

Result<void> Nodes::enter(const std::string& what, KnownNode::Place name, const fuse::Entry& entry,
                          Negative negative, std::uint32_t type, SimulatedTime now) {
  if (entry.node == kNoNode) {
    if (negative == Negative::allowed) return {};
    breaches_.add(what + " answered success without a node");
    return fail(EIO);
  }
  if (entry.node == kRoot) {
    breaches_.add(what + " answered the root's nodeid");
    return fail(EIO);
  }
  TRY(judge(what, entry.attr));
  if (type != 0 && (entry.attr.mode & S_IFMT) != type) {
    breaches_.add(what + " answered another file type than was asked for");
    return fail(EIO);
  }
  KnownNode& node = nodes_[entry.node];
  if (node.lookups > 0 && node.generation != entry.generation) {
    breaches_.add(what + " answered a node that is in use with another generation");
  }
  ++node.lookups;
  node.generation = entry.generation;
  TRY(keep(what, node, entry.attr, later(now, entry.attr_valid)));
  if (entry.attr.is_directory()) place(what, node, std::move(name));
  return {};
}

Result<void> Nodes::refresh(const std::string& what, NodeId id, const fuse::Attr& attr,
                            SimulatedTime until) {
  TRY(judge(what, attr));
  KnownNode* node = find(id);
  if (node == nullptr) return {};
  return keep(what, *node, attr, until);
}

Result<void> Nodes::keep(const std::string& what, KnownNode& node, const fuse::Attr& attr,
                         SimulatedTime until) {
  if (node.attr.mode != 0 && ((node.attr.mode ^ attr.mode) & S_IFMT) != 0) {
    breaches_.add(what + " answered another file type than before");
    return fail(EIO);
  }
  node.attr = attr;
  node.attr_until = until;
  return {};
}

void Nodes::moved(NodeId parent, const std::string& name, NodeId new_parent,
                  const std::string& new_name) {
  const KnownNode::Place from{parent, name};
  removed(new_parent, new_name);
  for (auto& [id, node] : nodes_) {
    if (node.place != from) continue;
    node.place = KnownNode::Place{new_parent, new_name};
    node.left.reset();
    return;
  }
}

void Nodes::removed(NodeId parent, const std::string& name) {
  const KnownNode::Place gone{parent, name};
  for (auto& [id, node] : nodes_) {
    if (node.left == gone) node.left.reset();
    if (node.place == gone) node.place.reset();
  }
}

bool Nodes::forget(NodeId id, std::uint64_t count) {
  KnownNode* node = find(id);
  if (id == kRoot || node == nullptr || node->lookups < count) return false;
  node->lookups -= count;
  if (node->lookups == 0) nodes_.erase(id);
  return true;
}

std::vector<std::pair<NodeId, std::uint64_t>> Nodes::held() const {
  std::vector<std::pair<NodeId, std::uint64_t>> all;
  for (const auto& [id, node] : nodes_) {
    if (id != kRoot) all.emplace_back(id, node.lookups);
  }
  return all;
}

}  // namespace sluice::testkit
