// SPDX-License-Identifier: MIT
// What the tests of bench share: a directory that goes away, and whether mounting is possible here.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "sluice/bench/mounts.h"

namespace sluice::bench {

class TestDirectory {
 public:
  TestDirectory() {
    std::string name = "/tmp/sluice-test-bench-XXXXXX";
    path_ = std::filesystem::canonical(::mkdtemp(name.data())).string();
  }
  ~TestDirectory() {
    // A test that failed halfway may have left mounts; they go first, or their content would.
    while (auto mount = mount_below(path_)) {
      if (::umount2(mount->c_str(), MNT_DETACH) != 0) return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string make(const std::string& name) const {
    std::filesystem::create_directories(path_ + "/" + name);
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream{path} << text;
}

inline std::string read_text(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// Mounts something and takes it back: the only honest answer to whether one may.
inline bool may_mount() {
  TestDirectory directory;
  if (::mount("none", directory.path().c_str(), "tmpfs", 0, "size=64k") != 0) return false;
  ::umount(directory.path().c_str());
  return true;
}

inline bool gone_soon(pid_t pid) {
  for (int i = 0; i < 300; ++i) {
    if (::kill(pid, 0) != 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

}  // namespace sluice::bench
