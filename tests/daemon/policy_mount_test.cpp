// SPDX-License-Identifier: MIT
// One mount for everybody under a policy: callers are told apart by what proves them, and what
// cannot be proved is an error before anything is mounted.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "policy_fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr std::string_view kApart = R"([subject.alice]
uid = 1001
[subject.team]
gid = 1002
[[rule]]
id = "alices"
who = "alice"
path = "*.key"
verdict = "deny"
[[rule]]
id = "teams"
who = "team"
path = "*.doc"
verdict = "deny"
)";

class PolicyMount : public PolicyMounts {
 protected:
  void SetUp() override {
    PolicyMounts::SetUp();
    if (IsSkipped()) return;
    scratch_.file("lower/a.key", "key");
    scratch_.file("lower/a.doc", "doc");
  }
  std::string with(const std::string& subject, std::string_view name = "p.toml") {
    return policy(
        "[subject.other]\nuid = 4242\n" + subject +
            "\n[[rule]]\nid = \"r\"\nwho = \"who\"\npath = \"*.key\"\nverdict = \"deny\"\n",
        name);
  }
};

TEST_F(PolicyMount, users_and_groups_get_what_is_theirs_by_turns) {
  mount_by(policy(kApart));
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(cat(in_mnt("a.key"), kAlice), "EACCES");
    EXPECT_EQ(cat(in_mnt("a.key"), kBob), "key");
    EXPECT_EQ(cat(in_mnt("a.doc"), kAlice), "doc");
    EXPECT_EQ(cat(in_mnt("a.doc"), kBob), "EACCES");  // whose group it is
    EXPECT_EQ(cat(in_mnt("a.key")), "key");
    EXPECT_EQ(cat(in_mnt("file"), kAlice), "content");
  }
  const json now = policy_status();
  EXPECT_EQ(now["told_apart"], true);
  EXPECT_EQ(now["subject"], "");
  EXPECT_TRUE(soon([&] { return policy_status()["decisions"]["refused"] == 10; }));
}

TEST_F(PolicyMount, two_users_at_once_each_get_their_own_answer) {
  mount_by(policy(kApart));
  constexpr int kRounds = 60;
  std::atomic<int> wrong{0};
  const auto loop = [&](uid_t who, const char* denied, const char* allowed) {
    const std::string script = "i=0; while [ $i -lt " + std::to_string(kRounds) + " ]; do cat " +
                               in_mnt(allowed) + " >/dev/null || exit 1; cat " + in_mnt(denied) +
                               " >/dev/null 2>&1 && exit 2; i=$((i+1)); done";
    How how;
    how.before = [who] { become(who); };
    if (shell(script, how).status != 0) ++wrong;
  };
  std::thread alice{loop, kAlice, "a.key", "a.doc"};
  std::thread bob{loop, kBob, "a.doc", "a.key"};
  alice.join();
  bob.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(PolicyMount, a_program_is_known_by_its_path_and_file) {
  const std::string own = scratch_.path("reader");
  std::filesystem::copy_file("/bin/cat", own);
  mount_by(with("[subject.who]\nexe = \"" + own + "\"\n"));
  EXPECT_EQ(cat(in_mnt("a.key"), 0, own), "EACCES");
  EXPECT_EQ(cat(in_mnt("a.key")), "key");
  // Another file of that name is another program.
  std::filesystem::copy_file("/bin/cat", own + ".new");
  std::filesystem::rename(own + ".new", own);
  EXPECT_EQ(cat(in_mnt("a.key"), 0, own), "key");
}

TEST_F(PolicyMount, a_control_group_and_what_is_below_it_is_known) {
  const std::string groups = scratch_.folder("groups");
  const std::string group = groups + "/sluice-test-" + std::to_string(::getpid());
  if (::mount("none", groups.c_str(), "cgroup2", 0, nullptr) != 0 ||
      ::mkdir(group.c_str(), 0755) != 0) {
    GTEST_SKIP() << "needs control groups (version 2) that may be made";
  }
  const std::string name = group.substr(group.rfind('/'));
  mount_by(with("[subject.who]\ncgroup = \"" + name + "\"\n"));
  const auto inside = [&](const std::string& command) {
    return shell("echo $$ > " + group + "/cgroup.procs && " + command);
  };
  const Finished entered = inside("cat " + in_mnt("file"));
  EXPECT_EQ(entered.out, "content") << entered.err;
  EXPECT_TRUE(has(inside("cat " + in_mnt("a.key")).err, "Permission denied"));
  EXPECT_EQ(cat(in_mnt("a.key")), "key");
  unmount();
  EXPECT_TRUE(soon([&] { return ::rmdir(group.c_str()) == 0; }));
}

TEST_F(PolicyMount, who_cannot_be_proved_here_is_an_error_with_its_line) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"user = \"no-such-user-here\"", "there is no user `no-such-user-here` here"},
      {"user = [\"root\", \"no-such-user-here\"]", "there is no user `no-such-user-here` here"},
      {"group = \"no-such-group-here\"", "there is no group `no-such-group-here` here"},
      {"exe = \"/no/such/program\"", "there is no executable `/no/such/program` here"},
      {"run_as = true", "mount with `--as who`"},
  };
  for (const auto& [proof, said] : cases) {
    const std::string file = with("[subject.who]\n" + proof);
    const std::string err = refused({"--policy", file});
    EXPECT_TRUE(has(err, said)) << err;
    EXPECT_TRUE(has(err, file + ":4:")) << err;
  }
}

