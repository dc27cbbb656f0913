// SPDX-License-Identifier: MIT
#include "findings_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

// How many places of one file are told.
constexpr std::size_t kTold = 8;

std::string where(const content::Spot& spot) {
  if (spot.line != 0) return fmt::format("{}: ", spot.line);
  if (spot.length != 0) return fmt::format("{} bytes at {}: ", spot.length, spot.offset);
  return {};
}

}  // namespace

std::string full_name(std::string_view set, std::string_view detector) {
  if (detector.empty() || detector == set) return std::string{set};
  return fmt::format("{}:{}", set, detector);
}

std::string why_of(const content::Findings& findings) {
  return findings.why.empty() ? std::string{name(findings.outcome)} : findings.why;
}

std::vector<std::string> places_of(std::string_view set, const content::Findings& findings) {
  std::vector<std::string> places;
  for (const content::Spot& spot : findings.spots) {
    if (places.size() == kTold) break;
    if (spot.detector >= findings.detectors.size()) continue;
    places.push_back(where(spot) + full_name(set, findings.detectors[spot.detector]));
  }
  if (places.empty()) {
    for (const std::string& detector : findings.detectors) {
      places.push_back(full_name(set, detector));
    }
  } else if (findings.spots_in_all > places.size()) {
    places.push_back(fmt::format("and {} more", findings.spots_in_all - places.size()));
  }
  return places;
}

std::vector<std::string> lines_of(std::string_view set, const content::Findings& findings) {
  std::vector<std::string> lines;
  for (const std::string& place : places_of(set, findings)) {
    const bool numbered = !place.empty() && place.front() >= '0' && place.front() <= '9' &&
                          place.find(" bytes at ") == std::string::npos;
    lines.push_back((numbered ? "line " : "") + place);
  }
  if (findings.wholly && findings.found()) {
    lines.push_back(
        fmt::format("{}: inside of what the file packs, so that it is kept wholly", set));
  }
  if (findings.outcome != content::Outcome::whole) {
    lines.push_back(fmt::format("{}: nothing can be said: {}", set, why_of(findings)));
  }
  return lines;
}

void FindingsData::add(std::string_view set, const content::Findings& findings) {
  const std::size_t before = places_.size();
  for (const content::Spot& spot : findings.spots) {
    if (spot.detector >= findings.detectors.size()) continue;
    places_.push_back({full_name(set, findings.detectors[spot.detector]), spot});
  }
  const std::size_t told = places_.size() - before;
  if (told == 0) {
    for (const std::string& detector : findings.detectors) {
      places_.push_back({full_name(set, detector), {}});
    }
  } else if (findings.spots_in_all > told) {
    more_ += findings.spots_in_all - told;
  }
  if (findings.outcome != content::Outcome::whole) {
    trouble_ = fmt::format("{}: {}", set, why_of(findings));
  }
}

void FindingsData::put_into(nlohmann::json& object) const {
  auto places = nlohmann::json::array();
  for (const Place& place : places_) {
    nlohmann::json each{{"detector", place.detector}};
    if (place.spot.line != 0) each["line"] = place.spot.line;
    if (place.spot.length != 0) {
      each["offset"] = place.spot.offset;
      each["bytes"] = place.spot.length;
    }
    places.push_back(std::move(each));
  }
  object["places"] = std::move(places);
  object["more"] = more_;
  object["trouble"] = trouble_;
}

}  // namespace sluice::cli
