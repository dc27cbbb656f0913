// SPDX-License-Identifier: MIT
#include "sluice/confine/run.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <optional>
#include <utility>

#include "sluice/confine/line.h"
#include "sluice/confine/signals.h"
#include "sluice/confine/stage.h"

namespace sluice::confine {
namespace {

using Clock = std::chrono::steady_clock;

Result<std::string, Error> real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return fail(Error::of("cannot find `" + path + "`", Errno::last()));
  std::string real{resolved};
  ::free(resolved);
  return real;
}

Result<void, Error> check(const Plan& plan) {
  if (plan.command.empty() || plan.command.front().empty())
    return fail(Error{"there is no command to run", EINVAL});
  if (::getuid() != ::geteuid() || ::getgid() != ::getegid())
    return fail(Error{"cannot run a command with borrowed ids; start without setuid", EPERM});
  for (const std::string& view : plan.views) {
    if (view == "/") return fail(Error{"`/` cannot be a view; name directories in it", EINVAL});
    if (TRY(real_path(view)) != view)
      return fail(Error{"the view `" + view + "` is not an absolute path without symbolic links",
                        EINVAL});
  }
  for (const auto* list : {&plan.writable, &plan.devices}) {
    for (const std::string& path : *list) {
      if (!path.starts_with('/')) return fail(Error{"`" + path + "` is not absolute", EINVAL});
    }
  }
  for (const std::string& path : plan.allow_sockets) {
    if (!path.starts_with('/') && !path.starts_with('@'))
      return fail(Error{"the socket `" + path + "` is neither absolute nor `@name`", EINVAL});
  }
  return {};
}

Result<std::string, Error> directory_of(const Plan& plan) {
  if (plan.directory.starts_with('/')) return plan.directory;
  if (!plan.directory.empty())
    return fail(Error{"the directory `" + plan.directory + "` is not absolute", EINVAL});
  std::array<char, PATH_MAX> path{};
  if (::getcwd(path.data(), path.size()) == nullptr)
    return fail(Error::of("cannot tell the working directory", Errno::last()));
  // One that cannot be reached from the root is not told as a path.
  if (path[0] != '/') return fail(Error{"the working directory has no path here", ENOENT});
  return std::string{path.data()};
}

Result<Prepared, Error> prepare(const Plan& plan) {
  Prepared prepared;
  prepared.caller = ::getpid();
  prepared.directory = TRY(directory_of(plan));
  const auto mounts = TRY(mount::list_mounts());
  for (const std::string& view : plan.views) {
    auto place = place_of(view, mounts);
    if (!place) return fail(Error::of("cannot tell what `" + view + "` lies on", place.error()));
    prepared.places.push_back(std::move(*place));
  }
  const auto targets = TRY(targets_of(prepared.places, mounts));
  prepared.standards = TRY(check_standards(plan.views, targets, mounts));
  return prepared;
}

// Ends the stage, and all below it with it, however run() returns.
class StageProcess {
 public:
  explicit StageProcess(pid_t pid) noexcept : pid_{pid} {}
  StageProcess(const StageProcess&) = delete;
  StageProcess& operator=(const StageProcess&) = delete;
  ~StageProcess() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    retry_interrupted([&] { return ::waitpid(pid_, &status, 0); });
  }
  // When init has said that the command has ended, the stage ends by itself, and only when the
  // namespace is empty: nothing runs and nothing is mounted any more when run() returns.
  void finish() const noexcept {
    siginfo_t info{};
    retry_interrupted(
        [&] { return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT); });
  }

 private:
  pid_t pid_;
};

class Watch {
 public:
  Watch(const Plan& plan, const Hooks& hooks, const Standards& standards,
        const HeldSignals& signals, const Line& line, Report report)
      : plan_{plan},
        hooks_{hooks},
        standards_{standards},
        signals_{signals},
        line_{line},
        report_{std::move(report)},
        until_{Clock::now() + plan.start_limit} {}

