// SPDX-License-Identifier: MIT
// source: XMP specification part 2 (exif, photoshop); IPTC Photo Metadata Standard (Iptc4xmpCore,
// Iptc4xmpExt); W3C Basic Geo; xmpDM; what drones and phones are known to write
#include "sluice/inspect/place_names.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::inspect {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool same(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Gives where `word`, in lower case, stands in `text` from `from` on; npos if it does not.
std::size_t find(std::string_view text, std::string_view word, std::size_t from = 0) noexcept {
  if (from > text.size()) return text.npos;
  const auto rest = text.substr(from);
  const auto found = std::ranges::search(rest, word, {}, lower);
  if (found.empty()) return text.npos;
  return from + static_cast<std::size_t>(found.begin() - rest.begin());
}

constexpr std::array<std::string_view, 17> kPlaces = {
    "location",    "city",        "country",    "countrycode",   "countryname",    "provincestate",
    "sublocation", "worldregion", "locationid", "locationname",  "shotlocation",   "lat",
    "long",        "lon",         "lat_long",   "locationshown", "locationcreated"};

// Words that mean a place in these namespaces only.
bool is_place_there(std::string_view uri, std::string_view local) noexcept {
  if (same(local, "state")) return uri.find("photoshop") != uri.npos || uri.find('&') != uri.npos;
  if (same(local, "alt")) return uri.find("geo/wgs84") != uri.npos;
  return false;
}

bool number_follows(std::string_view text, std::size_t at) noexcept {
  const std::string_view near = text.substr(at, std::min<std::size_t>(8, text.size() - at));
  for (const char c : near) {
    if (digit(c)) return true;
    const char l = lower(c);
    if (l >= 'a' && l <= 'z') return false;
  }
  return false;
}

bool has_sentence(std::string_view text) noexcept {
  for (auto at = text.find("$G"); at != text.npos; at = text.find("$G", at + 1)) {
    if (text.size() - at < 6) return false;
    const std::string_view kind = text.substr(at + 3, 3);
    if (kind == "RMC" || kind == "GGA" || kind == "GLL" || kind == "GNS") return true;
  }
  return false;
}

}  // namespace

bool is_place_property(std::string_view uri, std::string_view local) noexcept {
  if (find(local, "gps") == 0) return true;
  for (const std::string_view part : {"latitude", "longitude", "longtitude"}) {
    if (find(local, part) != local.npos) return true;
  }
  if (std::ranges::any_of(kPlaces, [&](std::string_view place) { return same(place, local); })) {
    return true;
  }
  return is_place_there(uri, local);
}

bool is_place_key(std::string_view key) noexcept {
  for (const std::string_view part : {"location", "gps", "latitude", "longitude", "iso6709"}) {
    if (find(key, part) != key.npos) return true;
  }
  return is_place_property({}, key.substr(key.find_last_of(".:") + 1));
}

bool has_coordinates(std::string_view text) noexcept {
  if (has_sentence(text)) return true;
  for (const std::string_view word : {"gps", "latitude", "longitude", "longtitude"}) {
    for (auto at = find(text, word); at != text.npos; at = find(text, word, at + 1)) {
      if (number_follows(text, at + word.size())) return true;
    }
  }
  return false;
}

}  // namespace sluice::inspect
