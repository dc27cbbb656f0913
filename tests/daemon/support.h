// SPDX-License-Identifier: MIT
// What tests of whole programs on real mounts share. All happens in a mount namespace of the test's
// own, where users may open /dev/fuse whatever the machine's own has for permissions, so that
// neither other mounts are seen nor ours by anybody else.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/fd.h"

namespace sluice::test {

using namespace std::chrono_literals;

inline constexpr uid_t kNobody = 65534;

// Enters the namespace, once for the process. Gives why real mounts cannot be tested here; empty if
// they can.
std::string enter_namespace();

// A temporary folder. Its end unmounts all that is still mounted below it, aborting connections, so
// that a failed test leaves neither mounts nor daemons.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(std::string_view below = "") const;
  std::string folder(std::string_view below, uid_t owner = 0) const;
  std::string file(std::string_view below, std::string_view text) const;

 private:
  std::string root_;
};

struct Finished {
  int status = -1;  // exit status; 128 + n for signal n; -1 it took longer than it may
  std::string out;
  std::string err;
};

using Words = std::vector<std::string>;

struct How {
  // Runs in the new process before the program does.
  std::function<void()> before = {};
  std::chrono::milliseconds limit = 30s;
  std::string directory = "/";
};

// Runs a program to its end; one that takes longer than it may is killed.
Finished run(const Words& words, const How& how = {});
// The same for the `sluice` command that was built.
Finished sluice(Words words, const How& how = {});
// And for a shell command.
Finished shell(const std::string& command, const How& how = {});

// A program that goes on while the test does; killed at the end if it still runs.
class Running {
 public:
  explicit Running(const Words& words, const How& how = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  // Gives its exit status as Finished::status does, -1 if it has not ended within `limit`.
  int wait(std::chrono::milliseconds limit = 15s);

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

// Gives up root for good; for How::before.
void become(uid_t uid);

bool is_mounted(const std::string& path);
// Waits until something is mounted at `path`; false after 10 seconds.
bool mounted_soon(const std::string& path);
// Waits until the process has ended, reaped or not; false after 10 seconds.
bool ends_soon(pid_t pid);

// Waits until it has happened; false after 10 seconds.
bool soon(const std::function<bool()>& happened);

// Stops a process, and waits until each of its threads stands still; false after 10 seconds.
bool stop(pid_t pid);

void write_file(const std::string& path, std::string_view text);
std::string read_file(const std::string& path);

// What `sluice status --json PATH` says; fails the test if it says nothing.
nlohmann::json status_of(const std::string& path, const How& how = {});

}  // namespace sluice::test

// Skips the test, with the reason, where real mounts cannot be made.
#define SLUICE_NEEDS_MOUNTS()                                                          \
  if (const std::string why_not = ::sluice::test::enter_namespace(); !why_not.empty()) \
  GTEST_SKIP() << why_not