TEST_F(PolicyMount, units_need_control_groups) {
  const std::string file = with("[subject.who]\nunit = \"some.service\"");
  std::ifstream groups{"/proc/self/cgroup"};
  const std::string all{std::istreambuf_iterator<char>{groups}, {}};
  if (has(all, "0::")) {
    mount_by(file);
    EXPECT_EQ(cat(in_mnt("a.key")), "key");  // of no such unit
  } else {
    EXPECT_TRUE(has(refused({"--policy", file}), "control groups"));
  }
}

TEST_F(PolicyMount, by_as_everybody_is_that_subject_and_nothing_need_be_proved) {
  mount_by(with("[subject.who]\nrun_as = true\nuser = \"no-such-user-here\""), {"--as", "who"});
  EXPECT_EQ(cat(in_mnt("a.key")), "EACCES");
  EXPECT_EQ(cat(in_mnt("a.key"), kAlice), "EACCES");
  const json now = policy_status();
  EXPECT_EQ(now["told_apart"], false);
  EXPECT_EQ(now["subject"], "who");
}

TEST_F(PolicyMount, by_as_the_name_that_run_as_gives_is_meant_too) {
  mount_by(with("[subject.who]\nrun_as = \"robot\""), {"--as", "robot"});
  EXPECT_EQ(cat(in_mnt("a.key")), "EACCES");
  EXPECT_EQ(policy_status()["subject"], "who");
}

TEST_F(PolicyMount, an_unknown_subject_is_told_with_those_that_there_are) {
  const std::string err =
      refused({"--policy", with("[subject.who]\nrun_as = true"), "--as", "whoo"});
  EXPECT_TRUE(has(err, "did you mean `who`?")) << err;
  EXPECT_TRUE(has(err, "`other`")) << err;
}

TEST_F(PolicyMount, a_policy_whose_own_test_fails_is_not_mounted) {
  const std::string file =
      policy("[[test]]\nas = \"anyone\"\npath = \"x\"\nexpect = { see = \"no\" }\n");
  EXPECT_TRUE(has(refused({"--policy", file}), file + ":2:"));
}

TEST_F(PolicyMount, status_says_what_holds_and_what_it_did) {
  mount_by(policy("[[rule]]\nid = \"keys\"\npath = \"*.key\"\nverdict = \"hide\"\n"));
  EXPECT_EQ(cat(in_mnt("a.key")), "ENOENT");
  EXPECT_EQ(policy_status()["enforced"], true);
  EXPECT_TRUE(soon([&] { return policy_status()["decisions"]["hidden"] >= 1; }));
  EXPECT_EQ(policy_status()["decisions"]["dropped"], 0);
  EXPECT_GT(policy_status()["places"]["limit_bytes"], policy_status()["places"]["bytes"]);
  const std::string page = on_one_line(sluice({"status", mnt_}).out);
  for (const char* part : {"p.toml", "told apart", "enforced", "hidden", "places"}) {
    EXPECT_TRUE(has(page, part)) << part << "\n" << page;
  }
  EXPECT_TRUE(has(sluice({"status"}).out, "policy `")) << "in the list too";
  unmount();
  mount_by(policy("[[rule]]\nid = \"keys\"\npath = \"*.key\"\nverdict = \"hide\"\n"),
           {"--observe", "--as", "anyone"});
  EXPECT_EQ(cat(in_mnt("a.key")), "key");
  const std::string observed = on_one_line(sluice({"status", mnt_}).out);
  EXPECT_TRUE(has(observed, "only observed")) << observed;
  EXPECT_TRUE(has(observed, "everybody is `anyone`")) << observed;
}

}  // namespace
}  // namespace sluice::test
