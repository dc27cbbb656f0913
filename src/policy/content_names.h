// SPDX-License-Identifier: MIT
// The names that stand in `content`: SET or SET:DETECTOR.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sluice/policy/program.h"

namespace sluice::policy {

// Takes a name apart; nothing if it is none.
std::optional<ContentName> content_name_of(std::string_view name);

// Gives the names that rules have, each once, sorted: their place is their ContentId. Of a document
// with more than kMaxContents of them, which is none that loads, the first ones.
std::vector<ContentName> content_names(const Document& document);

// Gives the number of a name among those.
std::optional<ContentId> find_content(const std::vector<ContentName>& names, std::string_view name);

// Tell whether both are written alike, so that they find the same; names and places do not count.
bool same_findings(const ImportSpec& a, const ImportSpec& b) noexcept;
bool same_findings(const DetectorSpec& a, const DetectorSpec& b) noexcept;

// Tells whether whoever finds `part` has found `whole`: the same name, or the set that it is of.
bool is_part_of(std::string_view part, std::string_view whole) noexcept;

}  // namespace sluice::policy
