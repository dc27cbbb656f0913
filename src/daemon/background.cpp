// SPDX-License-Identifier: MIT
#include "background.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "sluice/daemon/announce.h"

namespace sluice::daemon {
namespace {

constexpr char kServes = 's';

// The descriptors of whoever started us are none of ours, and would be kept open for as long as we
// live: a pipe would never end, a file system never be unmounted.
void close_inherited(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned from = STDERR_FILENO + 1;
  for (const int fd : keep) {
    if (fd <= STDERR_FILENO) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0U);
    from = number + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0U);
}

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

Result<Background, Error> Background::enter(std::vector<int> keep) {
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
  keep.push_back(serving.get());
  close_inherited(std::move(keep));
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
