// SPDX-License-Identifier: MIT
// The conformance suite: what POSIX and Linux promise of a tree of files, as behaviours that are
// asked of any World. A test program registers the suite for each world it has:
//
//   const bool registered = conformance::suite_for("Lower", [] { return std::make_unique<Lower>();
//   });
//
// Each behaviour becomes a test `Lower.NAME` and gets a place of its own, which is empty at first.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sluice/testkit/world.h"

namespace conformance {

// An empty tree and whatever stands behind it. Its end is part of the test: what must hold
// afterwards (no breach, nothing leaked, no mount left) is expected in finish().
class Place {
 public:
  virtual ~Place() = default;
  virtual sluice::testkit::World& world() = 0;
  virtual void finish() {}
};
// Makes a place; may fail the test, or skip it, and give none.
using Factory = std::function<std::unique_ptr<Place>()>;

// Behaviours that a world is known not to have, each with the reason: those tests are skipped.
using Exceptions = std::map<std::string, std::string>;

// Registers every behaviour as a test of the suite `name`; call it before RUN_ALL_TESTS().
bool suite_for(const std::string& name, const Factory& factory, const Exceptions& exceptions = {});

// How many there are.
std::size_t size_of_suite();

}  // namespace conformance
