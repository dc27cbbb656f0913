// SPDX-License-Identifier: MIT
// What was found in a file, for people: where, and by which detector; never what it is.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/content/findings.h"

namespace sluice::cli {

// Gives the name of a detector as policies have it: `set:id`, or the set's where it has but one.
std::string full_name(std::string_view set, std::string_view detector);
// Gives why nothing can be said, where that is so.
std::string why_of(const content::Findings& findings);
// Gives a text for each place: "3: builtin:aws-access-key", the first few.
std::vector<std::string> places_of(std::string_view set, const content::Findings& findings);
// The same, and why nothing can be said, with the words around that a person needs.
std::vector<std::string> lines_of(std::string_view set, const content::Findings& findings);

// What was found by all sets in one file, for programs: "places" is an array, each with its
// "detector" and, where they can be told, "line", "offset" and "bytes"; "more" is how many
// are not told besides; "trouble" is why nothing can be said, or empty.
class FindingsData {
 public:
  void add(std::string_view set, const content::Findings& findings);
  void put_into(nlohmann::json& object) const;

 private:
  struct Place {
    std::string detector;
    content::Spot spot;  // line 0 and length 0: nothing is known of it
  };
  std::vector<Place> places_;
  std::uint64_t more_ = 0;
  std::string trouble_;
};

}  // namespace sluice::cli
