// SPDX-License-Identifier: MIT
// Confined commands on a terminal, under a shell with job control.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Terminal);

using Clock = std::chrono::steady_clock;

// A session on a terminal of its own whose leader does what a shell does: it starts the command in
// a group of its own in the foreground, says what became of it, and continues it when told to.
class Session {
 public:
  Session(const Scratch& scratch, Who who, const Words& command) {
    const pid_t pid = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    pid_ = pid;
    if (pid != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    become(who);
    lead(scratch, command);
  }
  ~Session() {
    ::kill(pid_, SIGKILL);
    ::close(terminal_);
    ::waitpid(pid_, nullptr, 0);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void type(std::string_view keys) const {
    static_cast<void>(!::write(terminal_, keys.data(), keys.size()));
  }
  void resize(unsigned short rows) const {
    const winsize size{rows, 80, 0, 0};
    ::ioctl(terminal_, TIOCSWINSZ, &size);
  }

  bool shows(std::string_view text) {
    const auto until = Clock::now() + 20s;
    while (shown_.find(text) == std::string::npos) {
      pollfd watched{terminal_, POLLIN, 0};
      if (Clock::now() > until || ::poll(&watched, 1, 1000) < 0) return false;
      if (watched.revents == 0) continue;
      std::array<char, 1024> piece;
      const ssize_t size = ::read(terminal_, piece.data(), piece.size());
      if (size <= 0) return false;
      shown_.append(piece.data(), static_cast<std::size_t>(size));
    }
    return true;
  }
  const std::string& shown() const noexcept { return shown_; }

 private:
  [[noreturn]] static void lead(const Scratch& scratch, const Words& command) {
    ::signal(SIGTTOU, SIG_IGN);
    const pid_t job = ::fork();
    if (job == 0) {
      ::setpgid(0, 0);
      ::tcsetpgrp(0, ::getpid());
      ::signal(SIGTTOU, SIG_DFL);
      Plan plan;
      plan.command = command;
      plan.directory = "/tmp";
      plan.views = {scratch.tree()};
      Hooks hooks;
      hooks.mount_views = [&]() -> Result<void, Error> {
        if (::mount("none", scratch.tree().c_str(), "tmpfs", 0, "mode=755") == 0) return {};
        return fail(Error::of("test view", Errno::last()));
      };
      const auto ended = confine::run(plan, hooks);
      ::_exit(ended ? ended->status : 99);
    }
    ::setpgid(job, job);
    for (;;) {
      int status = 0;
      if (::waitpid(job, &status, WUNTRACED) < 0) ::_exit(1);
      ::tcsetpgrp(0, ::getpgrp());
      if (!WIFSTOPPED(status)) {
        ::dprintf(1, "[ended %d]\n", WEXITSTATUS(status));
        ::sleep(30);
        ::_exit(0);
      }
      ::dprintf(1, "[stopped]\n");
      char line[16];
      if (::read(0, line, sizeof line) <= 0) ::_exit(1);
      ::dprintf(1, "[continued]\n");
      ::tcsetpgrp(0, job);
      ::kill(-job, SIGCONT);
    }
  }

  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
};

TEST_P(Terminal, the_command_has_the_terminal_and_can_name_it) {
  const Scratch scratch{GetParam()};
  Session session{scratch, GetParam(),
                  {"/bin/sh", "-c", "test -t 0 && tty && echo line > /dev/tty"}};
  EXPECT_TRUE(session.shows("[ended 0]")) << session.shown();
  EXPECT_NE(session.shown().find("/dev/console\r\nline"), std::string::npos) << session.shown();
}

TEST_P(Terminal, ctrl_c_reaches_the_command_once) {
  const Scratch scratch{GetParam()};
  Session session{scratch, GetParam(),
                  {"/bin/bash", "-c",
                   "n=0; trap 'n=$((n+1))' INT; echo ready; "
                   "while [ $n = 0 ]; do sleep 0.05; done; sleep 0.3; exit $((40 + n))"}};
  ASSERT_TRUE(session.shows("ready")) << session.shown();
  session.type("\x03");
  EXPECT_TRUE(session.shows("[ended 41]")) << session.shown();
}

TEST_P(Terminal, ctrl_c_ends_a_command_that_does_not_mind_it) {
  const Scratch scratch{GetParam()};
  Session session{scratch, GetParam(), {"/bin/sh", "-c", "echo ready; exec sleep 1000"}};
  ASSERT_TRUE(session.shows("ready")) << session.shown();
  session.type("\x03");
  EXPECT_TRUE(session.shows("[ended 130]")) << session.shown();
}

TEST_P(Terminal, ctrl_z_stops_the_job_and_the_shell_continues_it) {
  const Scratch scratch{GetParam()};
  Session session{scratch, GetParam(),
                  {"/bin/bash", "-c", "echo ready; read line; exit 7"}};
  ASSERT_TRUE(session.shows("ready")) << session.shown();
  session.type("\x1a");
  ASSERT_TRUE(session.shows("[stopped]")) << session.shown();
  // The first line is for the shell, to continue the job; the second for the job.
  session.type("fg\n");
  ASSERT_TRUE(session.shows("[continued]")) << session.shown();
  session.type("on\n");
  EXPECT_TRUE(session.shows("[ended 7]")) << session.shown();
}

TEST_P(Terminal, a_new_size_is_told) {
  const Scratch scratch{GetParam()};
  Session session{scratch, GetParam(),
                  {"/bin/bash", "-c",
                   "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"}};
  ASSERT_TRUE(session.shows("ready")) << session.shown();
  session.resize(33);
  EXPECT_TRUE(session.shows("33 80")) << session.shown();
}

TEST_P(Terminal, nothing_can_be_typed_into_it) {
  const Scratch scratch{GetParam()};
  Session session{scratch, GetParam(), {SLUICE_ESCAPE, "type"}};
  EXPECT_TRUE(session.shows("[ended 7]")) << session.shown();
  EXPECT_NE(session.shown().find("TIOCSTI tty: EPERM"), std::string::npos) << session.shown();
}

}  // namespace
}  // namespace sluice::confine::test
