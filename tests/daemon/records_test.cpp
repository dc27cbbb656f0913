// SPDX-License-Identifier: MIT
// What is written down about decisions: complete, in whole lines, and by the right policy's names.
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy_fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr std::string_view kRules = R"([subject.alice]
uid = 1001
[[rule]]
id = "keys"
who = "alice"
path = "*.key"
read = "deny"
[[rule]]
id = "kept"
path = "*.key"
write = "deny"
[[rule]]
id = "watch"
path = "*.doc"
log = "open"
)";

class Records : public PolicyMounts {
 protected:
  void SetUp() override {
    PolicyMounts::SetUp();
    if (IsSkipped()) return;
    scratch_.folder("lower/sub");
    scratch_.file("lower/sub/a.key", "key");
    scratch_.file("lower/a.doc", "doc");
    log_ = scratch_.path("log");
  }
  void mount_logged(std::string_view rules, const Words& more = {}) {
    Words words{"--log", log_};
    words.insert(words.end(), more.begin(), more.end());
    mount_by(policy(rules), words);
  }
  // The log's lines once there are `count`; fails the test if one is not JSON.
  std::vector<json> records(std::size_t count) { return records(count, log_); }
  static std::vector<json> records(std::size_t count, const std::string& file) {
    std::vector<json> all;
    EXPECT_TRUE(soon([&] {
      all.clear();
      std::ifstream lines{file};
      for (std::string line; std::getline(lines, line);) {
        all.push_back(json::parse(line, nullptr, false));
      }
      return all.size() >= count;
    }));
    for (const json& each : all) EXPECT_TRUE(each.is_object());
    return all;
  }

  std::string log_;
};

TEST_F(Records, a_refusal_is_complete) {
  mount_logged(kRules);
  EXPECT_EQ(cat(in_mnt("sub/a.key"), kAlice), "EACCES");
  const std::vector<json> all = records(1);
  ASSERT_EQ(all.size(), 1u);
  const json& record = all.front();
  EXPECT_EQ(record["subject"], "alice");
  EXPECT_EQ(record["uid"], kAlice);
  EXPECT_EQ(record["gid"], kAlice);
  EXPECT_GT(record["pid"], 0);
  EXPECT_EQ(record["operation"], "OPEN");
  EXPECT_EQ(record["path"], "sub/a.key");
  EXPECT_EQ(record["mode"], "read");
  EXPECT_EQ(record["see"], "yes");
  EXPECT_EQ(record["read"], "deny");
  EXPECT_EQ(record["write"], "deny");
  EXPECT_EQ(record["rule"], "keys");
  EXPECT_EQ(record["rules"]["see"], "default");
  EXPECT_EQ(record["rules"]["read"], "keys");
  EXPECT_EQ(record["rules"]["write"], "kept");
  EXPECT_EQ(record["face"], "none");
  EXPECT_EQ(record["error"], "EACCES");
  EXPECT_EQ(record["enforced"], true);
  EXPECT_TRUE(record["microseconds"].is_number_unsigned());
  EXPECT_TRUE(record["time"].get<std::string>().ends_with("Z"));
}

TEST_F(Records, an_open_that_a_rule_logs_names_that_rule) {
  mount_logged(kRules);
  EXPECT_EQ(cat(in_mnt("a.doc")), "doc");
  const std::vector<json> all = records(1);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all.front()["rule"], "watch");
  EXPECT_EQ(all.front()["rules"]["log"], "watch");
  EXPECT_EQ(all.front()["log"], "open");
  EXPECT_EQ(all.front()["face"], "native");
  EXPECT_EQ(all.front()["error"], "");
}

TEST_F(Records, the_executable_is_named_while_its_process_lives_and_no_other_is) {
  mount_logged(kRules);
  const Running reader{{"sh", "-c", "exec 3<" + in_mnt("a.doc") + "; sleep 60"}};
  const std::vector<json> all = records(1);
  ASSERT_EQ(all.size(), 1u);
  const std::string exe = all.front()["exe"];
  EXPECT_EQ(exe, std::filesystem::canonical("/bin/sh").string());
  // One that is gone by the time its record is written: nothing, or what it was.
  for (int i = 0; i < 10; ++i) cat(in_mnt("a.doc"));
  for (const json& record : records(11)) {
    const std::string said = record["exe"];
    EXPECT_TRUE(said.empty() || said == exe ||
                said == std::filesystem::canonical("/bin/cat").string())
        << said;
  }
}

TEST_F(Records, what_is_only_observed_says_so) {
  mount_logged(kRules, {"--observe", "--as", "alice"});
  EXPECT_EQ(cat(in_mnt("sub/a.key")), "key");
  const std::vector<json> all = records(1);
  EXPECT_EQ(all.front()["error"], "EACCES");
  EXPECT_EQ(all.front()["enforced"], false);
  EXPECT_EQ(all.front()["face"], "native");
}

TEST_F(Records, names_of_the_policy_that_decided_are_used_across_reloads) {
  mount_logged(kRules);
  cat(in_mnt("a.doc"));
  std::string renamed{kRules};
  renamed.replace(renamed.find("\"watch\""), 7, "\"other\"");
  // One more rule before it, so that numbers are not the same.
  renamed.insert(renamed.find("[[rule]]"),
                 "[[rule]]\nid = \"aaa\"\npath = \"zzz\"\nlog = \"open\"\n");
  policy(renamed);
  EXPECT_EQ(sluice({"reload", mnt_}).status, 0);
  cat(in_mnt("a.doc"));
  const std::vector<json> all = records(2);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["rule"], "watch");
  EXPECT_EQ(all[0]["reloads"], 0);
  EXPECT_EQ(all[1]["rule"], "other");
  EXPECT_EQ(all[1]["reloads"], 1);
}

