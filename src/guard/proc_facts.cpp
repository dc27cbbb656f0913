// SPDX-License-Identifier: MIT
#include "sluice/guard/proc_facts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sluice/base/fd.h"

namespace sluice::guard {
namespace {

constexpr std::size_t kMostRead = 256 * 1024;  // 65536 groups take no more than that here

}  // namespace

std::optional<std::string> read_proc(const std::string& path) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got =
        retry_interrupted([&] { return ::read(fd.get(), piece.data(), piece.size()); });
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostRead) return std::nullopt;
  }
}

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

bool is_dying(std::string_view status) noexcept {
  auto mask = line_of(status, "SigPnd:");
  if (!mask) return false;
  mask->remove_prefix(std::min(mask->find_first_not_of(" \t"), mask->size()));
  std::uint64_t pending = 0;
  const auto parsed = std::from_chars(mask->data(), mask->data() + mask->size(), pending, 16);
  constexpr std::uint64_t kKill = std::uint64_t{1} << (9 - 1);
  return parsed.ec == std::errc{} && (pending & kKill) != 0;
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
