// SPDX-License-Identifier: MIT
// Looks into files that stand in a policy's own tests: in this process, since whoever wrote the
// policy wrote them.
#pragma once

#include <memory>
#include <vector>

#include "sluice/content/detection.h"
#include "sluice/policy/looker.h"
#include "sluice/policy/program.h"

namespace sluice::content {

class LocalLooker final : public policy::Looker {
 public:
  LocalLooker(std::shared_ptr<const Detection> detection, const policy::Program& program);

  // A file that is too big by the policy, or cannot be looked at, has that among its contents.
  Result<policy::ContentSet, Error> find(std::string_view path, Bytes file) override;
  Result<std::vector<std::byte>, Error> redacted(std::string_view path, Bytes file,
                                                 policy::ContentSet contents,
                                                 policy::With with) override;

 private:
  Result<std::vector<const Engine*>, Error> engines() const;

  std::shared_ptr<const Detection> detection_;
  std::uint64_t too_big_over_;
};

}  // namespace sluice::content
