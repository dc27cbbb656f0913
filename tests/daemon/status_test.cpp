// SPDX-License-Identifier: MIT
// What status counts and shows.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "fixture.h"

namespace sluice::test {
namespace {

TEST_F(Mounts, status_has_all_that_programs_read) {
  mount();
  const auto status = status_of(mnt_);
  for (const char* key : {"open_descriptors", "cached_descriptors", "nodes", "node_bytes",
                          "open_files", "passed_through", "served", "refused", "malformed"}) {
    ASSERT_TRUE(status.contains(key)) << key;
    EXPECT_TRUE(status[key].is_number_unsigned()) << key;
  }
  EXPECT_EQ(status["mount"], mnt_);
  EXPECT_EQ(status["source"], lower_);
  EXPECT_EQ(status["malformed"], 0);
  EXPECT_GT(status["node_bytes"], 0);
  EXPECT_GT(status["open_descriptors"], 3);
  ASSERT_TRUE(status["features"].is_array());
  for (const auto& feature : status["features"]) {
    EXPECT_TRUE(feature["name"].is_string());
    EXPECT_TRUE(feature["on"].is_boolean());
    EXPECT_EQ(feature.contains("why"), !feature["on"].get<bool>());
  }
}

TEST_F(Mounts, status_counts_requests_by_the_kernels_names) {
  mount();
  const auto before = status_of(mnt_);
  EXPECT_EQ(before["requests"]["INIT"], 1);
  for (int i = 0; i < 5; ++i) read_file(in_mnt("file"));
  EXPECT_EQ(::access(in_mnt("none").c_str(), F_OK), -1);
  const auto after = status_of(mnt_);
  EXPECT_EQ(after["requests"]["OPEN"], 5);
  EXPECT_GE(after["requests"]["LOOKUP"], 2);
  EXPECT_GE(after["errors"]["LOOKUP"], 1);
  EXPECT_EQ(after["passed_through"].get<int>() + after["served"].get<int>(), 5);
}

TEST_F(Mounts, status_sees_open_files_come_and_go) {
  mount();
  {
    const Fd file{::open(in_mnt("file").c_str(), O_RDONLY | O_CLOEXEC)};
    ASSERT_TRUE(file);
    EXPECT_EQ(status_of(mnt_)["open_files"], 1);
  }
  for (int i = 0; i < 100 && status_of(mnt_)["open_files"] != 0; ++i) ::usleep(10'000);
  EXPECT_EQ(status_of(mnt_)["open_files"], 0);
}

TEST_F(Mounts, any_path_in_a_mount_will_do) {
  ASSERT_EQ(::symlink(mnt_.c_str(), scratch_.path("link").c_str()), 0);
  scratch_.folder("lower/deep");
  mount();
  for (const std::string& path :
       {mnt_ + "/", in_mnt("deep"), in_mnt("file"), scratch_.path("link")}) {
    EXPECT_EQ(status_of(path)["mount"], mnt_) << path;
  }
}

TEST_F(Mounts, a_page_of_status_fits_a_terminal) {
  mount({"--no-passthrough"});
  shell("ls -laR " + mnt_ + "; cat " + mnt_ + "/file");
  const Finished page = sluice({"status", mnt_});
  EXPECT_EQ(page.status, 0) << page.err;
  EXPECT_EQ(page.out.find(mnt_ + " shows " + lower_), 0u) << page.out;
  for (const char* part : {"passthrough", "off: switched off by --no-passthrough", "files opened",
                           "requests", "OPEN=1"}) {
    EXPECT_NE(page.out.find(part), std::string::npos) << part << "\n" << page.out;
  }
  std::istringstream lines{page.out};
  std::string line;
  std::getline(lines, line);  // names may be long
  while (std::getline(lines, line)) EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(Mounts, status_of_what_is_none_of_ours_says_so) {
  const Finished asked = sluice({"status", mnt_});
  EXPECT_EQ(asked.status, 1);
  EXPECT_EQ(std::ranges::count(asked.err, '\n'), 1);
  EXPECT_NE(asked.err.find("is not in a mount of Sluice's"), std::string::npos) << asked.err;
  EXPECT_EQ(sluice({"status"}).out, "nothing is mounted\n");
  EXPECT_EQ(sluice({"status", "--json"}).out, "[]\n");
}

TEST_F(Mounts, asking_costs_the_mount_no_request) {
  mount();
  const auto first = status_of(mnt_)["requests"];
  for (int i = 0; i < 3; ++i) sluice({"status", mnt_});
  EXPECT_EQ(status_of(mnt_)["requests"], first);
}

}  // namespace
}  // namespace sluice::test
