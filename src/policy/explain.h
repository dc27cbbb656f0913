// SPDX-License-Identifier: MIT
// Why a path has the verdict that it has: the same automaton as for requests, with a trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/policy/program.h"

namespace sluice::policy {

// A path from the mounted root, without `.`, `..` and empty components; a trailing slash makes it
// a directory. "" is the root itself.
struct Walked {
  Place place{};
  bool directory = false;
};
Walked walk(const Program& program, std::string_view path) noexcept;

// What became of a rule that names the path.
enum class Role : std::uint8_t {
  won,       // its value stands on some axis
  lost,      // others are as strict or stricter on all of its axes
  if_found,  // it is about contents, and none of them is known to be there
  excepted   // a pattern that subtracts takes the path out
};

struct Match {
  RuleId rule{};
  Role role = Role::lost;
  std::vector<Axis> won;   // axes on which it won
  std::vector<Axis> lost;  // axes on which another was stricter, or equal and first by id
  std::string glob;     // the pattern that matched or subtracted; empty: the rule is for all paths
  Location at;          // of that pattern, or of the rule
  std::string matched;  // the part of the path that the pattern matched; the rest is below it
  ContentSet contents;  // that the rule is about; empty: whatever a file contains
};

struct Explanation {
  Walked walked;
  Terms terms;  // of what was found; where that is not known, as they are for any file there
  Verdict verdict;
  std::vector<Match> matches;  // by role as above, then by id
  std::optional<ContentSet> found;
};

// A directory's has no rules about contents.
// found   what the file contains, as far as rules ask; nothing where it is not known: then the
//         verdict is that of a file in which nothing is found.
Explanation explain(const Program& program, std::string_view path, SubjectIndex subject, Mode mode,
                    std::optional<ContentSet> found = std::nullopt);

// The explanation in lines for a person.
std::string text_of(const Program& program, const Explanation& explanation, Mode mode);

// How one path's terms differ between two programs, for one subject by name. Contents are the same
// if they have the same name and what it stands for is written alike. Directories contain nothing.
struct Difference {
  Terms before;
  Terms after;
  bool changed = false;
};
Difference compare(const Program& before, Place place_before, const Program& after,
                   Place place_after, std::string_view subject, Kind kind = Kind::other) noexcept;

}  // namespace sluice::policy
