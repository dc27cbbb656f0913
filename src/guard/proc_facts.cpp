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
