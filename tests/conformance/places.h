// SPDX-License-Identifier: MIT
// Places for the suite that need nothing beyond testkit: a directory of the machine's own file
// system, and any file system behind testkit's kernel.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "conformance/memory_fs.h"
#include "conformance/suite.h"
#include "sluice/testkit/expect.h"
#include "sluice/testkit/real_world.h"
#include "sluice/testkit/vfs.h"

namespace conformance {

// A directory that is removed with all that is in it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "sluice-test-conformance-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The lower file system itself: what passes here is what the machine does.
class LowerPlace final : public Place {
 public:
  LowerPlace() : world_{scratch_.path()} { EXPECT_EQ(::chmod(scratch_.path().c_str(), 0755), 0); }
  sluice::testkit::World& world() override { return world_; }

 private:
  ScratchDirectory scratch_;
  sluice::testkit::RealWorld world_;
};

// The file system in memory behind testkit's kernel.
class MemoryPlace final : public Place {
 public:
  enum class Data { served, passing };
  MemoryPlace(sluice::testkit::KernelOptions options, MemoryFs::Options fs_options, Data data)
      : kernel_{options}, fs_{with_control(fs_options, data)}, session_{fuse::file_system_of(fs_)} {
    auto mounted = kernel_.mount(session_);
    EXPECT_TRUE(mounted) << mounted.error().line();
    world_.emplace(kernel_);
  }

  sluice::testkit::World& world() override { return *world_; }

  void finish() override {
    world_.reset();
    kernel_.unmount();
    sluice::testkit::expect_no_breach(kernel_);
    EXPECT_EQ(fs_.held(), 0U) << "nodes that were forgotten are still held";
    EXPECT_EQ(fs_.open_files(), 0U);
    EXPECT_EQ(session_.waiting(), 0U);
    EXPECT_EQ(session_.malformed(), 0U);
  }

 private:
  MemoryFs::Options with_control(MemoryFs::Options options, Data data) {
    if (data == Data::passing) options.control = &kernel_;
    return options;
  }

  sluice::testkit::Kernel kernel_;
  MemoryFs fs_;
  fuse::Session session_;
  std::optional<sluice::testkit::Vfs> world_;
};

}  // namespace conformance
