// SPDX-License-Identifier: MIT
#include "view_servers.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "sluice/daemon/announce.h"
#include "sluice/daemon/daemon.h"
#include "sluice/daemon/mount_plan.h"
#include "sluice/mount/hand_over.h"

namespace sluice::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using nlohmann::json;

// For all servers together: to end, and to tell what they did.
constexpr auto kFinishLimit = 5s;
constexpr std::size_t kMaxReport = std::size_t{1} << 20;

// Reads to the end, or until the time or the room is up.
std::string read_all(const Fd& socket, Clock::time_point until) {
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < kMaxReport) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    pollfd waiting{socket.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
    const ssize_t got =
        retry_interrupted([&] { return ::read(socket.get(), buffer.data(), buffer.size()); });
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

Result<ViewServers, Error> ViewServers::start(const Options& options) {
  ViewServers servers;
  for (const std::string& view : options.views) TRY(servers.add(options, view));
  return servers;
}

Result<void, Error> ViewServers::add(const Options& options, const std::string& directory) {
  View view;
  view.directory = directory;
  daemon::Config config = options.config;
  config.source = config.mountpoint = directory;
  daemon::Source source = TRY(daemon::open_source(directory));
  daemon::MountPlan plan = TRY(daemon::plan_mount(config, source));
  view.options = std::move(plan.options);
  for (const std::string& note : plan.notes) {
    if (!config.quiet) daemon::tell(note);
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(Error::of("cannot make a socket", Errno::last()));
  }
  view.socket = Fd{ends[0]};
  Fd theirs{ends[1]};
  view.server = ::fork();
  if (view.server < 0) return fail(Error::of("cannot start a server", Errno::last()));
  if (view.server == 0) {
    ::_exit(daemon::serve(
        config,
        {.source = std::move(source), .policy = options.policy, .parent = std::move(theirs)}));
  }
  views_.push_back(std::move(view));
  return {};
}

Result<void, Error> ViewServers::mount() const {
  for (const View& view : views_) {
    auto mounted = mount::mount(view.options);
    if (!mounted) return fail(std::move(mounted).error());
    TRY(mount::hand_over(std::move(*mounted), view.socket));
    char said = 0;
    const ssize_t got = retry_interrupted([&] { return ::read(view.socket.get(), &said, 1); });
    if (got != 1 || said != daemon::kServes) {
      return fail(Error{fmt::format("cannot show `{}` through the policy", view.directory), EIO});
    }
  }
  return {};
}

std::vector<json> ViewServers::finish() {
  for (const View& view : views_) ::shutdown(view.socket.get(), SHUT_WR);
  const auto until = Clock::now() + kFinishLimit;
  std::vector<json> all;
  for (const View& view : views_) {
    json told = json::parse(read_all(view.socket, until), nullptr, false);
    all.push_back(told.is_discarded() ? json{} : std::move(told));
  }
  return all;
}

ViewServers::~ViewServers() {
  for (View& view : views_) {
    // Without a mount this ends its wait for one; with one it is told to end.
    view.socket.reset();
    const auto until = Clock::now() + kFinishLimit;
    int status = 0;
    while (::waitpid(view.server, &status, WNOHANG) == 0) {
      if (Clock::now() > until) ::kill(view.server, SIGKILL);
      ::usleep(1000);
    }
  }
}

}  // namespace sluice::cli