  Result<Ended, Error> run() {
    for (;;) {
      std::array<pollfd, 2> watched{{{line_.fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
      const int count = ::poll(watched.data(), watched.size(), stop_due_ ? 0 : limit());
      if (count == 0 && std::exchange(stop_due_, false)) {
        ::raise(SIGSTOP);  // until whoever continues us and the command
        continue;
      }
      if (count == 0) {
        return fail(Error{"the command could not be started in time; is a file system stuck?",
                          ETIMEDOUT});
      }
      if (count < 0 && errno != EINTR)
        return fail(Error::of("cannot wait for the command", Errno::last()));
      if (count < 0) continue;
      if (watched[1].revents != 0) TRY(pass_on());
      if (watched[0].revents == 0) continue;
      if (auto ended = TRY(take())) return std::move(*ended);
    }
  }

 private:
  int limit() const {
    if (started_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now()).count();
    return left > 0 ? static_cast<int>(std::min<long>(left, INT_MAX)) : 0;
  }

  // While the command does not run yet, a signal that would end it ends the start.
  Result<void, Error> pass_on() {
    while (const auto arrived = signals_.next()) {
      const int number = arrived->number;
      if (started_) {
        if (!arrived->from_terminal) line_.send({.kind = Kind::signal, .value = number});
      } else if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT) {
        return fail(Error{"stopped by a signal before the command ran", EINTR});
      }
    }
    return {};
  }

  Result<std::optional<Ended>, Error> take() {
    auto message = line_.receive();
    if (!message) return fail(Error{"the command was ended from outside, with its init", EIO});
    switch (message->kind) {
      case Kind::covered: report_.covered.push_back(std::move(message->text)); break;
      case Kind::socket: report_.sockets.push_back(std::move(message->text)); break;
      case Kind::missing: report_.missing.push_back(std::move(message->text)); break;
      case Kind::starting:
        started_ = true;
        if (hooks_.starting) hooks_.starting(report_);
        line_.send({.kind = Kind::go});
        break;
      case Kind::failed:
        return fail(Error{std::move(message->text), Errno::from(message->value)});
      case Kind::not_executed: why_ = not_executed(message->value); break;
      // The shell that started the caller sees it stop, and continues both. Not at once: if the
      // command has been continued since, nobody would continue us.
      case Kind::stopped: stop_due_ = true; break;
      case Kind::continued: stop_due_ = false; break;
      case Kind::ended: return ended(*message);
      default: break;
    }
    return std::nullopt;
  }

  std::string not_executed(int cause) const {
    return Error::of("cannot execute `" + plan_.command.front() + "` inside", Errno::from(cause))
        .line();
  }

  Ended ended(const Message& message) {
    set_offsets(standards_, message.offsets);
    const int status = message.value;
    return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .why = std::move(why_)};
  }

  const Plan& plan_;
  const Hooks& hooks_;
  const Standards& standards_;
  const HeldSignals& signals_;
  const Line& line_;
  Report report_;
  Clock::time_point until_;
  bool started_ = false;
  bool stop_due_ = false;
  std::string why_;
};

}  // namespace

Result<Ended, Error> run(const Plan& plan, const Hooks& hooks) {
  TRY(check(plan));
  Prepared prepared = TRY(prepare(plan));
  FilteredEnvironment filtered = filter_environment(current_environment(), plan.environment);
  prepared.environment = std::move(filtered.variables);
  auto ends = Line::make();
  if (!ends) return fail(Error::of("cannot make a line to the command", ends.error()));
  const auto signals = HeldSignals::hold();
  if (!signals) return fail(Error::of("cannot hold signals", signals.error()));
  const pid_t pid = ::fork();
  if (pid < 0) return fail(Error::of("cannot start a process", Errno::last()));
  if (pid == 0) {
    ends->caller.close();
    run_stage(plan, hooks, prepared, *signals, std::move(ends->inside));
  }
  const StageProcess stage{pid};
  ends->inside.close();
  Watch watch{plan, hooks, prepared.standards, *signals, ends->caller,
              Report{.removed_variables = std::move(filtered.removed),
                     .covered = {}, .sockets = {}, .missing = {}}};
  auto ended = watch.run();
  if (ended) stage.finish();
  return ended;
}

}  // namespace sluice::confine
