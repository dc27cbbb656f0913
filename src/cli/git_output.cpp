// SPDX-License-Identifier: MIT
#include "git_output.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::size_t kMaxLine = std::size_t{1} << 16;  // a longer one is cut

// Repositories of others are looked into, too; prompts, locks, monitors and downloads are not
// wanted; and none of the variables that lead to another repository.
std::vector<std::string> variables() {
  std::vector<std::string> kept{"GIT_CONFIG_COUNT=2",       "GIT_CONFIG_KEY_0=safe.directory",
                                "GIT_CONFIG_VALUE_0=*",     "GIT_CONFIG_KEY_1=core.fsmonitor",
                                "GIT_CONFIG_VALUE_1=false", "GIT_TERMINAL_PROMPT=0",
                                "GIT_OPTIONAL_LOCKS=0",     "GIT_NO_LAZY_FETCH=1",
                                "GIT_ALLOW_PROTOCOL=none",  "GIT_SSH_COMMAND=false",
                                "GIT_NO_REPLACE_OBJECTS=1", "LC_ALL=C"};
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    if (!text.starts_with("GIT_") && !text.starts_with("LC_ALL=")) kept.emplace_back(text);
  }
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

Result<GitOutput, Error> GitOutput::of(const std::string& directory,
                                       std::vector<std::string> arguments, int input) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(Error::of("cannot make a pipe", Errno::last()));
  }
  Fd ours{ends[0]};
  const Fd its{ends[1]};
  arguments.insert(arguments.begin(), {"git", "--no-pager", "-C", directory});
  std::vector<std::string> environment = variables();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (input >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&actions, its.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, "git", &actions, nullptr, pointers(arguments).data(),
                                   pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(Error::of("cannot run `git`", Errno::from(error)));
  return GitOutput{pid, std::move(ours)};
}

GitOutput::GitOutput(GitOutput&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)},
      pipe_{std::move(other.pipe_)},
      text_{std::move(other.text_)},
      at_{other.at_},
      ended_{other.ended_} {}

GitOutput::~GitOutput() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  static_cast<void>(ended_well());
}

// Reads on; false at the end.
bool GitOutput::more() {
  text_.erase(0, at_);
  at_ = 0;
  std::array<char, 1 << 16> piece;
  const ssize_t got =
      retry_interrupted([&] { return ::read(pipe_.get(), piece.data(), piece.size()); });
  if (got > 0) text_.append(piece.data(), static_cast<std::size_t>(got));
  if (got <= 0) ended_ = true;
  return !ended_;
}

std::optional<std::string> GitOutput::line() {
  for (;;) {
    const std::size_t end = text_.find('\n', at_);
    if (end != std::string::npos) {
      std::string found = text_.substr(at_, std::min(end - at_, kMaxLine));
      at_ = end + 1;
      return found;
    }
    if (ended_) return std::nullopt;
    text_.resize(std::min(text_.size(), at_ + kMaxLine));
    more();
  }
}

bool GitOutput::bytes(MutableBytes into) {
  while (!into.empty()) {
    const std::size_t length = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, length);
    at_ += length;
    into = into.subspan(length);
    if (!into.empty() && (ended_ || !more())) return false;
  }
  return true;
}

bool GitOutput::ended_well() {
  if (pid_ < 0) return false;
  pipe_.reset();
  int status = 0;
  const pid_t pid = std::exchange(pid_, -1);
  const pid_t reaped = retry_interrupted([&] { return ::waitpid(pid, &status, 0); });
  return reaped == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace sluice::cli
