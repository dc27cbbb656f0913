// SPDX-License-Identifier: MIT
// What the guard's tests share: policies from text, and a tree that is really mounted under one.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "../mirror/support.h"
#include "sluice/guard/guard.h"

namespace sluice::guard::test {

using mirror::test::as_user;
using mirror::test::read_file;
using mirror::test::Scratch;
using mirror::test::shell;
using mirror::test::write_file;

// Gives the program of a policy that must load; `version = 1` need not be said.
std::shared_ptr<const policy::Program> program_of(std::string_view text);

// Gives who looks into files for it, by workers of their own.
std::shared_ptr<content::Contents> contents_of(
    const std::shared_ptr<const policy::Program>& program);

// Keeps all that it is told.
class Told final : public Decisions {
 public:
  void note(const Decision& decision) noexcept override;
  std::vector<Decision> all() const;
  // Those about a name.
  std::vector<Decision> about(std::string_view name) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Decision> all_;
};

// Gives the name of what a call failed with; "OK" where it did not (a result of 0 and more).
std::string outcome(long result);
// The same of opening, closed at once.
std::string open_outcome(const std::string& path, int flags, mode_t mode = 0644);
// Gives the names in a directory, in order, with spaces between.
std::string names_in(const std::string& path);

// A test with a tree below `lower()` that is mounted at `mount()` once serve() was called.
class Guarded : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Serves the tree to the subject (told apart where it is empty) under a policy.
  void serve(std::string_view policy, std::string_view subject = "anyone",
             mirror::Options mirror_options = {}, Enforce enforce = Enforce::yes);

  std::string lower(std::string_view below = "") const { return at(lower_, below); }
  std::string mount(std::string_view below = "") const { return at(mount_, below); }
  // Makes a file below the lower tree, and the folders on the way to it.
  void put(std::string_view below, std::string_view text = "text", mode_t mode = 0644) const;

  mirror::test::Served& served() { return *served_; }
  Guard& guard() { return *guard_; }

  Scratch scratch_;
  Told told_;

 private:
  static std::string at(const std::string& top, std::string_view below) {
    return below.empty() ? top : top + "/" + std::string{below};
  }

  std::string lower_, mount_;
  std::shared_ptr<Guard> guard_;
  std::unique_ptr<mirror::test::Served> served_;
};

}  // namespace sluice::guard::test
