// SPDX-License-Identifier: MIT
// What is told at the end of a run: what the policy kept from the command, and by which rule.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace sluice::cli {

// `told` is what each view's server reported, in the order of `views`; null for one that died.
nlohmann::json summary_json(const std::vector<std::string>& views,
                            const std::vector<nlohmann::json>& told);
std::vector<std::string> summary_lines(const std::vector<std::string>& views,
                                       const std::vector<nlohmann::json>& told);

}  // namespace sluice::cli
