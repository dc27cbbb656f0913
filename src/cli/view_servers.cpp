// SPDX-License-Identifier: MIT
#include "view_servers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "sluice/daemon/daemon.h"

namespace sluice::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using nlohmann::json;

// For all servers together: to unmount, and to write down what they did.
constexpr auto kFinishLimit = 5s;
constexpr std::size_t kMaxReport = std::size_t{1} << 20;

// Reads to the end, or until the time or the room is up.
std::string read_all(int fd, Clock::time_point until) {
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < kMaxReport) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    pollfd waiting{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

Result<ViewServers, Error> ViewServers::make(Options options) {
  ViewServers servers{std::move(options)};
  const auto open_pipe = [](Pipe& pipe) -> Result<void, Error> {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Error::of("cannot make a pipe", Errno::last()));
    pipe.read = Fd{ends[0]};
    pipe.write = Fd{ends[1]};
    return {};
  };
  TRY(open_pipe(servers.life_));
  for (std::size_t i = 0; i < servers.options_.views.size(); ++i) {
    TRY(open_pipe(servers.reports_.emplace_back()));
  }
  return servers;
}

Result<void, Error> ViewServers::start_one(std::size_t view) const {
  const std::string& directory = options_.views[view];
  daemon::Config config = options_.config;
  config.source = config.mountpoint = directory;
  config.life_fd = life_.read.get();
  config.report_fd = reports_[view].write.get();

  const pid_t child = ::fork();
  if (child < 0) return fail(Error::of("cannot start a server", Errno::last()));
  if (child == 0) {
    // A process group of its own: what the terminal sends to the command is not for it.
    ::setpgid(0, 0);
    ::_exit(daemon::run(config));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Error{fmt::format("cannot show `{}` through the policy", directory), EIO});
}

Result<void, Error> ViewServers::start() const {
  for (std::size_t view = 0; view < options_.views.size(); ++view) TRY(start_one(view));
  return {};
}

std::vector<json> ViewServers::finish() {
  life_.write.reset();
  for (Pipe& report : reports_) report.write.reset();
  const auto until = Clock::now() + kFinishLimit;
  std::vector<json> all;
  for (const Pipe& report : reports_) {
    json told = json::parse(read_all(report.read.get(), until), nullptr, false);
    all.push_back(told.is_discarded() ? json{} : std::move(told));
  }
  return all;
}

}  // namespace sluice::cli
