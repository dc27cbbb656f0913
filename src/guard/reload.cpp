// SPDX-License-Identifier: MIT
// Another policy for a mount in use. Directories know their names: their places are worked out by
// the new policy. Files do not; each is looked up again before it is opened again (kUnplaced), and
// finds the node of its new grant. Requests wait meanwhile, since a directory that is moved in
// between would get the place of where it was. What can fail is done before anything is changed.
#include <array>
#include <unordered_map>

#include "sluice/guard/guard.h"

namespace sluice::guard {

using policy::Kind;
using policy::Place;

namespace {

// For how long requests may be held up by one that does not end; those that come wait as well.
constexpr std::chrono::seconds kPatience{2};

// Calls `visit(node)` for each node there is, a batch at a time.
template <class Visit>
void for_each_node(const mirror::NodeTable& table, Visit visit) {
  std::array<NodeId, 256> room;
  std::uint32_t cursor = 0;
  do {
    const auto batch = table.list(cursor, room);
    for (const NodeId node : batch.nodes) visit(node);
    cursor = batch.next;
  } while (cursor != 0);
}

// Works places of directories out from their names, each once.
class Placer {
 public:
  Placer(const mirror::NodeTable& table, const policy::Program& program)
      : table_{table}, program_{program} {
    known_[kRoot] = program_.hold(program_.start());
  }

  // Gives the place, held once for each directory asked about. A directory whose way from the root
  // is not known gets the strictest.
  Place place_of(NodeId directory) {
    std::vector<mirror::DirectoryName> way;
    std::vector<NodeId> nodes;
    NodeId at = directory;
    while (!known_.contains(at)) {
      auto name = table_.name_of(at);
      if (!name || way.size() >= static_cast<std::size_t>(mirror::NodeTable::kMaxPathDepth)) {
        known_[at] = program_.strictest();
        break;
      }
      nodes.push_back(at);
      at = name->parent;
      way.push_back(*name);
    }
    Place place = known_[at];
    for (std::size_t i = way.size(); i-- > 0;) {
      place = program_.enter(place, way[i].name(), Kind::directory);
      known_[nodes[i]] = place;
    }
    return place;
  }

 private:
  const mirror::NodeTable& table_;
  const policy::Program& program_;
  std::unordered_map<NodeId, Place> known_;
};

}  // namespace

std::vector<Guard::Placing> Guard::places_by(const policy::Program& program) const {
  const mirror::NodeTable& table = mirror_.tree().table();
  Placer placer{table, program};
  std::vector<Placing> places;
  for_each_node(table, [&](NodeId node) {
    const auto standing = table.standing(node);
    if (standing && standing->is_directory()) places.push_back({node, placer.place_of(node)});
  });
  return places;
}

// Nothing here fails or allocates.
void Guard::take_over(Rules&& rules, const std::vector<Placing>& places, Reloaded& done) {
  mirror::NodeTable& table = mirror_.tree().table();
  links_.clear();
  rules_ = std::move(rules);
  ++reloads_;
  for_each_node(table, [&](NodeId node) {
    const auto standing = table.standing(node);
    if (!standing) return;
    const bool directory = standing->is_directory();
    const mirror::Place waiting = directory ? to_mirror(rules_.program->strictest()) : kUnplaced;
    static_cast<void>(table.exchange_place(node, waiting));
    if (directory) return;
    ++done.files;
    if (standing->opens == 0) return;
    ++done.open_files;
    if (done.open.size() < Reloaded::kOpenShown) done.open.push_back(node);  // there is room
  });
  for (const Placing& each : places) {
    if (folding_.has(each.node)) continue;
    if (table.exchange_place(each.node, to_mirror(each.place))) ++done.directories;
  }
}

Result<Reloaded, Error> Guard::reload(Policy policy, fuse::Notifier* notifier) {
  const std::lock_guard serial{reload_mutex_};
  Reloaded done;
  try {
    Rules rules = TRY(rules_of(std::move(policy), options_));
    const std::shared_ptr<const policy::Program> old = rules_.program;  // goes after the turn
    done.open.reserve(Reloaded::kOpenShown);
    const bool had = turnstile_.alone(kPatience, [&] {
      std::vector<Placing> places = places_by(*rules.program);
      take_over(std::move(rules), places, done);
    });
    if (!had) {
      return fail(Error{"cannot reload: a request has been under way for more than 2 s; try again",
                        ETIMEDOUT});
    }
  } catch (const std::bad_alloc&) {
    return fail(Error::of("cannot reload", ENOMEM));
  }
  // Where the kernel cannot be told, it believes names for as long as it was told to; opens are
  // judged all the same.
  if (notifier != nullptr) static_cast<void>(notifier->expire_all());
  return done;
}

}  // namespace sluice::guard