TEST_F(Records, a_reload_that_is_refused_does_not_confuse_them) {
  mount_logged(kRules);
  scratch_.file("p.toml", "version = 7\n");
  EXPECT_EQ(sluice({"reload", mnt_}).status, 1);
  cat(in_mnt("a.doc"));
  EXPECT_EQ(records(1).front()["rule"], "watch");
}

TEST_F(Records, a_log_that_is_no_regular_file_is_refused_at_the_start) {
  const std::string file = policy(kRules);
  const std::string fifo = scratch_.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_TRUE(has(refused({"--policy", file, "--log", fifo}), "it is not a regular file"));
  const Fd reader{::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  EXPECT_TRUE(has(refused({"--policy", file, "--log", fifo}), "it is not a regular file"));
  EXPECT_TRUE(has(refused({"--policy", file, "--log", "/dev/null"}), "it is not a regular file"));
  EXPECT_TRUE(has(refused({"--policy", file, "--log", lower_}), "cannot log to"));
  EXPECT_TRUE(has(refused({"--policy", file, "--log", "/no/such/log"}), "cannot log to"));
}

TEST_F(Records, a_log_is_closed_to_others_and_added_to) {
  mount_logged(kRules);
  cat(in_mnt("a.doc"));
  records(1);
  unmount();
  mount_logged(kRules);
  cat(in_mnt("a.doc"));
  EXPECT_EQ(records(2).size(), 2u);
  struct stat stat {};
  ASSERT_EQ(::stat(log_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
}

TEST_F(Records, a_log_that_was_moved_away_is_begun_anew_by_a_hang_up) {
  mount_logged(kRules);
  cat(in_mnt("a.doc"));
  records(1);
  std::filesystem::rename(log_, log_ + ".1");
  cat(in_mnt("a.doc"));
  EXPECT_EQ(records(2, log_ + ".1").size(), 2u);
  ASSERT_EQ(::kill(status_of(mnt_)["pid"].get<pid_t>(), SIGHUP), 0);
  EXPECT_TRUE(soon([&] { return policy_status()["reloads"] == 1; }));
  cat(in_mnt("a.doc"));
  EXPECT_EQ(records(1).size(), 1u);
  EXPECT_EQ(records(2, log_ + ".1").size(), 2u);
}

TEST_F(Records, a_full_disk_costs_lines_that_are_counted_and_tears_none_that_follow) {
  const std::string small = scratch_.folder("small");
  ASSERT_EQ(::mount("none", small.c_str(), "tmpfs", 0, "size=8k"), 0);
  log_ = small + "/log";
  mount_logged(kRules);
  scratch_.file("small/ballast", std::string(4096, 'x'));
  for (int i = 0; i < 40; ++i) cat(in_mnt("a.doc"));
  EXPECT_TRUE(soon([&] { return policy_status()["decisions"]["lost"] > 0; }));
  std::filesystem::remove(small + "/ballast");
  EXPECT_EQ(cat(in_mnt("sub/a.key"), kAlice), "EACCES");
  EXPECT_TRUE(soon([&] { return has(read_file(log_), "\"error\":\"EACCES\""); }));
  // All lines but the one that was cut are whole.
  std::istringstream lines{read_file(log_)};
  int broken = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!json::parse(line, nullptr, false).is_object()) ++broken;
  }
  EXPECT_LE(broken, 1);
  EXPECT_TRUE(has(sluice({"status", mnt_}).out, "could not be written to the log"));
}

// A disk that does not answer, for as long as it lives.
class FrozenDisk {
 public:
  explicit FrozenDisk(const std::string& at)
      : fd_{::open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)},
        frozen_{::ioctl(fd_.get(), FIFREEZE, 0) == 0} {}
  ~FrozenDisk() { thaw(); }
  FrozenDisk(const FrozenDisk&) = delete;
  void thaw() {
    if (frozen_) ::ioctl(fd_.get(), FITHAW, 0);
    frozen_ = false;
  }
  explicit operator bool() const noexcept { return frozen_; }

 private:
  Fd fd_;
  bool frozen_;
};

TEST_F(Records, a_disk_that_does_not_answer_holds_nobody_up_and_what_is_missing_is_counted) {
  const std::string disk = scratch_.folder("disk");
  const std::string image = scratch_.path("image");
  const Finished made = shell("truncate -s 16M " + image + " && mke2fs -q -t ext4 " + image +
                              " && mount -o loop " + image + " " + disk);
  if (made.status != 0) GTEST_SKIP() << "needs ext4 on a loop device: " << made.err;
  log_ = disk + "/log";
  mount_logged(kRules);
  FrozenDisk frozen{disk};
  if (!frozen) GTEST_SKIP() << "needs a file system that can be frozen";
  for (int i = 0; i < 12'000; ++i) {
    const Fd opened{::open(in_mnt("a.doc").c_str(), O_RDONLY | O_CLOEXEC)};
    ASSERT_TRUE(opened);
  }
  EXPECT_GT(policy_status()["decisions"]["dropped"], 0);
  EXPECT_TRUE(has(sluice({"status", mnt_}).out, "came too fast"));
  frozen.thaw();
  EXPECT_TRUE(soon([&] { return has(read_file(log_), "\"dropped\":"); }));
  EXPECT_EQ(policy_status()["decisions"]["lost"], 0);
}

}  // namespace
}  // namespace sluice::test
