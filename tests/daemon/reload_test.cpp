// SPDX-License-Identifier: MIT
// Another policy for a mount in use: `sluice reload` and SIGHUP. What cannot be used changes
// nothing.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "policy_fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr std::string_view kOpen = "";
constexpr std::string_view kShut = R"([[rule]]
id = "keys"
path = "*.key"
verdict = "hide"
)";

class Reload : public PolicyMounts {
 protected:
  void SetUp() override {
    PolicyMounts::SetUp();
    if (IsSkipped()) return;
    scratch_.folder("lower/sub");
    scratch_.file("lower/a.key", "secret");
    scratch_.file("lower/sub/b.key", "secret");
  }
  Finished reload(const Words& more = {}) {
    Words words{"reload", mnt_};
    words.insert(words.end(), more.begin(), more.end());
    return sluice(words);
  }
  // What must have no effect: it is told, with `said` in it, and the keys stay hidden.
  void refuses(const std::string& said) {
    const Finished finished = reload();
    EXPECT_EQ(finished.status, 1) << said;
    EXPECT_TRUE(has(finished.err, said)) << finished.err;
    EXPECT_TRUE(has(finished.err, "keeps the policy that it has")) << finished.err;
    EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
    EXPECT_EQ(policy_status()["reloads"], 0);
    EXPECT_FALSE(policy_status()["last_refusal"].empty());
  }
};

TEST_F(Reload, the_policy_as_it_is_written_now_holds_at_once) {
  const std::string file = policy(kOpen);
  mount_by(file);
  EXPECT_EQ(cat(in_mnt("a.key")), "secret");
  EXPECT_EQ(cat(in_mnt("sub/b.key")), "secret");
  policy(kShut);
  const Finished finished = reload();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(has(finished.out, "2 directories")) << finished.out;
  EXPECT_TRUE(has(finished.out, "still open")) << finished.out;
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
  EXPECT_EQ(cat(in_mnt("sub/b.key")), "ENOENT");
  policy(kOpen);
  EXPECT_EQ(sluice({"reload"}).status, 0) << "where there is just one mount";
  EXPECT_EQ(cat(in_mnt("sub/b.key")), "secret");
  EXPECT_EQ(policy_status()["reloads"], 2);
}

