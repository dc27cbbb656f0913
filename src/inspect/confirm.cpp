// SPDX-License-Identifier: MIT
// The exact half of scanning. RE2 searches from left to right for matches that do not overlap, as
// gitleaks does, but only where the database says that a match ends. Where the longest match is
// known, a search that begins at a place needs no more than twice that length to be as exact as one
// over all of the text; where it is not, a stretch before each end is tried, and all of the text
// only if that leaves an end unexplained.
// source: gitleaks detect/detect.go
#include "sluice/inspect/confirm.h"

#include <algorithm>
#include <array>

#include "sluice/inspect/checks.h"

namespace sluice::inspect {
namespace {

using Window = Candidates::Window;

constexpr std::size_t kMostWindows = 65'536;
constexpr std::size_t kMostEnds = 4'096;
// What a match without a longest length seldom exceeds.
constexpr std::uint64_t kStretch = 2'048;
constexpr std::size_t kMostGroups = 64;
constexpr std::string_view kAllowComment = "gitleaks:allow";

std::string_view part(std::string_view text, Window window) noexcept {
  return text.substr(window.begin, window.end - window.begin);
}

Window within(std::string_view text, re2::StringPiece piece) noexcept {
  const auto begin = static_cast<std::uint64_t>(piece.data() - text.data());
  return {begin, begin + piece.size()};
}

// The line or lines that a match is on.
std::string_view lines_of(std::string_view text, Window match) noexcept {
  const auto before = match.begin == 0 ? text.npos : text.rfind('\n', match.begin - 1);
  const auto begin = before == text.npos ? 0 : before + 1;
  return text.substr(begin, text.find('\n', match.end) - begin);
}

// One rule's work on one text.
class Confirmation {
 public:
  Confirmation(const Subject& subject, std::uint32_t rule, Budget& budget, std::size_t most,
               std::vector<Found>& found)
      : subject_{subject},
        number_{rule},
        rule_{subject.compiled.rules[rule]},
        budget_{budget},
        most_{most},
        first_{found.size()},
        found_{found} {}

  Scanned run(const Candidates& candidates) {
    const Window all{0, subject_.text.size()};
    if (candidates.everywhere) {
      search(all);
    } else if (rule_.widest != 0) {
      for (const Window& window : candidates.windows) search(window);
    } else if (!try_stretches(candidates.ends)) {
      found_.resize(first_);
      search({0, candidates.ends.back()});
    }
    return outcome_;
  }

 private:
  // Tells whether each end belongs to a match that was found.
  bool try_stretches(const std::vector<std::uint64_t>& ends) {
    std::vector<Window> matches;
    for (std::size_t i = 0; i < ends.size();) {
      Window window{ends[i] > kStretch ? ends[i] - kStretch : 0, ends[i]};
      for (++i; i < ends.size() && ends[i] <= window.end + kStretch; ++i) window.end = ends[i];
      search(window, &matches);
    }
    std::size_t at = 0;
    for (const std::uint64_t end : ends) {
      while (at < matches.size() && matches[at].end < end) ++at;
      if (at == matches.size() || matches[at].begin >= end) return outcome_ != Scanned::whole;
    }
    return true;
  }

  // Finds the matches within `window`, from left to right.
  void search(Window window, std::vector<Window>* matches = nullptr) {
    const std::uint64_t reach = rule_.widest == 0 ? window.end - window.begin : rule_.widest;
    std::uint64_t at = window.begin;
    while (at < window.end && outcome_ == Scanned::whole) {
      const std::uint64_t end = window.end - at > 2 * reach ? at + 2 * reach : window.end;
      if (!budget_.take_steps(end - at)) {
        outcome_ = Scanned::exhausted;
        return;
      }
      re2::StringPiece match;
      if (!rule_.regex->Match(piece_of(subject_.text), at, end, re2::RE2::UNANCHORED, &match, 1)) {
        if (end == window.end) return;
        at += reach;
        continue;
      }
      Window place = within(subject_.text, match);
      if (place.begin > at + reach && end != window.end) {
        at = place.begin;  // what begins so late may have been cut off
        continue;
      }
      const std::uint64_t longest = rule_.rule.max_length;
      if (longest != 0) place.end = std::min(place.end, place.begin + longest);
      if (matches != nullptr) matches->push_back(place);
      examine(place);
      at = std::max(place.end, at + 1);
    }
  }

  void examine(Window match) {
    // A line end around a match is no part of it; so it is for gitleaks.
    const Window whole = match;
    while (match.begin < match.end && subject_.text[match.begin] == '\n') ++match.begin;
    while (match.end > match.begin && subject_.text[match.end - 1] == '\n') --match.end;
    if (match.begin == match.end) return;
    Found found{.rule = number_, .match = match, .secret = match};
    const std::string_view secret = find_secret(whole, match, found);
    if (rule_.rule.entropy != 0 && entropy_of(secret) <= rule_.rule.entropy) return;
    if (is_one_repeated(secret) || !passes(rule_.rule.validator, secret)) return;
    const auto& globals = subject_.compiled.sets[rule_.set].allowlists;
    if (is_allowed(globals, found, secret) || is_allowed(rule_.allowlists, found, secret)) return;
    if (subject_.comments == AllowComments::honoured &&
        line_of(match).find(kAllowComment) != std::string_view::npos) {
      return;
    }
    if (found_.size() >= most_) {
      outcome_ = Scanned::too_many;
      return;
    }
    found_.push_back(found);
  }

