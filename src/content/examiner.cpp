// SPDX-License-Identifier: MIT
#include "sluice/content/examiner.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>

#include "sluice/base/ids.h"
#include "sluice/content/text_scan.h"
#include "sluice/inspect/media.h"
#include "sluice/inspect/text_redaction.h"
#include "sluice/inspect/values.h"

namespace sluice::content {
namespace {

using inspect::Added;
using inspect::Budget;
using inspect::Kind;
using inspect::Range;
using Hidden = Examiner::Hidden;

constexpr std::uint64_t kMediaBytes = std::uint64_t{2} << 30;
constexpr std::uint64_t kMediaSteps = std::uint64_t{64} << 20;

constexpr const char* kNoRoom = "it has more to be replaced than can be kept";
constexpr const char* kUnreadable = "it cannot be read, or became shorter meanwhile";

Hidden failed(std::string why) { return {Outcome::failed, std::move(why)}; }

Hidden hidden_if(Added added) {
  if (added == Added::yes) return {};
  return failed(added == Added::full ? kNoRoom : kUnreadable);
}

// Puts together what a set has found, by the numbers of its detectors.
class Collector {
 public:
  explicit Collector(const SetSpec& spec) noexcept : spec_{spec} {}

  void add(std::uint32_t detector, Range range, std::uint64_t line) {
    found_.emplace(spec_.detector(detector), 0);
    ++count_;
    if (spots_.size() < Findings::kMostSpots)
      spots_.emplace_back(detector, Spot{0, range.offset, range.length, line});
  }

  Findings finish(Outcome outcome, std::string why) && {
    Findings findings = nothing_known(outcome, std::move(why));
    for (auto& [detector, number] : found_) {
      number = static_cast<std::uint32_t>(findings.detectors.size());
      findings.detectors.push_back(detector);
    }
    for (auto& [detector, spot] : spots_) {
      spot.detector = found_.at(std::string{spec_.detector(detector)});
      findings.spots.push_back(spot);
    }
    findings.spots_in_all = count_;
    return findings;
  }

