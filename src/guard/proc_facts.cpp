// SPDX-License-Identifier: MIT
#include "sluice/guard/proc_facts.h"

#include <algorithm>
#include <charconv>

namespace sluice::guard {

std::optional<std::string_view> line_of(std::string_view text, std::string_view prefix) noexcept {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(prefix)) return line.substr(prefix.size());
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

std::vector<std::uint32_t> numbers_in(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec == std::errc{}) numbers.push_back(number);
    // One that is too large is passed over whole.
    at = parsed.ec == std::errc::invalid_argument ? at + 1 : parsed.ptr;
  }
  return numbers;
}

std::optional<std::uint64_t> start_ticks(std::string_view stat) noexcept {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  // What follows the name begins with field 3.
  // source: man 5 proc_pid_stat
  constexpr int kStartField = 22;
  for (int field = 3;; ++field) {
    stat.remove_prefix(std::min(stat.find_first_not_of(' '), stat.size()));
    const std::string_view word = stat.substr(0, stat.find_first_of(" \n"));
    if (word.empty()) return std::nullopt;
    if (field < kStartField) {
      stat.remove_prefix(word.size());
      continue;
    }
    std::uint64_t ticks = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), ticks);
    if (parsed.ec != std::errc{} || parsed.ptr != word.data() + word.size()) return std::nullopt;
    return ticks;
  }
}

std::string_view unit_of(std::string_view cgroup) noexcept {
  while (!cgroup.empty()) {
    cgroup.remove_prefix(cgroup.front() == '/' ? 1 : 0);
    const std::string_view part = cgroup.substr(0, cgroup.find('/'));
    if (part.ends_with(".service") || part.ends_with(".scope")) return part;
    cgroup.remove_prefix(part.size());
  }
  return {};
}

bool is_at_or_below(std::string_view cgroup, std::string_view top) noexcept {
  while (top.size() > 1 && top.ends_with('/')) top.remove_suffix(1);
  if (top == "/") return true;
  if (top.empty() || !cgroup.starts_with(top)) return false;
  return cgroup.size() == top.size() || cgroup[top.size()] == '/';
}

}  // namespace sluice::guard
