// SPDX-License-Identifier: MIT
#include "child.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace sluice::leaks {
namespace {

void send(int to, const Got& got) {
  const int head[] = {got.error, got.told ? 1 : 0};
  if (::write(to, head, sizeof head) != sizeof head) ::_exit(124);
  for (std::string_view rest = got.bytes; !rest.empty();) {
    const ssize_t size = ::write(to, rest.data(), rest.size());
    if (size <= 0) ::_exit(124);
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
}

// Bounded by the alarm that the child has set.
Got receive(int from) {
  Got got;
  int head[2] = {};
  if (::read(from, head, sizeof head) != sizeof head) return {{}, ECHILD};
  got.error = head[0];
  got.told = head[1] != 0;
  std::array<char, 4096> piece;
  for (ssize_t size = 0; (size = ::read(from, piece.data(), piece.size())) > 0;) {
    got.bytes.append(piece.data(), static_cast<std::size_t>(size));
  }
  return got;
}

}  // namespace

Got in_child(const std::function<void()>& change, const std::function<Got()>& run) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {{}, errno};
  const Fd out{ends[0]};
  Fd in{ends[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    ::umask(0);
    change();
    send(in.get(), run());
    ::_exit(0);
  }
  in.reset();
  Got got = receive(out.get());
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) got.error = -WTERMSIG(status);
  return got;
}

}  // namespace sluice::leaks