 private:
  const SetSpec& spec_;
  std::map<std::string, std::uint32_t> found_;
  std::vector<std::pair<std::uint32_t, Spot>> spots_;
  std::uint64_t count_ = 0;
};

bool is_of(const SetSpec& spec, const Input& file) {
  if (spec.kind == SetSpec::Kind::larger) return file.size() > spec.size;
  const Kind kind = inspect::kind_of(file.head(inspect::kMagicLength));
  return std::ranges::find(spec.types, kind) != spec.types.end();
}

// Ranges of a text keep their line ends.
Hidden hide_listed(std::span<const Range> ranges, const Input& file, inspect::Redaction& out) {
  const Kind kind = inspect::kind_of(file.head(inspect::kMagicLength));
  const bool text = kind == Kind::text || kind == Kind::utf16;
  constexpr std::uint64_t kBlock = std::uint64_t{64} << 10;
  std::vector<std::byte> block;
  for (Range range : ranges) {
    if (range.offset >= file.size()) continue;
    range.length = std::min(range.length, file.size() - range.offset);
    if (!text) {
      if (const Added added = out.add(range, std::byte{0}); added != Added::yes)
        return hidden_if(added);
      continue;
    }
    while (range.length > 0) {
      block.resize(std::min(range.length, kBlock));
      if (!file.read(range.offset, block)) return failed(kUnreadable);
      const Range part{range.offset, block.size()};
      if (const Added added = inspect::cover_lines(part, block, out); added != Added::yes)
        return hidden_if(added);
      range = {part.end(), range.length - part.length};
    }
  }
  return {};
}

Hidden hide_values(const Input& file, std::string_view path, inspect::Redaction& out) {
  const Kind kind = inspect::kind_of(file.head(inspect::kMagicLength));
  // What is not text has no keys: all of it is values.
  if (kind != Kind::text && kind != Kind::utf16) return hidden_if(redact_all(file, out));
  if (file.size() > kLongestPiece)
    return failed(fmt::format("it is larger than {} MiB, too large for its values to be told apart",
                              kLongestPiece >> 20));
  std::vector<std::byte> text(file.size());
  if (!file.read(0, text)) return failed(kUnreadable);
  Budget budget{text.size(), 64 * text.size() + 4096};
  const auto redacted = inspect::redact_values(text, inspect::format_of(path), budget, out);
  if (redacted == inspect::Redacted::yes) return {};
  return failed(redacted == inspect::Redacted::full
                    ? kNoRoom
                    : "it asks for more work than is done for one file");
}

}  // namespace

bool Examiner::Which::has(std::uint32_t detector) const noexcept {
  return any || std::ranges::find(detectors, detector) != detectors.end();
}

Examiner::Examiner(const Engine& engine) : engine_{engine} {
  if (engine.detectors() != nullptr)
    scanner_ = std::make_unique<inspect::Scanner>(*engine.detectors());
}

Findings Examiner::find(const Input& file, std::string_view path) noexcept try {
  return scanner_ ? find_text(file, path) : find_other(file, path);
} catch (const std::bad_alloc&) {
  return {};
}

Findings Examiner::find_text(const Input& file, std::string_view path) {
  TextScan scan = scan_text(*scanner_, file, path);
  Collector found{engine_.spec()};
  for (const inspect::Hit& hit : scan.hits.all())
    found.add(raw(hit.detector), hit.secret, hit.line);
  for (const inspect::Inside& one : scan.inside) found.add(raw(one.detector), {}, one.line);
  Findings findings = std::move(found).finish(scan.outcome, std::move(scan.why));
  findings.wholly = !scan.inside.empty();
  return findings;
}

Findings Examiner::find_other(const Input& file, std::string_view path) {
  const SetSpec& spec = engine_.spec();
  Collector found{spec};
  if (spec.kind == SetSpec::Kind::type || spec.kind == SetSpec::Kind::larger) {
    const bool is = is_of(spec, file);
    if (file.has_failed()) return nothing_known(Outcome::failed, kUnreadable);
    if (is) found.add(0, {}, 0);
    Findings findings = std::move(found).finish(Outcome::whole, {});
    findings.wholly = is;
    return findings;
  }
  inspect::Redaction out{file.size()};
  const Hidden hidden = hide_other(file, path, out);
  for (const Range range : out.ranges()) found.add(0, range, 0);
  return std::move(found).finish(hidden.outcome, hidden.why);
}

Hidden Examiner::hide(const Which& which, const Input& file, std::string_view path,
                      inspect::Redaction& out) noexcept try {
  if (scanner_) return hide_text(which, file, path, out);
  return which.has(0) ? hide_other(file, path, out) : Hidden{};
} catch (const std::bad_alloc&) {
  return {Outcome::failed, {}};
}

Hidden Examiner::hide_text(const Which& which, const Input& file, std::string_view path,
                           inspect::Redaction& out) {
  TextScan scan = scan_text(*scanner_, file, path);
  if (scan.outcome != Outcome::whole) return {scan.outcome, std::move(scan.why)};
  inspect::Hits hits;
  for (const inspect::Hit& hit : scan.hits.all()) {
    if (which.has(raw(hit.detector))) hits.add(hit);
  }
  for (const inspect::Inside& one : scan.inside) {
    if (which.has(raw(one.detector)))
      return failed(fmt::format("what `{}` found is inside of it, and cannot be replaced there",
                                engine_.detectors()->name(one.detector)));
  }
  return hidden_if(inspect::redact_hits(file, hits, out));
}

Hidden Examiner::hide_other(const Input& file, std::string_view path, inspect::Redaction& out) {
  const SetSpec& spec = engine_.spec();
  if (spec.kind == SetSpec::Kind::positions) {
    Budget budget{kMediaBytes, kMediaSteps};
    const auto positions = inspect::positions_in(file, budget, out);
    if (positions.finding != inspect::Finding::unknown) return {};
    return failed(fmt::format("its positions cannot be told: {}", inspect::text(positions.why)));
  }
  if (spec.kind == SetSpec::Kind::manifest) {
    if (path.empty()) return failed("its path is not known, and a manifest goes by paths");
    return hide_listed(engine_.manifest()->ranges(path), file, out);
  }
  if (!is_of(spec, file)) return file.has_failed() ? failed(kUnreadable) : Hidden{};
  return failed("it is kept back as a whole: there is nothing in it to be replaced");
}

Hidden hide_with(policy::With with, const Input& file, std::string_view path,
                 inspect::Redaction& out) noexcept try {
  switch (with) {
    case policy::With::nothing: return {};
    case policy::With::values: return hide_values(file, path, out);
    case policy::With::all: break;
  }
  return hidden_if(redact_all(file, out));
} catch (const std::bad_alloc&) {
  return {Outcome::failed, {}};
}

}  // namespace sluice::content
