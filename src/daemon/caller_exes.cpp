// SPDX-License-Identifier: MIT
#include "caller_exes.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "lower_names.h"
#include "sluice/base/fd.h"
#include "sluice/guard/proc_facts.h"

namespace sluice::daemon {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t now_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

std::optional<std::uint64_t> ticks_of(const std::string& folder) {
  const Fd file{::open((folder + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  std::array<char, 1024> room;
  const ssize_t got =
      retry_interrupted([&] { return ::read(file.get(), room.data(), room.size()); });
  if (got <= 0) return std::nullopt;
  return guard::start_ticks({room.data(), static_cast<std::size_t>(got)});
}

}  // namespace

CallerExes::Known CallerExes::look_up(Pid pid) const {
  const std::string folder = proc_ + "/" + std::to_string(raw(pid));
  const auto before = ticks_of(folder);
  if (!before) return {};
  Known known;
  known.exe = link_text(folder + "/exe");
  if (ticks_of(folder) != before) return {};  // the number changed hands in between
  // Whole ticks, the clock of the machine's start: what seems to have started just before the
  // decision did, or within one tick of it, in which no number comes round again.
  const auto ticks = static_cast<std::int64_t>(*before);
  const auto per_second = static_cast<std::int64_t>(::sysconf(_SC_CLK_TCK));
  const std::int64_t since_boot =
      ticks / per_second * kSecond + ticks % per_second * kSecond / per_second;
  known.started_ns = now_of(CLOCK_REALTIME) - now_of(CLOCK_BOOTTIME) + since_boot;
  return known;
}

const std::string& CallerExes::exe_of(Pid pid, std::int64_t decided_ns) {
  static const std::string kNothing;
  if (raw(pid) == 0) return kNothing;
  auto found = known_.find(raw(pid));
  if (found == known_.end()) found = known_.emplace(raw(pid), look_up(pid)).first;
  return found->second.started_ns > decided_ns ? kNothing : found->second.exe;
}

}  // namespace sluice::daemon
