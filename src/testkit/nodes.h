// SPDX-License-Identifier: MIT
// What the kernel knows of nodes: how many lookups it holds of each, their type and generation,
// attributes and until when they hold, and in which io mode each is open. Every entry and every
// attribute that a server answers passes through here and is judged.
// source: linux fs/fuse/inode.c fuse_iget(), fs/fuse/dir.c fuse_lookup_name(), create_new_entry()
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/fuse/answers.h"
#include "sluice/testkit/backing_table.h"
#include "sluice/testkit/breaches.h"

namespace sluice::testkit {

// Time that passes only when a test says so.
using SimulatedTime = std::chrono::nanoseconds;

struct KnownNode {
  std::uint64_t lookups = 0;
  std::uint64_t generation = 0;
  fuse::Attr attr;  // as last answered; mode 0 before the first answer
  SimulatedTime attr_until{};

  // INVARIANT: above 0 the number of cached opens, below 0 of passthrough opens; `backing` is set
  // exactly while it is below 0.
  int io = 0;
  std::shared_ptr<Backing> backing;

  // A directory's name, and the name it had before, to tell a move from an alias.
  struct Place {
    NodeId parent{};
    std::string name;
    friend bool operator==(const Place&, const Place&) = default;
  };
  std::optional<Place> place;
  std::optional<Place> left;
};

// Whether an entry without a node may be answered.
enum class Negative { allowed, forbidden };

class Nodes {
 public:
  explicit Nodes(Breaches& breaches);

  // The node, or nullptr where the kernel does not know it.
  KnownNode* find(NodeId node) noexcept;
  const KnownNode* find(NodeId node) const noexcept;

  // Takes an entry answered for `name` in `parent` and counts its lookup.
  // type  S_IFMT that the operation asked for, 0 for any. errors: EIO where Linux answers so.
  Result<void> enter(const std::string& what, KnownNode::Place place, const fuse::Entry& entry,
                     Negative negative, std::uint32_t type, SimulatedTime now);
  // Takes attributes answered for `node`. errors: EIO.
  Result<void> refresh(const std::string& what, NodeId node, const fuse::Attr& attr,
                       SimulatedTime until);
  // A directory was moved by us: its new name is no alias.
  void moved(NodeId parent, const std::string& name, NodeId new_parent,
             const std::string& new_name);
  void removed(NodeId parent, const std::string& name);

  // Takes lookups back that a FORGET gives up; false where there are not so many.
  bool forget(NodeId node, std::uint64_t count);
  // Every node but the root, with its lookups.
  std::vector<std::pair<NodeId, std::uint64_t>> held() const;
  void clear();

 private:
  Result<void> judge(const std::string& what, const fuse::Attr& attr);
  Result<void> keep(const std::string& what, KnownNode& node, const fuse::Attr& attr,
                    SimulatedTime until);
  void place(const std::string& what, KnownNode& node, KnownNode::Place place);

  Breaches& breaches_;
  std::map<NodeId, KnownNode> nodes_;
};

}  // namespace sluice::testkit
