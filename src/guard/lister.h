// SPDX-License-Identifier: MIT
// Decides, for one request, which names of a directory its caller sees.
#pragma once

#include "sluice/guard/guard.h"

namespace sluice::guard {

class Lister final : public mirror::PlusFilter {
 public:
  // Both outlive this. place: the directory's, held by whoever asks.
  Lister(Guard& guard, const Guard::Asked& asked, policy::Place place) noexcept
      : guard_{guard}, asked_{asked}, place_{place} {}

  bool lists(int directory, std::string_view name, std::uint32_t type) noexcept override;
  Result<fuse::Entry> entry(mirror::Found found, NodeId parent, const wire::Name& name) override;

 private:
  Guard& guard_;
  const Guard::Asked& asked_;
  policy::Place place_;
};

}  // namespace sluice::guard
