// SPDX-License-Identifier: MIT
// Private to content: from what a policy says of detectors to sets of them.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/content/set_spec.h"
#include "sluice/inspect/gitleaks.h"
#include "sluice/policy/diagnostic.h"
#include "sluice/policy/document.h"

namespace sluice::content {

// Makes sets for one policy, and gathers what is wrong with them and what is to be warned of.
class SetMaker {
 public:
  // Tells whether a set of that digest was compiled before.
  using IsKnown = std::function<bool(const Digest32&)>;
  SetMaker(const policy::Document& document, IsKnown is_known)
      : document_{document}, is_known_{std::move(is_known)} {}

  // Gives the set of that name; what is none is an error at `at`.
  SetSpec make(std::string_view name, policy::Location at);
  // Reads imports that are named by nothing, so that what is wrong with them is told all the same.
  void check_import(const policy::ImportSpec& import) { import_of(import); }

  void error(policy::Location at, std::string text);
  // Says that a set cannot be compiled: at the detector's own place if it is one, else at `at`.
  void cannot_compile(const SetSpec& spec, policy::Location at, const Error& why);
  const policy::Diagnostics& errors() const noexcept { return errors_; }
  const policy::Diagnostics& warnings() const noexcept { return warnings_; }

 private:
  SetSpec import_of(const policy::ImportSpec& import);
  std::optional<SetSpec> read(const policy::ImportSpec& import, inspect::Regexes regexes);
  SetSpec detector_of(const policy::DetectorSpec& detector);
  void add_types(const policy::DetectorSpec& detector, SetSpec& spec);

  const policy::Document& document_;
  IsKnown is_known_;
  policy::Diagnostics errors_;
  policy::Diagnostics warnings_;
  struct Before {
    std::size_t errors = 0;
    std::size_t warnings = 0;
  } before_;  // the last import was read
};

}  // namespace sluice::content
