// SPDX-License-Identifier: MIT
// Private to content: a set made ready to be held against files. Immutable; an Examiner uses it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/set_spec.h"
#include "sluice/inspect/detectors.h"
#include "sluice/inspect/manifest.h"

namespace sluice::content {

class Engine {
 public:
  // Compiles the set, or takes `saved` if it fits. errors: what is wrong with a rule or a manifest.
  static Result<std::unique_ptr<const Engine>, Error> make(SetSpec spec, Bytes saved = {});

  const SetSpec& spec() const noexcept { return spec_; }
  // Not null in a set of that kind.
  const inspect::Detectors* detectors() const noexcept {
    return detectors_ ? &*detectors_ : nullptr;
  }
  const inspect::Manifest* manifest() const noexcept { return manifest_ ? &*manifest_ : nullptr; }

  // Gives the compiled database; nothing in a set without one.
  std::vector<std::byte> save() const;

 private:
  explicit Engine(SetSpec spec) : spec_{std::move(spec)} {}

  SetSpec spec_;
  std::optional<inspect::Detectors> detectors_;
  std::optional<inspect::Manifest> manifest_;
};

}  // namespace sluice::content
