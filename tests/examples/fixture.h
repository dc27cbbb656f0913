// SPDX-License-Identifier: MIT
// An example that is started, serves a mount while the test works in it, and ends on SIGTERM.
#pragma once

#include <signal.h>

#include <memory>
#include <optional>

#include "../daemon/support.h"

namespace sluice::test {

class Example : public testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    mnt_ = scratch_.folder("mnt");
  }
  // Starts `program` with `arguments` and the mount point, and waits for the mount.
  void start(const std::string& program, Words arguments = {}) {
    arguments.insert(arguments.begin(), std::string{EXAMPLES} + "/" + program);
    arguments.push_back(mnt_);
    running_.emplace(arguments);
    ASSERT_TRUE(mounted_soon(mnt_));
  }
  void stop() {
    running_->signal(SIGTERM);
    EXPECT_EQ(running_->wait(), 0);
    EXPECT_FALSE(is_mounted(mnt_));
  }
  std::string in_mnt(std::string_view below) const { return mnt_ + "/" + std::string{below}; }

  Scratch scratch_;
  std::string mnt_;
  std::optional<Running> running_;
};

}  // namespace sluice::test
