// SPDX-License-Identifier: MIT
// What `git` prints about a repository, by lines or bytes. Nothing that the repository configures
// is run.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/fd.h"

namespace sluice::cli {

class GitOutput {
 public:
  // Runs `git -C DIRECTORY ARGUMENTS`; what it has to complain about is dropped.
  // input    what it reads, from where that stands; borrowed for the call. -1: nothing
  // errors   ENOENT git is not installed; EAGAIN, EMFILE.
  static Result<GitOutput, Error> of(const std::string& directory,
                                     std::vector<std::string> arguments, int input = -1);
  // Ends it if it still runs.
  ~GitOutput();
  GitOutput(GitOutput&& other) noexcept;
  GitOutput& operator=(GitOutput&&) = delete;

  // Gives the next line, without its newline; nothing at the end.
  std::optional<std::string> line();
  // Fills `into` with what comes next; false: there is less.
  bool bytes(MutableBytes into);
  // After the last line: whether git ended well.
  bool ended_well();

 private:
  GitOutput(pid_t pid, Fd pipe) noexcept : pid_{pid}, pipe_{std::move(pipe)} {}
  bool more();

  pid_t pid_;
  Fd pipe_;
  std::string text_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace sluice::cli
