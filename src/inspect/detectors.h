// SPDX-License-Identifier: MIT
// Detectors: sets of rules compiled into one immutable thing that any number of threads may scan
// with. Compiling takes about a second for a few hundred rules, so its result can be kept: save()
// gives the compiled database, and compile() takes it back if it belongs to the same rules, the
// same version of the engine and a processor that it fits.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/inspect/hits.h"
#include "sluice/inspect/rules.h"

namespace sluice::inspect {

struct Compiled;

// SHA-256 over all that decides what a scan finds: each rule, and the versions of both engines.
using SetDigest = std::array<std::byte, 32>;
// Gives what digest() of these will be, without compiling them.
SetDigest digest_of(const std::vector<RuleSet>& sets);

class Detectors {
 public:
  // Compiles `sets`. `saved` is what save() gave, or anything: it is used only where it fits, and
  // is to be kept where nobody else can write, because the engine trusts what it says. errors  one
  // line that names the set, the rule and what is wrong with it; names given twice.
  static Result<Detectors, Error> compile(std::vector<RuleSet> sets, Bytes saved = {});

  Detectors(Detectors&&) noexcept;
  Detectors& operator=(Detectors&&) noexcept;
  ~Detectors();

  std::size_t size() const noexcept;
  // Gives the rule's full name, such as `secrets:aws-access-token`.
  std::string_view name(DetectorIndex detector) const noexcept;
  const Rule& rule(DetectorIndex detector) const noexcept;
  std::optional<DetectorIndex> find(std::string_view name) const noexcept;
  // Gives those of one set.
  std::vector<DetectorIndex> of_set(std::string_view set) const;

  // Known when two scans would find the same; what a verdict cache is keyed by.
  const SetDigest& digest() const noexcept;

  // Gives the longest match in bytes of those that have a longest, at least 1.
  std::uint64_t reach() const noexcept;
  // Gives those without: in a file that is scanned by windows they may miss what does not fit one.
  const std::vector<DetectorIndex>& unbounded() const noexcept;
  // Gives those that are matched without the fast engine, whenever a keyword is there, or always:
  // their regexes are beyond it, or have no word in them that it could look for.
  const std::vector<DetectorIndex>& slow() const noexcept;

  // Gives the compiled database with the digest before it.
  std::vector<std::byte> save() const;

  // For this room.
  const Compiled& compiled() const noexcept { return *compiled_; }

 private:
  explicit Detectors(std::unique_ptr<const Compiled> compiled) noexcept;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace sluice::inspect
