// SPDX-License-Identifier: MIT
// Who a caller is: proofs by their strength, from a /proc that the test makes up, and from the real
// one.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "sluice/guard/proc_facts.h"
#include "support.h"

namespace sluice::guard::test {
namespace {

class Proving : public ::testing::Test {
 protected:
  // Makes the facts of a thread.
  void thread(std::uint32_t tid, const std::string& groups, const std::string& cgroup,
              const std::string& exe = "") {
    const std::string folder = scratch_.folder("proc/" + std::to_string(tid));
    write_file(folder + "/status", "Name:\tx\nUid:\t1\t1\t1\t1\nGroups:\t" + groups + " \n");
    write_file(folder + "/cgroup", "0::" + cgroup + "\n");
    if (!exe.empty()) {
      ASSERT_EQ(::symlink(exe.c_str(), (folder + "/exe").c_str()), 0);
    }
  }
  std::string who(const std::string& policy, std::uint32_t uid, std::uint32_t gid,
                  std::uint32_t tid) {
    const auto program = program_of(policy);
    Subjects subjects{*program, scratch_.path("proc")};
    const auto subject = subjects.subject_of({Uid{uid}, Gid{gid}, Pid{tid}});
    return std::string{program->subject_name(subject)};
  }

  Scratch scratch_;
};

TEST_F(Proving, by_uid_by_group_and_by_supplementary_group) {
  const std::string policy = "[subject.u]\nuid = [7]\n[subject.g]\ngid = [30]\n";
  thread(10, "4 30 99", "/");
  thread(11, "4", "/");
  EXPECT_EQ(who(policy, 7, 1, 11), "u");
  EXPECT_EQ(who(policy, 8, 30, 11), "g");
  EXPECT_EQ(who(policy, 8, 1, 10), "g");
  EXPECT_EQ(who(policy, 8, 1, 11), "anyone");
  EXPECT_EQ(who(policy, 7, 1, 10), "several") << "who is both gets the strictest of both";
}

TEST_F(Proving, a_unit_is_the_first_of_a_cgroup_and_nobody_can_call_himself_one) {
  const std::string policy = "[subject.b]\nunit = [\"backup.service\"]\n";
  thread(10, "", "/system.slice/backup.service");
  thread(11, "", "/user.slice/user-7.slice/user@7.service/app.slice/backup.service");
  thread(12, "", "/system.slice/backup.service/inner");
  EXPECT_EQ(who(policy, 7, 7, 10), "b");
  EXPECT_EQ(who(policy, 7, 7, 11), "anyone");
  EXPECT_EQ(who(policy, 7, 7, 12), "b");
}

TEST_F(Proving, a_cgroup_holds_for_what_is_below_it_and_not_for_what_begins_alike) {
  const std::string policy = "[subject.c]\ncgroup = [\"/jobs/a\"]\n";
  thread(10, "", "/jobs/a/b");
  thread(11, "", "/jobs/ab");
  EXPECT_EQ(who(policy, 7, 7, 10), "c");
  EXPECT_EQ(who(policy, 7, 7, 11), "anyone");
}

TEST_F(Proving, the_stronger_proof_counts) {
  const std::string policy = "[subject.u]\nuid = [7]\n[subject.c]\ncgroup = [\"/jobs\"]\n";
  thread(10, "", "/jobs/x");
  EXPECT_EQ(who(policy, 7, 7, 10), "c");
}

TEST_F(Proving, an_executable_is_its_path_and_its_file) {
  const std::string real = scratch_.path("tool");
  const std::string other = scratch_.path("other");
  write_file(real, "x");
  write_file(other, "y");
  const std::string policy = "[subject.t]\nexe = [\"" + real + "\"]\n";
  thread(10, "", "/", real);
  thread(11, "", "/", other);
  EXPECT_EQ(who(policy, 7, 7, 10), "t");
  EXPECT_EQ(who(policy, 7, 7, 11), "anyone");
}

TEST_F(Proving, who_cannot_be_looked_at_is_unknown) {
  const std::string policy = "[subject.u]\nuid = [7]\n[subject.c]\ncgroup = [\"/jobs\"]\n";
  EXPECT_EQ(who(policy, 7, 7, 0), "unknown");
  EXPECT_EQ(who(policy, 7, 7, 4711), "unknown") << "gone already";
  EXPECT_EQ(who("[subject.u]\nuid = [7]\n", 7, 7, 0), "u") << "the request itself proves it";
}

TEST_F(Proving, facts_that_are_no_facts_make_nobody_of_a_caller) {
  const std::string policy = "[subject.g]\ngid = [30]\n";
  const std::string folder = scratch_.folder("proc/10");
  for (const std::string& text : {std::string{}, std::string{"Groups"}, std::string(300000, 'x')}) {
    write_file(folder + "/status", text);
    EXPECT_EQ(who(policy, 7, 7, 10), "unknown") << text.size();
  }
  write_file(folder + "/status", "Groups:\t99999999999999999999 30x -31\n");
  EXPECT_EQ(who(policy, 7, 7, 10), "g");
  write_file(folder + "/status", "Groups:\t99999999999999999930 1\n");
  EXPECT_EQ(who(policy, 7, 7, 10), "anyone");
}

TEST_F(Proving, names_that_are_not_there_are_told) {
  const auto program = program_of(
      "[subject.a]\nuser = [\"no-such-user-here\"]\n"
      "[subject.b]\nexe = [\"/no/such/file\"]\n");
  const Subjects subjects{*program, scratch_.path("proc")};
  ASSERT_EQ(subjects.missing().size(), 2u);
  EXPECT_NE(subjects.missing()[0].find("no-such-user-here"), std::string::npos);
}

TEST_F(Proving, the_real_thread_of_this_test_is_found) {
  const auto program = program_of("[subject.me]\ngid = [" + std::to_string(::getgid()) +
                                  "]\n[subject.no]\ncgroup = [\"/no/such\"]\n");
  Subjects subjects{*program};
  const auto tid = static_cast<std::uint32_t>(::gettid());
  const auto subject = subjects.subject_of({Uid{::getuid()}, Gid{::getgid()}, Pid{tid}});
  EXPECT_EQ(program->subject_name(subject), "me");
}

TEST(ProcFacts, the_start_of_a_process_is_found_behind_any_name) {
  const std::string rest = " S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2\n";
  EXPECT_EQ(start_ticks("12 (sh)" + rest), 987654u);
  EXPECT_TRUE(is_dying("Name:\tsh\nSigPnd:\t0000000000000100\nShdPnd:\t0000000000000002\n"));
  EXPECT_FALSE(is_dying("Name:\tsh\nSigPnd:\t0000000000000002\nShdPnd:\t0000000000000100\n"));
  EXPECT_FALSE(is_dying("SigPnd:\n"));
  EXPECT_FALSE(is_dying(""));
  EXPECT_EQ(start_ticks("12 (a) R 1) b (c))" + rest), 987654u);
  EXPECT_EQ(start_ticks("12 (sh) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0"), std::nullopt);
  EXPECT_EQ(start_ticks("12 (sh) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 -5 "), std::nullopt);
  EXPECT_EQ(start_ticks(""), std::nullopt);
  EXPECT_EQ(start_ticks("12 sh" + rest), std::nullopt);
}

}  // namespace
}  // namespace sluice::guard::test
