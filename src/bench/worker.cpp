// SPDX-License-Identifier: MIT
// The two processes talk over a socket that keeps messages apart. Each message is a letter and
// what belongs to it: P a pause, N numbers, E an errno and a line. The answer to P is one byte.
#include "sluice/bench/worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "sluice/bench/process.h"

namespace sluice::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxMessage = 16384;
constexpr std::size_t kMaxNumbers = 1000;

template <class T>
void append(std::string& message, const T& value) {
  message.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string encode(const Result<Numbers, Error>& result) {
  std::string message;
  if (result) {
    message = "N";
    std::size_t count = std::min(result->size(), kMaxNumbers);
    for (std::size_t i = 0; i < count; ++i) append(message, (*result)[i]);
  } else {
    message = "E";
    append(message, result.error().cause().value());
    message.append(result.error().line(), 0, 1000);
  }
  return message;
}

Result<Numbers, Error> decode(std::string_view message) {
  char kind = message.front();
  message.remove_prefix(1);
  if (kind == 'E' && message.size() >= sizeof(int)) {
    int cause = 0;
    std::memcpy(&cause, message.data(), sizeof cause);
    return fail(Error{std::string{message.substr(sizeof cause)}, Errno::from(cause)});
  }
  if (kind != 'N') return fail(Error{"a worker spoke nonsense"});
  Numbers numbers(message.size() / sizeof(double));
  if (!numbers.empty())
    std::memcpy(numbers.data(), message.data(), numbers.size() * sizeof(double));
  return numbers;
}

[[noreturn]] void live(const Work& work, int channel, pid_t parent) {
  // A group of its own, as our other children: ^C is for the parent, which then kills this one.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  std::string message = encode(work.body(Steps{channel}));
  ::send(channel, message.data(), message.size(), MSG_NOSIGNAL);
  ::_exit(0);
}

// Takes one message; gives the result when it is one, nothing when it was a pause.
std::optional<Result<Numbers, Error>> take_message(const Work& work, int channel) {
  std::array<char, kMaxMessage> room;
  ssize_t got = retry_interrupted([&] { return ::recv(channel, room.data(), room.size(), 0); });
  if (got <= 0) return fail(Error{"a worker died before it was done"});
  std::string_view message{room.data(), static_cast<std::size_t>(got)};
  if (message != "P") return decode(message);
  if (work.at_pause) {
    auto looked = work.at_pause();
    if (!looked) return fail(looked.error());
  }
  ::send(channel, "g", 1, MSG_NOSIGNAL);
  return std::nullopt;
}

Result<Numbers, Error> listen(const Work& work, int channel, Clock::time_point deadline) {
  int stop = work.heed == Heed::stop ? StopSignals::descriptor() : -1;
  for (;;) {
    auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return fail(Error{fmt::format("no answer from the file system after {} s",
                                    std::chrono::round<std::chrono::seconds>(work.timeout).count()),
                        ETIMEDOUT});
    }
    std::array waiting{pollfd{channel, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
    int ready = ::poll(waiting.data(), waiting.size(),
                       static_cast<int>(std::min<milliseconds::rep>(left, 60'000)));
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) return fail(stopped());
    if (auto result = take_message(work, channel)) return std::move(*result);
  }
}

}  // namespace

void Steps::pause() const noexcept {
  char answer = 0;
  ::send(channel_, "P", 1, MSG_NOSIGNAL);
  if (retry_interrupted([&] { return ::recv(channel_, &answer, 1, 0); }) != 1) ::_exit(1);
}

Result<Numbers, Error> run_apart(const Work& work) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(Error::of("cannot make a socket pair", Errno::last()));
  }
  Fd ours{ends[0]};
  Fd theirs{ends[1]};
  auto deadline = Clock::now() + work.timeout;
  pid_t self = ::getpid();
  pid_t pid = ::fork();
  if (pid < 0) return fail(Error::of("cannot fork", Errno::last()));
  if (pid == 0) {
    ours.reset();
    live(work, theirs.get(), self);
  }
  theirs.reset();
  // Also set here: Child::end() may come before the child's own call.
  ::setpgid(pid, pid);
  auto child = adopt(pid);
  if (!child) return fail(Error::of("cannot watch a worker", child.error()));
  return listen(work, ours.get(), deadline);
}

}  // namespace sluice::bench
