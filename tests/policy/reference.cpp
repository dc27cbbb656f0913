// SPDX-License-Identifier: MIT
#include "reference.h"

#include <algorithm>
#include <span>

namespace sluice::policy::reference {
namespace {

// Reads the class at the front of `pattern`; tells whether it holds `byte`, and what comes after.
bool in_class(std::string_view pattern, char byte, std::string_view& rest) {
  std::size_t i = 1;
  const bool negated = pattern[i] == '!' || pattern[i] == '^';
  if (negated) ++i;
  bool in = false;
  for (bool first = true; pattern[i] != ']' || first; first = false) {
    if (pattern[i] == '\\') ++i;
    const char low = pattern[i++];
    char high = low;
    if (pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      if (pattern[i] == '\\') ++i;
      high = pattern[i++];
    }
    in |= static_cast<unsigned char>(low) <= static_cast<unsigned char>(byte) &&
          static_cast<unsigned char>(byte) <= static_cast<unsigned char>(high);
  }
  rest = pattern.substr(i + 1);
  return in != negated;
}

bool name_matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return name_matches(pattern.substr(1), name) ||
           (!name.empty() && name_matches(pattern, name.substr(1)));
  }
  if (name.empty()) return false;
  if (pattern[0] == '?') return name_matches(pattern.substr(1), name.substr(1));
  if (pattern[0] == '[') {
    std::string_view rest;
    return in_class(pattern, name[0], rest) && name_matches(rest, name.substr(1));
  }
  const std::size_t at = pattern[0] == '\\' ? 1 : 0;
  return pattern[at] == name[0] && name_matches(pattern.substr(at + 1), name.substr(1));
}

bool is_globstar(const std::string& part) {
  return part.size() >= 2 && part.find_first_not_of('*') == part.npos;
}

bool path_matches(std::span<const std::string> pattern, std::span<const std::string> names) {
  if (pattern.empty()) return names.empty();
  if (is_globstar(pattern[0])) {
    // At the end it stands for what is inside: one name at least.
    if (pattern.size() == 1) return !names.empty();
    return path_matches(pattern.subspan(1), names) ||
           (!names.empty() && path_matches(pattern, names.subspan(1)));
  }
  return !names.empty() && name_matches(pattern[0], names[0]) &&
         path_matches(pattern.subspan(1), names.subspan(1));
}

}  // namespace

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == path.npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool matches(std::string_view pattern, const std::vector<std::string>& names, bool directory) {
  if (pattern.ends_with('/')) {
    if (!directory) return false;
    pattern.remove_suffix(1);
  }
  const bool anchored = pattern.find('/') != pattern.npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  std::vector<std::string> parts = split(pattern);
  if (!anchored) parts.insert(parts.begin(), "**");
  return path_matches(parts, names);
}

bool takes_in(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
              bool directory) {
  bool in = false;
  for (const std::string& each : patterns) {
    const bool subtracts = each.starts_with('!');
    const std::string_view pattern = std::string_view{each}.substr(subtracts ? 1 : 0);
    for (std::size_t depth = 1; depth <= names.size(); ++depth) {
      const std::vector<std::string> above(names.begin(), names.begin() + static_cast<long>(depth));
      if (!matches(pattern, above, depth < names.size() || directory)) continue;
      if (subtracts) return false;
      in = true;
    }
  }
  return in ||
         std::ranges::all_of(patterns, [](const std::string& p) { return p.starts_with('!'); });
}

}  // namespace sluice::policy::reference
