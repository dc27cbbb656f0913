// SPDX-License-Identifier: MIT
// A lower tree, a mount point, and the words to mount one on the other.
#pragma once

#include "support.h"

namespace sluice::test {

class Mounts : public testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    lower_ = scratch_.folder("lower");
    mnt_ = scratch_.folder("mnt");
    scratch_.file("lower/file", "content");
  }
  // Mounts the lower tree; gives what the command said on standard error.
  std::string mount(const Words& options = {}) { return mount(lower_, mnt_, options); }
  std::string mount(const std::string& source, const std::string& mountpoint,
                    const Words& options = {}, const How& how = {}) {
    Words words{"mount", source, mountpoint};
    words.insert(words.end(), options.begin(), options.end());
    const Finished finished = sluice(words, how);
    EXPECT_EQ(finished.status, 0) << finished.err;
    EXPECT_EQ(finished.out, "");
    return finished.err;
  }
  void unmount() { unmount(mnt_); }
  void unmount(const std::string& mountpoint, const How& how = {}) {
    const Finished finished = sluice({"unmount", mountpoint}, how);
    EXPECT_EQ(finished.status, 0) << finished.err;
    EXPECT_FALSE(is_mounted(mountpoint));
  }
  std::string in_mnt(std::string_view below) const { return mnt_ + "/" + std::string{below}; }

  Scratch scratch_;
  std::string lower_;
  std::string mnt_;
};

}  // namespace sluice::test
