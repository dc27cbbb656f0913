// SPDX-License-Identifier: MIT
// A policy costs a native file no request more than none.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "support.h"

namespace sluice::guard::test {
namespace {

class Requests : public Guarded {
 protected:
  static mirror::Options long_lived() {
    mirror::Options options;
    options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
    return options;
  }
};

TEST_F(Requests, a_known_native_file_costs_open_and_release_under_a_policy_too) {
  put("folder/a", "text");
  ASSERT_NO_FATAL_FAILURE(serve("[[include]]\npreset = \"agent\"\n", "agent", long_lived()));
  if (!served().mirror().features().find("passthrough")->on) GTEST_SKIP() << "no passthrough here";
  EXPECT_EQ(read_file(mount("folder/a")), "text");
  const auto before = served().all_requests();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(read_file(mount("folder/a")), "text");
  EXPECT_EQ(served().all_requests() - before, 200u);
  const Fd fd{::open(mount("folder/a").c_str(), O_RDWR)};
  ASSERT_TRUE(fd);
  std::vector<char> block(4096, 'b');
  ASSERT_EQ(::pwrite(fd.get(), block.data(), block.size(), 0), 4096);
  const auto open = served().all_requests();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(::pwrite(fd.get(), block.data(), block.size(), i * 4096), 4096);
    ASSERT_EQ(::pread(fd.get(), block.data(), block.size(), 0), 4096);
  }
  EXPECT_EQ(served().all_requests() - open, 0u);
}

TEST_F(Requests, a_known_tree_is_walked_without_any_lookup) {
  for (int i = 0; i < 60; ++i) put("d" + std::to_string(i % 3) + "/f" + std::to_string(i));
  put("d0/id_rsa", "hidden");
  ASSERT_NO_FATAL_FAILURE(serve("[[include]]\npreset = \"agent\"\n", "agent", long_lived()));
  std::string first, second;
  ASSERT_EQ(shell("ls -lR " + mount(), &first), 0);
  const auto before = served().count(wire::Opcode::lookup);
  ASSERT_EQ(shell("ls -lR " + mount(), &second), 0);
  EXPECT_EQ(served().count(wire::Opcode::lookup), before);
  EXPECT_EQ(first, second);
  EXPECT_EQ(second.find("id_rsa"), std::string::npos);
}

TEST_F(Requests, nodes_and_places_go_when_the_kernel_forgets) {
  for (int i = 0; i < 50; ++i) put("d" + std::to_string(i) + "/.config/x" + std::to_string(i));
  const std::string text = "[[rule]]\nid = \"a\"\npath = \"**/.config/x1\"\nverdict = \"deny\"\n";
  ASSERT_NO_FATAL_FAILURE(serve(text));
  ASSERT_EQ(shell("ls -lR " + mount() + " | wc -l"), 0);
  const auto held = guard().program()->stats().held;
  EXPECT_GT(held, 1u);
  ASSERT_EQ(shell("echo 2 > /proc/sys/vm/drop_caches"), 0);
  for (int i = 0; i < 100 && served().mirror().tree().table().stats().nodes > 1; ++i)
    ::usleep(20000);
  EXPECT_EQ(served().mirror().tree().table().stats().nodes, 1u);
  EXPECT_LT(guard().program()->stats().held, held);
}

}  // namespace
}  // namespace sluice::guard::test
