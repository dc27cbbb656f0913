// SPDX-License-Identifier: MIT
// Private to content: all sets of a job, ready to be held against files by one thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sluice/content/detection.h"
#include "sluice/content/examiner.h"
#include "sluice/content/messages.h"

namespace sluice::content {

class Examiners {
 public:
  // Engines in the order of their sets; borrowed.
  explicit Examiners(const std::vector<const Engine*>& engines);

  // Gives none for a set that is not there.
  std::optional<Findings> find(SetIndex set, const Input& file, std::string_view path) noexcept;
  // Gives the redaction that hides all that is wanted, and what `with` says.
  RedactionAnswer redact(std::span<const Detection::Wanted> wanted, policy::With with,
                         const Input& file, std::string_view path);

 private:
  std::vector<Examiner> all_;
  std::vector<std::uint32_t> order_;  // of sets, in a redaction
};

}  // namespace sluice::content