TEST_F(Reload, files_that_are_open_stay_so_and_are_named) {
  mount_by(policy(kOpen));
  const Fd key{::open(in_mnt("sub/b.key").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(key);
  policy(kShut);
  const Finished finished = reload({"--json"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  const json answer = json::parse(finished.out);
  EXPECT_EQ(answer["ok"], true);
  EXPECT_EQ(answer["open_files"], 1);
  EXPECT_EQ(answer["open"], json({"sub/b.key"}));
  char text[7] = {};
  EXPECT_EQ(::pread(key.get(), text, 6, 0), 6);
  EXPECT_EQ(std::string_view{text}, "secret");
}

TEST_F(Reload, of_many_open_files_the_first_are_named) {
  mount_by(policy(kOpen));
  std::vector<Fd> open;
  for (int i = 0; i < 25; ++i) {
    const std::string name = "many" + std::to_string(i);
    scratch_.file("lower/" + name, "x");
    open.emplace_back(::open(in_mnt(name).c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(open.back());
  }
  const Finished finished = reload();
  EXPECT_TRUE(has(finished.out, "25 files are still open")) << finished.out;
  EXPECT_TRUE(has(finished.out, "and 5 more")) << finished.out;
}

TEST_F(Reload, a_policy_that_is_broken_changes_nothing) {
  const std::string file = policy(kShut);
  mount_by(file);
  scratch_.file("p.toml", "version = 1\n[[rule]]\nid = \"x\"\nverdikt = \"hide\"\n");
  refuses(file + ":4:1: ");
  scratch_.file("p.toml", "version = 1\n[[rule]]\nid = \"x\"\npath = [\"*.k");
  refuses(file + ":4:");
  scratch_.file("p.toml", "");
  refuses(file);
}

TEST_F(Reload, a_test_that_fails_or_a_never_that_does_not_hold_refuses_it) {
  const std::string file = policy(kShut);
  mount_by(file);
  policy("[[test]]\nas = \"anyone\"\npath = \"a.key\"\nexpect = { see = \"no\" }\n");
  refuses(file + ":2:");
  policy("[[never]]\npath = [\"*.key\"]\nsee = \"yes\"\n");
  refuses(file + ":2:");
}

TEST_F(Reload, a_policy_that_is_gone_or_no_file_changes_nothing) {
  const std::string file = policy(kShut);
  mount_by(file);
  std::filesystem::remove(file);
  refuses(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  refuses("it is not a file");
}

TEST_F(Reload, subjects_that_cannot_be_proved_refuse_it) {
  const std::string file = policy(kShut);
  mount_by(file);
  policy(
      "[subject.ghost]\nuser = \"no-such-user-here\"\n[[rule]]\nid = \"r\"\nwho = \"ghost\"\n"
      "path = \"x\"\nverdict = \"deny\"\n");
  refuses(file + ":2:");
}

TEST_F(Reload, another_policy_can_take_its_place_and_stays) {
  mount_by(policy(kOpen));
  const std::string strict = policy(kShut, "strict.toml");
  How there;
  there.directory = scratch_.path();
  const Finished finished = sluice({"reload", mnt_, "--policy", "strict.toml"}, there);
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
  EXPECT_EQ(policy_status()["name"], strict);
  EXPECT_EQ(reload().status, 0);
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
  EXPECT_EQ(reload({"--policy", "dataset"}).status, 0);
  EXPECT_EQ(policy_status()["name"], "dataset");
  EXPECT_EQ(cat(in_mnt("a.key")), "secret");
  EXPECT_EQ(reload().status, 0);
}

TEST_F(Reload, relative_names_and_what_they_include_are_found_again) {
  scratch_.folder("rules");
  scratch_.file("rules/base.toml", version(kOpen));
  scratch_.file("p.toml", version("[[include]]\nfile = \"rules/base.toml\"\n"));
  How there;
  there.directory = scratch_.path();
  mount("lower", "mnt", {"--policy", "p.toml", "-q"}, there);
  EXPECT_EQ(cat(in_mnt("a.key")), "secret");
  scratch_.file("rules/base.toml", version(kShut));
  EXPECT_EQ(reload().status, 0);
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
}

TEST_F(Reload, a_policy_below_the_mount_is_read_without_asking_the_mount) {
  const std::string file = scratch_.file("lower/p.toml", version(kOpen));
  mount(lower_, lower_, {"--policy", file, "-q"});
  EXPECT_EQ(cat(lower_ + "/a.key"), "secret");
  // It hides itself: by way of the mount the next one could not be read.
  write_file(
      file,
      version("[[rule]]\nid = \"all\"\npath = [\"*.key\", \"p.toml\"]\nverdict = \"hide\"\n"));
  EXPECT_EQ(sluice({"reload", lower_}).status, 0);
  EXPECT_EQ(cat(lower_ + "/a.key"), "ENOENT");
  EXPECT_EQ(cat(file), "ENOENT");
  const Finished again = sluice({"reload", lower_});
  EXPECT_EQ(again.status, 0) << again.err;
  unmount(lower_);
}

TEST_F(Reload, a_policy_that_is_a_link_into_the_mount_is_not_followed) {
  scratch_.file("lower/p.toml", version(kShut));
  mount_by(policy(kShut));
  std::filesystem::remove(scratch_.path("p.toml"));
  std::filesystem::create_symlink(in_mnt("p.toml"), scratch_.path("p.toml"));
  refuses(scratch_.path("p.toml"));
}

TEST_F(Reload, a_hang_up_does_the_same) {
  mount_by(policy(kOpen));
  EXPECT_EQ(cat(in_mnt("a.key")), "secret");
  const pid_t daemon = status_of(mnt_)["pid"].get<pid_t>();
  policy(kShut);
  ASSERT_EQ(::kill(daemon, SIGHUP), 0);
  EXPECT_TRUE(soon([&] { return policy_status()["reloads"] == 1; }));
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
  scratch_.file("p.toml", "version = 2\n");
  ASSERT_EQ(::kill(daemon, SIGHUP), 0);
  EXPECT_TRUE(soon([&] { return policy_status().contains("last_refusal"); }));
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
}

TEST_F(Reload, a_mount_without_a_policy_says_so_and_lives_through_a_hang_up) {
  mount({"-q"});
  const Finished finished = reload();
  EXPECT_EQ(finished.status, 1);
  EXPECT_TRUE(has(finished.err, "--policy")) << finished.err;
  ASSERT_EQ(::kill(status_of(mnt_)["pid"].get<pid_t>(), SIGHUP), 0);
  EXPECT_EQ(cat(in_mnt("file")), "content");
}

TEST_F(Reload, whoever_is_at_work_meanwhile_sees_one_policy_or_the_other) {
  mount_by(policy(kOpen));
  std::atomic<bool> stop{false};
  std::atomic<int> odd{0}, opened{0};
  std::thread worker{[&] {
    while (!stop) {
      const Fd key{::open(in_mnt("sub/b.key").c_str(), O_RDONLY | O_CLOEXEC)};
      if (!key && errno != ENOENT) ++odd;
      const Fd other{::open(in_mnt("file").c_str(), O_RDONLY | O_CLOEXEC)};
      if (!other) ++odd;
      ++opened;
    }
  }};
  for (int i = 0; i < 10; ++i) {
    policy(i % 2 == 0 ? kShut : kOpen);
    EXPECT_EQ(reload().status, 0);
  }
  stop = true;
  worker.join();
  EXPECT_EQ(odd, 0);
  EXPECT_GT(opened, 0);
}

TEST_F(Reload, help_and_wrong_usage) {
  EXPECT_EQ(sluice({"reload", "--help"}).status, 0);
  EXPECT_EQ(sluice({"reload", "--polcy", "x"}).status, 2);
  EXPECT_EQ(sluice({"reload", lower_}).status, 1);
}

}  // namespace
}  // namespace sluice::test
