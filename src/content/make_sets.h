// SPDX-License-Identifier: MIT
// Private to content: from what a policy says of detectors to sets of them.
#pragma once

#include <string_view>
#include <vector>

#include "sluice/content/set_spec.h"
#include "sluice/policy/diagnostic.h"
#include "sluice/policy/document.h"

namespace sluice::content {

// Makes sets for one policy, and gathers what is wrong with them and what is to be warned of.
class SetMaker {
 public:
  explicit SetMaker(const policy::Document& document) noexcept : document_{document} {}

  // Gives the set of that name; what is none is an error at `at`. Its regexes are not compiled.
  SetSpec make(std::string_view name, policy::Location at);
  // Reads imports that are named by nothing, so that what is wrong with them is told all the same.
  void check_import(const policy::ImportSpec& import) { import_of(import); }

  void error(policy::Location at, std::string text);
  const policy::Diagnostics& errors() const noexcept { return errors_; }
  const policy::Diagnostics& warnings() const noexcept { return warnings_; }

 private:
  SetSpec import_of(const policy::ImportSpec& import);
  SetSpec detector_of(const policy::DetectorSpec& detector);
  void add_types(const policy::DetectorSpec& detector, SetSpec& spec);

  const policy::Document& document_;
  policy::Diagnostics errors_;
  policy::Diagnostics warnings_;
};

}  // namespace sluice::content
