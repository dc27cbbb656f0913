// SPDX-License-Identifier: MIT
// Init has what the command may not have only until it starts it: it mounts /proc, lets the kernel
// lock all mounts, gives everything up, and is from then on just as confined. What it keeps, the
// line and the right not to be looked into, leads nowhere.
#include "sluice/confine/init.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "sluice/confine/mask.h"
#include "sluice/confine/mounts.h"
#include "sluice/confine/privileges.h"

namespace sluice::confine {
namespace {

Error broken(const char* what) { return Error::of(std::string{"cannot "} + what, Errno::last()); }

Result<void, Error> enter_directory(const std::string& path) {
  if (::chdir(path.c_str()) == 0) return {};
  const Errno cause = Errno::last();
  std::string line{"the working directory `" + path + "` cannot be entered inside: "};
  line.append(text(cause)).append("; start from another one");
  return fail(Error{std::move(line), cause});
}

class Init {
 public:
  Init(const Plan& plan, const Prepared& prepared, const HeldSignals& signals, const Line& line)
      : plan_{plan}, prepared_{prepared}, signals_{signals}, line_{line} {}

  Result<void, Error> set_up(const Fd& stage) {
    if (!await(stage)) ::_exit(1);
    TRY(mount_proc());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
      return fail(broken("lock the mounts in a user namespace"));
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!tell(stage) || !await(stage)) ::_exit(1);
    const bool open = std::ranges::any_of(plan_.allow_sockets,
                                          [](const auto& path) { return path.starts_with('@'); });
    const auto lines =
        TRY(give_up_privileges(open ? AbstractSockets::open : AbstractSockets::shut));
    for (const std::string& text : lines) line_.send({.kind = Kind::missing, .text = text});
    TRY(filter_system_calls());
    // Of the same user as the command, which else could look into this process.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // The old working directory is one of the lower, below the view.
    TRY(enter_directory("/"));
    TRY(apply_standards(prepared_.standards));
    return enter_directory(prepared_.directory);
  }

  // Runs the command to its end and gives its status. Everything else that still runs in the
  // namespace ends with init.
  [[noreturn]] void run() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    const Fd children{::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK)};
    line_.send({.kind = Kind::starting});
    const auto answer = line_.receive();
    if (!answer || answer->kind != Kind::go) ::_exit(1);
    command_ = ::fork();
    if (command_ == 0) become_command();
    if (command_ < 0 || !children) {
      const Error error = broken("start the command");
      line_.send({.kind = Kind::failed, .value = error.cause().value(), .text = error.line()});
      ::_exit(1);
    }
    for (;;) {
      std::array<pollfd, 2> watched{{{children.get(), POLLIN, 0}, {line_.fd(), POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) ::_exit(1);
      if (watched[0].revents != 0) reap(children);
      if (watched[1].revents != 0) obey();
    }
  }

 private:
  [[noreturn]] void become_command() const {
    signals_.restore();
    std::vector<char*> words;
    for (const std::string& word : plan_.command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    std::vector<char*> variables;
    for (const std::string& variable : prepared_.environment)
      variables.push_back(const_cast<char*>(variable.c_str()));
    variables.push_back(nullptr);
    ::environ = variables.data();
    ::execvp(words[0], words.data());
    line_.send({.kind = Kind::not_executed, .value = errno});
    ::_exit(errno == ENOENT ? 127 : 126);
  }

  void reap(const Fd& children) const {
    signalfd_siginfo info{};
    while (::read(children.get(), &info, sizeof info) > 0) continue;
    int status = 0;
    for (;;) {
      const pid_t child = ::waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
      if (child <= 0) return;
      if (child != command_) continue;
      if (WIFSTOPPED(status)) {
        line_.send({.kind = Kind::stopped});
      } else if (WIFCONTINUED(status)) {
        line_.send({.kind = Kind::continued});
      } else {
        line_.send(
            {.kind = Kind::ended, .value = status, .offsets = offsets_of(prepared_.standards)});
        ::_exit(0);
      }
    }
  }

  void obey() const {
    const auto message = line_.receive();
    if (!message) ::_exit(1);  // the caller is gone
    if (message->kind == Kind::signal) ::kill(command_, message->value);
  }

  const Plan& plan_;
  const Prepared& prepared_;
  const HeldSignals& signals_;
  const Line& line_;
  pid_t command_ = -1;
};

// Everything from 3 up is closed except these two; the caller's descriptors are among the rest.
void close_others(const Line& line, const Fd& stage) {
  const auto low = static_cast<unsigned>(std::min(line.fd(), stage.get()));
  const auto high = static_cast<unsigned>(std::max(line.fd(), stage.get()));
  if (low > 3) ::close_range(3, low - 1, 0);
  if (high > low + 1) ::close_range(low + 1, high - 1, 0);
  ::close_range(high + 1, UINT_MAX, 0);
}

}  // namespace

bool tell(const Fd& peer) noexcept {
  const char byte = 1;
  return retry_interrupted([&] { return ::write(peer.get(), &byte, 1); }) == 1;
}

bool await(const Fd& peer) noexcept {
  char byte = 0;
  return retry_interrupted([&] { return ::read(peer.get(), &byte, 1); }) == 1;
}

void run_init(const Plan& plan, const Prepared& prepared, const HeldSignals& signals, Line line,
              Fd stage) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  close_others(line, stage);
  Init init{plan, prepared, signals, line};
  if (const auto done = init.set_up(stage); !done) {
    const Error& error = done.error();
    line.send({.kind = Kind::failed, .value = error.cause().value(), .text = error.line()});
    ::_exit(1);
  }
  stage.reset();
  init.run();
}

}  // namespace sluice::confine
