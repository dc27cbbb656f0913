// SPDX-License-Identifier: MIT
#include "sluice/content/findings.h"

#include <algorithm>

#include "sluice/content/code.h"

namespace sluice::content {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kSpotCode = 4 + 3 * 8;
// What all names may take together, so that the whole stays below kLongestCode.
constexpr std::size_t kMostNameBytes = Findings::kLongestCode - 16 * 1024;

std::string one_line(std::string_view text, std::size_t longest) {
  std::string line{text.substr(0, longest)};
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return line;
}

bool is_line(std::string_view text) noexcept {
  return text.find_first_of(std::string_view{"\n\r\0", 3}) == text.npos;
}

// Gives how many of the names there is room for.
std::size_t room_for(const std::vector<std::string>& names) noexcept {
  std::size_t count = 0, bytes = 0;
  for (const std::string& name : names) {
    bytes += name.size() + 4;
    if (count == Findings::kMostDetectors || name.size() > Findings::kLongestName ||
        bytes > kMostNameBytes) {
      break;
    }
    ++count;
  }
  return count;
}

bool is_sorted_set(const std::vector<std::string>& names) noexcept {
  return std::ranges::adjacent_find(names, std::ranges::greater_equal{}) == names.end();
}

}  // namespace

std::string_view name(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::whole: return "whole";
    case Outcome::too_big: return "too big";
    case Outcome::timed_out: return "timed out";
    case Outcome::busy: return "busy";
    case Outcome::failed: break;
  }
  return "failed";
}

bool Findings::has(std::string_view detector) const noexcept {
  return std::ranges::binary_search(detectors, detector, std::ranges::less{},
                                    [](const std::string& one) { return std::string_view{one}; });
}

std::vector<std::byte> Findings::encode() const {
  const std::size_t names = room_for(detectors);
  const bool all = names == detectors.size();
  CodeWriter out;
  out.number(kFormat);
  out.word(all || outcome != Outcome::whole ? outcome : Outcome::failed);
  out.number(static_cast<std::uint8_t>(wholly));
  out.number(std::max<std::uint64_t>(spots_in_all, spots.size()));
  out.text(one_line(all ? why : "more detectors found something than can be told", kLongestWhy));
  out.number(static_cast<std::uint32_t>(names));
  for (std::size_t i = 0; i < names; ++i) out.text(detectors[i]);
  std::vector<Spot> kept;
  for (const Spot& spot : spots) {
    if (kept.size() < kMostSpots && spot.detector < names) kept.push_back(spot);
  }
  out.number(static_cast<std::uint32_t>(kept.size()));
  for (const Spot& spot : kept) {
    out.number(spot.detector);
    out.number(spot.offset);
    out.number(spot.length);
    out.number(spot.line);
  }
  return std::move(out).finish();
}

std::optional<Findings> Findings::decode(Bytes code) {
  if (code.size() > kLongestCode) return std::nullopt;
  CodeReader in{code};
  if (in.number<std::uint8_t>() != kFormat) return std::nullopt;
  Findings findings;
  findings.outcome = in.word(Outcome::failed);
  findings.wholly = in.flag();
  findings.spots_in_all = in.number<std::uint64_t>();
  findings.why = in.text(kLongestWhy);
  const std::size_t names = in.count(kMostDetectors, 4);
  for (std::size_t i = 0; i < names && in.ok(); ++i) {
    findings.detectors.emplace_back(in.text(kLongestName));
  }
  const std::size_t spots = in.count(kMostSpots, kSpotCode);
  for (std::size_t i = 0; i < spots && in.ok(); ++i) {
    Spot spot;
    spot.detector = in.number<std::uint32_t>();
    spot.offset = in.number<std::uint64_t>();
    spot.length = in.number<std::uint64_t>();
    spot.line = in.number<std::uint64_t>();
    if (spot.detector >= names) in.refuse();
    findings.spots.push_back(spot);
  }
  if (!in.done() || !is_sorted_set(findings.detectors) || !is_line(findings.why) ||
      room_for(findings.detectors) != findings.detectors.size() ||
      findings.spots_in_all < findings.spots.size()) {
    return std::nullopt;
  }
  return findings;
}

Findings nothing_known(Outcome outcome, std::string why) {
  Findings findings;
  findings.outcome = outcome;
  findings.why = std::move(why);
  return findings;
}

}  // namespace sluice::content