  // Gives what rules call the secret, and puts into `found` what has to be hidden, which is more
  // where a rule does not say which of several groups it is.
  std::string_view find_secret(Window whole, Window match, Found& found) {
    const int groups = rule_.regex->NumberOfCapturingGroups();
    const std::size_t count =
        std::min<std::size_t>(static_cast<std::size_t>(groups) + 1, kMostGroups);
    if (groups == 0) return part(subject_.text, match);
    std::array<re2::StringPiece, kMostGroups> pieces;
    if (!rule_.regex->Match(piece_of(subject_.text), whole.begin, whole.end, re2::RE2::ANCHOR_START,
                            pieces.data(), static_cast<int>(count))) {
      return part(subject_.text, match);
    }
    const std::size_t asked = rule_.rule.group;
    std::size_t group = asked;
    for (std::size_t i = 1; asked == 0 && group == 0 && i < count; ++i) {
      if (!pieces[i].empty()) group = i;
    }
    if (group == 0 || group >= count || pieces[group].empty()) return part(subject_.text, match);
    const Window secret = within(subject_.text, pieces[group]);
    if (asked != 0 || groups == 1) found.secret = secret;
    return part(subject_.text, secret);
  }

  std::string_view line_of(Window match) {
    const std::string_view line = lines_of(subject_.text, match);
    if (!budget_.take_steps(line.size())) outcome_ = Scanned::exhausted;
    return line;
  }

  bool is_allowed(const std::vector<CompiledAllowlist>& allowlists, const Found& found,
                  std::string_view secret) {
    return std::ranges::any_of(allowlists, [&](const CompiledAllowlist& allowlist) {
      return is_allowed(allowlist, found, secret);
    });
  }

  bool is_allowed(const CompiledAllowlist& allowlist, const Found& found, std::string_view secret) {
    const auto regex = [&] {
      if (allowlist.regexes == nullptr) return false;
      if (allowlist.target == Target::secret) return matches(allowlist.regexes, secret);
      if (allowlist.target == Target::match)
        return matches(allowlist.regexes, part(subject_.text, found.match));
      return matches(allowlist.regexes, line_of(found.match));
    };
    if (allowlist.condition == Condition::any)
      return regex() || matches(allowlist.stopwords, secret);
    // All that it has must hold; of commits none does.
    if (allowlist.commits) return false;
    if (allowlist.paths != nullptr &&
        (subject_.path.empty() || !matches(allowlist.paths, subject_.path)))
      return false;
    if (allowlist.regexes != nullptr && !regex()) return false;
    return allowlist.stopwords == nullptr || matches(allowlist.stopwords, secret);
  }

  const Subject& subject_;
  std::uint32_t number_;
  const CompiledRule& rule_;
  Budget& budget_;
  std::size_t most_;
  std::size_t first_;
  std::vector<Found>& found_;
  Scanned outcome_ = Scanned::whole;
};

// Tells whether allowlists let the path go whatever is in the file.
bool allow_path(const std::vector<CompiledAllowlist>& allowlists, std::string_view path) {
  if (path.empty()) return false;
  return std::ranges::any_of(allowlists, [&](const CompiledAllowlist& allowlist) {
    if (allowlist.condition == Condition::any) return matches(allowlist.paths, path);
    // Else only if nothing but paths has to hold.
    if (allowlist.commits || allowlist.regexes != nullptr || allowlist.stopwords != nullptr)
      return false;
    return matches(allowlist.paths, path);
  });
}

}  // namespace

void Candidates::add(std::uint64_t end, std::uint64_t widest) {
  if (widest == 0) {
    if (!ends.empty() && ends.back() == end) return;
    everywhere = everywhere || ends.size() >= kMostEnds;
    if (!everywhere) ends.push_back(end);
    return;
  }
  const std::uint64_t begin = end > widest ? end - widest : 0;
  if (windows.empty() || (begin > windows.back().end && windows.size() < kMostWindows)) {
    windows.push_back({begin, end});
  } else {
    windows.back().begin = std::min(windows.back().begin, begin);
    windows.back().end = std::max(windows.back().end, end);
  }
}

void Candidates::clear() noexcept {
  windows.clear();
  ends.clear();
  everywhere = false;
}

Scanned confirm(const Subject& subject, std::uint32_t rule, const Candidates& candidates,
                Budget& budget, std::size_t most, std::vector<Found>& found) {
  return Confirmation{subject, rule, budget, most, found}.run(candidates);
}

bool applies_to_path(const Compiled& compiled, const CompiledRule& rule,
                     std::string_view path) {
  if (rule.path != nullptr && !path.empty() && !matches(rule.path, path)) return false;
  return !allow_path(compiled.sets[rule.set].allowlists, path) &&
         !allow_path(rule.allowlists, path);
}

}  // namespace sluice::inspect
