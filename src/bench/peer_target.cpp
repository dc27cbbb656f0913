// SPDX-License-Identifier: MIT
#include "sluice/bench/peer_target.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "sluice/bench/mounts.h"
#include "sluice/bench/quote.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

// How long a server may take to go away by itself once it is unmounted.
constexpr auto kLeaveTime = 2s;

std::string tail_of(const std::string& path) {
  Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return {};
  std::array<char, 2048> room;
  off_t size = ::lseek(file.get(), 0, SEEK_END);
  off_t from = size > off_t{room.size()} ? size - off_t{room.size()} : 0;
  ssize_t got = ::pread(file.get(), room.data(), room.size(), from);
  return last_line({room.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
}

}  // namespace

PeerTarget::PeerTarget(std::string name, PeerPlan plan)
    : Target{std::move(name), plan.mount_point}, plan_{std::move(plan)} {}

Error PeerTarget::gave_up(std::string_view why, Errno cause) const {
  std::string line = fmt::format("peer `{}` {}", name(), why);
  std::string said = tail_of(plan_.log_file);
  if (!said.empty()) line += fmt::format("; it said: {}", said);
  return Error{std::move(line), cause};
}

Result<void, Error> PeerTarget::setup() {
  int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
  Fd log{::open(plan_.log_file.c_str(), flags, 0600)};
  if (!log) {
    return fail(Error::of(fmt::format("cannot write `{}`", plan_.log_file), Errno::last()));
  }
  std::string line = replaced(plan_.command, "{src}", shell_quoted(plan_.source));
  line = replaced(line, "{mnt}", shell_quoted(directory()));
  child_ = TRY(start(Command{.arguments = {"/bin/sh", "-c", line}}, log.get(), log.get()));
  auto mounted = wait_for_mount();
  if (mounted) mounted = wait_until_it_serves(directory());
  if (!mounted) static_cast<void>(teardown());
  return mounted;
}

Result<void, Error> PeerTarget::wait_for_mount() {
  auto deadline = Clock::now() + plan_.mount_timeout;
  while (!mount_at(directory())) {
    if (StopSignals::received() != 0) return fail(stopped());
    // One that went into the background ends well before its mount is there; one that failed not.
    if (child_.pid() > 0 && child_.ended_by(Clock::now() + 20ms)) {
      if (int code = child_.reap(); code != 0) {
        return fail(gave_up(fmt::format("ended with exit code {}", code), ECHILD));
      }
    }
    if (child_.pid() <= 0) ::usleep(20'000);
    if (Clock::now() >= deadline) {
      auto waited = std::chrono::duration<double>(plan_.mount_timeout).count();
      return fail(gave_up(fmt::format("did not mount within {:g} s", waited), ETIMEDOUT));
    }
  }
  return {};
}

Result<void, Error> PeerTarget::teardown() {
  auto unmounted = unmount(directory());
  if (child_.pid() > 0) static_cast<void>(child_.ended_by(Clock::now() + kLeaveTime));
  child_.end();
  if (unmounted) return {};
  // With its server dead the mount may be free now.
  return unmount(directory());
}

Result<Status, Error> PeerTarget::status() {
  if (child_.pid() <= 0 || child_.ended_by(Clock::now())) {
    return fail(Error{"its daemon is in the background", ENOTSUP});
  }
  std::error_code error;
  std::filesystem::directory_iterator entries{fmt::format("/proc/{}/fd", child_.pid()), error};
  Status status;
  status.open_descriptors = 0;
  for (; !error && entries != std::filesystem::directory_iterator{}; entries.increment(error)) {
    ++*status.open_descriptors;
  }
  if (error) return fail(Error{"its descriptors cannot be counted", ENOTSUP});
  return status;
}

Result<std::string, Error> peer_name(std::string_view command) {
  for (std::string_view marker : {"{src}", "{mnt}"}) {
    if (!command.contains(marker)) {
      return fail(Error{fmt::format("peer `{}`: `{}` is missing", command, marker), EINVAL});
    }
  }
  std::string_view rest = command;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    // Settings of variables and wrappers are not what runs.
    if (word.contains('=') || word == "exec" || word == "env" || word == "sudo") continue;
    std::size_t slash = word.rfind('/');
    if (slash != std::string_view::npos) word.remove_prefix(slash + 1);
    return std::string{word.empty() || word.starts_with('{') ? "peer" : word};
  }
}

}  // namespace sluice::bench
