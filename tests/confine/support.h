// SPDX-License-Identifier: MIT
// What tests of confined commands share: a tree with a secret, a view over it without, and commands
// that are run through confine::run() in a process of their own, as root or as an ordinary user.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/confine/run.h"

namespace sluice::confine::test {

using namespace std::chrono_literals;

inline constexpr uid_t kUser = 54321;

// Who runs a command; the same tests hold for both.
enum class Who { root, user };

// Gives why it cannot be tested here; empty if it can.
std::string cannot_test(Who who);

// A folder below /tmp with `tree/`, in which `secret.txt` says "secret" and `in/` is a folder;
// all of it belongs to who runs the command. Removed at the end.
class Scratch {
 public:
  explicit Scratch(Who who);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(std::string_view below = "") const;
  std::string tree(std::string_view below = "") const;

 private:
  std::string root_;
};

using Words = std::vector<std::string>;

struct Setting {
  Who who = Who::root;
  // Changes the plan, which has the tree as its one view, and /tmp as its directory.
  std::function<void(Plan&)> plan = {};
  // Runs in the process that will call run(), before it gives up root.
  std::function<void()> before_as_root = {};
  // The same after that.
  std::function<void()> before = {};
  std::function<void(const Report&)> starting = {};
  // Mounts the views; if empty, a tmpfs with `shown.txt` that says "shown", and `in/`.
  std::function<Result<void, Error>()> mount_views = {};
  std::chrono::milliseconds limit = 30s;
};

struct Ran {
  int status = -1;    // of the command; -1 it took too long, -2 it was not started
  std::string out;    // standard output
  std::string err;    // standard error
  std::string error;  // what run() failed with
  std::string why;    // Ended::why
};

// Starts a command and goes on; killed at the end, with the process that called run(), if it still
// runs.
class Running {
 public:
  Running(const Scratch& scratch, const Words& command, const Setting& setting = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // The process that called run().
  pid_t pid() const noexcept { return pid_; }
  // Waits until standard output holds `text`; false after 20 seconds.
  bool says(std::string_view text);
  // Waits for the end.
  Ran finish();

 private:
  bool read_some(std::chrono::steady_clock::time_point until);

  std::chrono::milliseconds limit_;
  pid_t pid_ = -1;
  Fd out_;
  Fd err_;
  Fd result_;
  Ran ran_;
  std::string told_;
};

Ran confined(const Scratch& scratch, const Words& command, const Setting& setting = {});
// The same for a shell's command, and for the helper that tries to get out. The helper's status is
// kHeld when it could not.
inline constexpr int kHeld = 7;
Ran shell(const Scratch& scratch, const std::string& command, const Setting& setting = {});
Ran escape(const Scratch& scratch, Words words, const Setting& setting = {});

void write_file(const std::string& path, std::string_view text, mode_t mode = 0644);
std::string read_file(const std::string& path);

// A process outside that belongs to who runs the command, and has `fd` (if any) open as 9, with the
// tree as its working directory. It stays until the end.
class Outsider {
 public:
  Outsider(const Scratch& scratch, Who who);
  ~Outsider();
  Outsider(const Outsider&) = delete;
  Outsider& operator=(const Outsider&) = delete;
  std::string pid() const { return std::to_string(pid_); }
  bool is_alive() const;

 private:
  pid_t pid_ = -1;
};

void become(Who who);

// Tests that hold for root as for a user.
class ByWho : public testing::TestWithParam<Who> {
 protected:
  void SetUp() override {
    if (const std::string why = cannot_test(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
  Setting setting() const { return {.who = GetParam()}; }
};

std::string name_of(const testing::TestParamInfo<Who>& info);

}  // namespace sluice::confine::test

#define SLUICE_FOR_ROOT_AND_USER(suite)                                                      \
  class suite : public ::sluice::confine::test::ByWho {};                                    \
  INSTANTIATE_TEST_SUITE_P(By, suite,                                                        \
                           testing::Values(::sluice::confine::test::Who::root,               \
                                           ::sluice::confine::test::Who::user),              \
                           ::sluice::confine::test::name_of)
