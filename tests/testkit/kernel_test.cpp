// SPDX-License-Identifier: MIT
// Testkit's kernel does with an orderly server what Linux does with it.
#include <fcntl.h>

#include <algorithm>

#include "conformance/memory_fs.h"
#include "sluice/testkit/expect.h"

namespace {

using namespace sluice;
using conformance::MemoryFs;
using testkit::Kernel;
using testkit::KernelOptions;

// A file system in memory, mounted in one of the ways that a kernel can be set up.
struct Mounted {
  explicit Mounted(KernelOptions options = {}, MemoryFs::Options fs_options = {})
      : kernel{options}, fs{fs_options}, session{fuse::file_system_of(fs)} {
    auto mounted = kernel.mount(session);
    EXPECT_TRUE(mounted) << mounted.error().line();
  }
  ~Mounted() {
    kernel.unmount();
    expect_no_breach(kernel);
    EXPECT_EQ(fs.held(), 0U);
    EXPECT_EQ(fs.open_files(), 0U);
  }
  Kernel kernel;
  MemoryFs fs;
  fuse::Session session;
};

void write_and_read_back(Kernel& kernel) {
  auto made = kernel.create(kRoot, "a", O_RDWR, 0644);
  ASSERT_TRUE(made) << name(made.error());
  EXPECT_EQ(kernel.write(made->file, 0, "hello"), 5U);
  EXPECT_EQ(kernel.read(made->file, 1, 100), "ello");
  EXPECT_EQ(kernel.getattr(made->entry.node)->attr.size, 5U);
  kernel.close(made->file);
  ASSERT_TRUE(kernel.lookup(kRoot, "a"));
  EXPECT_EQ(kernel.lookups(made->entry.node), 2U);
}

TEST(Kernel, serves_a_session_on_the_calling_thread) {
  Mounted mounted;
  write_and_read_back(mounted.kernel);
}

TEST(Kernel, serves_a_session_by_worker_threads) {
  Mounted mounted{{.threads = 3}};
  write_and_read_back(mounted.kernel);
}

TEST(Kernel, splits_requests_as_io_uring_does) {
  Mounted mounted{{.spans = testkit::Spans::two}};
  write_and_read_back(mounted.kernel);
}

}  // namespace
