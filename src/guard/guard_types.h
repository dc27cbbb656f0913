// SPDX-License-Identifier: MIT
// What the guard's parts hand each other about one request: who asks, what he may do, and of what.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/content/contents.h"
#include "sluice/fuse/request.h"
#include "sluice/guard/decision.h"
#include "sluice/guard/subjects.h"
#include "sluice/mirror/node_table.h"
#include "sluice/policy/program.h"
#include "sluice/wire/name.h"

namespace sluice::guard {

struct GuardTypes {
  using Clock = std::chrono::steady_clock;

  // One request, and who asks.
  struct Asked {
    const fuse::Request& request;
    const policy::Program& program;
    policy::SubjectIndex subject;
    Clock::time_point since;
  };
  // What a subject may do with something, all its names considered.
  struct Judged {
    policy::Grant grant;  // where it depends on content: what holds for what was found by now
    policy::GrantId id{};
    const policy::ContentGrant* content = nullptr;  // where it depends on content, or redacts
    policy::ContentSet found;
    const policy::Terms* terms = nullptr;           // of the name in hand
    std::shared_ptr<const policy::Terms> resolved;  // what `terms` is for what was found
    bool differs = false;                           // others who may ask have another grant there
    bool has_siblings = false;                      // there may be another node of the same file
  };
  // A node, judged.
  struct Seen {
    mirror::NodeStanding standing;
    Judged judged;
    policy::Place place() const noexcept { return policy::Place{raw(standing.place)}; }
    mirror::Grant key() const noexcept { return standing.extra.grant; }
  };
  // A place that cannot be forgotten while this lives.
  class HeldPlace {
   public:
    HeldPlace(const policy::Program& program, policy::Place held) noexcept
        : program_{program}, place_{held} {}
    ~HeldPlace() { program_.release(place_); }
    HeldPlace(const HeldPlace&) = delete;
    HeldPlace& operator=(const HeldPlace&) = delete;
    operator policy::Place() const noexcept { return place_; }

   private:
    const policy::Program& program_;
    policy::Place place_;
  };

  // A policy, with what of it concerns this mount.
  struct Rules {
    std::shared_ptr<const policy::Program> program;
    std::shared_ptr<content::Contents> contents;
    policy::SubjectIndex bound{};
    std::unique_ptr<Subjects> subjects;     // where callers are told apart
    std::vector<policy::SubjectIndex> all;  // who may ask here
    bool can_hide = false;                  // something, from one of them
    bool restricts = false;                 // one of them, somewhere
    bool by_path = false;                   // something that is found depends on a path
  };
  // A directory and its place by a policy that is to come, held by it.
  struct Placing {
    NodeId node{};
    policy::Place place{};
  };

  // What a decision is about.
  struct Told {
    NodeId node{};
    std::string_view name = {};
    policy::Mode mode = policy::Mode::read;
    Shows shows = Shows::lower;
  };
  // Where a file is moved, and by which rules.
  struct Move {
    policy::Place from;
    policy::Place to;
    NodeId directory{};  // where it goes to
    const wire::Name& name;
    const Told& told;
  };
};

}  // namespace sluice::guard
