// SPDX-License-Identifier: MIT
// Status for people's eyes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace sluice::cli {

// Gives a page about one mount from what its daemon said; a member that is missing, or of another
// type than expected, is left out.
std::string page_of(const nlohmann::json& status);

// One line of the list of mounts.
struct Row {
  std::string mount;
  std::string source;
  std::string state;
};
std::string list_of(const std::vector<Row>& rows);

// Gives the state of a mount whose daemon answered.
std::string state_of(const nlohmann::json& status);

}  // namespace sluice::cli
