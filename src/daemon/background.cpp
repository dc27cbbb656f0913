// SPDX-License-Identifier: MIT
#include "background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "process.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/handed.h"

namespace sluice::daemon {
namespace {

[[noreturn]] void wait_and_exit(pid_t child, const Fd& pipe) {
  char said = 0;
  const auto got = retry_interrupted([&] { return ::read(pipe.get(), &said, 1); });
  if (got == 1 && said == kServes) ::_exit(EXIT_SUCCESS);
  int status = 0;
  retry_interrupted([&] { return ::waitpid(child, &status, 0); });
  if (WIFEXITED(status)) ::_exit(WEXITSTATUS(status));
  tell("the daemon was ended by signal " + std::to_string(WTERMSIG(status)) + " before it served");
  ::_exit(EXIT_FAILURE);
}

}  // namespace

Result<Background, Error> Background::enter() {
  const auto cannot = [] {
    return fail(Error::of("cannot go into the background", Errno::last()));
  };
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return cannot();
  Fd waiting{ends[0]};
  Fd serving{ends[1]};
  const pid_t child = ::fork();
  if (child < 0) return cannot();
  if (child > 0) {
    serving.reset();
    wait_and_exit(child, waiting);
  }
  waiting.reset();
  close_all_but({serving.get()});
  return Background{std::move(serving)};
}

Result<void, Error> Background::leave() {
  if (!waiting_) return {};
  ::setsid();
  const Fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null)
      ::dup2(null.get(), stream);
    else
      ::close(stream);
  }
  const auto told = retry_interrupted([&] { return ::write(waiting_.get(), &kServes, 1); });
  waiting_.reset();
  if (told != 1) return fail(Error{"nobody waits for the mount any more", ECANCELED});
  return {};
}

}  // namespace sluice::daemon
