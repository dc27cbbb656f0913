// SPDX-License-Identifier: MIT
// Proofs over all paths that there can be: follows an automaton from the root through every name
// that makes a difference, until nothing new is reached.
//
// Names fall into finitely many kinds: those that match the same patterns. The kinds are found by
// walking the names' automaton, each with an example. Both walks are bounded, since patterns can be
// made for which either is exponential; what the bound cuts short is not proved.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sluice/policy/automaton.h"

namespace sluice::policy {

struct Bounds {
  std::size_t names = 200'000;  // states of the names' automaton
  std::size_t kinds = 40'000;   // of names
  std::size_t places = 20'000;  // states of paths
  std::size_t steps = 2'000'000;
};

enum class Proven : std::uint8_t { holds, fails, unknown };

struct Finding {
  Proven proven = Proven::unknown;
  std::string example;     // fails: a path, with a slash at its end if it is a directory's
  UnitStates units;        // what is known there
  std::size_t places = 0;  // reached
};

// Looks for a path below the root whose units satisfy `bad`. `prune` tells that nothing below such
// units is of interest. The automaton must be frozen.
Finding search(const Automaton& automaton, const Bounds& bounds,
               const std::function<bool(const UnitStates&)>& bad,
               const std::function<bool(const UnitStates&)>& prune);

// Tells whether a unit has matched.
bool matched(const UnitStates& units, std::uint32_t unit) noexcept;

}  // namespace sluice::policy
