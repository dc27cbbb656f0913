// SPDX-License-Identifier: MIT
// Another policy for a mount in use: it holds at once and as a whole, and breaks nobody's work.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kOpen = "";
constexpr std::string_view kShut = R"(
[[rule]]
id = "keys"
path = "*.key"
verdict = "hide"
[[rule]]
id = "denied"
path = "inner/"
verdict = "deny"
[[rule]]
id = "slow"
path = "slow"
verdict = "served"
)";

class Reloading : public Guarded {
 protected:
  void SetUp() override {
    Guarded::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"a.key", "outer/inner/deep/file", "slow", "plain"}) put(name, name);
  }
  void start(std::string_view policy) {
    mirror::Options options;
    options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
    ASSERT_NO_FATAL_FAILURE(serve(policy, "anyone", options));
  }
  Reloaded reload(std::string_view policy) {
    auto done = guard().reload(program_of(policy), &served().notifier());
    EXPECT_TRUE(done) << done.error().line();
    return done ? *done : Reloaded{};
  }
};

TEST_F(Reloading, a_stricter_policy_holds_at_once_for_what_the_kernel_knows) {
  ASSERT_NO_FATAL_FAILURE(start(kOpen));
  for (const char* name : {"a.key", "outer/inner/deep/file", "slow", "plain"}) {
    EXPECT_EQ(read_file(mount(name)), name);
  }
  reload(kShut);
  EXPECT_EQ(open_outcome(mount("a.key"), O_RDONLY), "ENOENT");
  EXPECT_EQ(open_outcome(mount("outer/inner/deep/file"), O_RDONLY), "EACCES");
  EXPECT_EQ(read_file(mount("slow")), "slow");
  EXPECT_EQ(served().mirror().stats().served, 1u);
  EXPECT_EQ(read_file(mount("plain")), "plain");
  EXPECT_EQ(names_in(mount()), "outer plain slow");
}

TEST_F(Reloading, a_looser_policy_holds_at_once_too) {
  ASSERT_NO_FATAL_FAILURE(start(kShut));
  EXPECT_EQ(open_outcome(mount("a.key"), O_RDONLY), "ENOENT");
  EXPECT_EQ(open_outcome(mount("outer/inner/deep/file"), O_RDONLY), "EACCES");
  EXPECT_EQ(read_file(mount("slow")), "slow");
  reload(kOpen);
  EXPECT_EQ(read_file(mount("a.key")), "a.key");
  EXPECT_EQ(read_file(mount("outer/inner/deep/file")), "outer/inner/deep/file");
  EXPECT_EQ(read_file(mount("slow")), "slow");
}

TEST_F(Reloading, what_is_open_stays_open_and_is_counted) {
  ASSERT_NO_FATAL_FAILURE(start(kOpen));
  const Fd fd{::open(mount("plain").c_str(), O_RDWR)};
  const Fd denied{::open(mount("outer/inner/deep/file").c_str(), O_RDWR)};
  ASSERT_TRUE(fd && denied);
  EXPECT_EQ(reload(kShut).open_files, 2u);
  struct stat stat {};
  for (const Fd* each : {&fd, &denied}) {
    EXPECT_EQ(::fstat(each->get(), &stat), 0);
    EXPECT_EQ(::pwrite(each->get(), "X", 1, 0), 1);
    EXPECT_EQ(outcome(::ftruncate(each->get(), 3)), "OK");
    EXPECT_EQ(::fsync(each->get()), 0);
  }
  EXPECT_EQ(read_file(mount("plain")), "Xla");
  EXPECT_EQ(open_outcome(mount("outer/inner/deep/file"), O_RDONLY), "EACCES");
}

TEST_F(Reloading, what_was_found_before_cannot_be_linked_to_where_more_may_be_done_with_it) {
  constexpr std::string_view kUnread = "[[rule]]\nid = \"u\"\npath = \"*.no\"\nread = \"deny\"\n";
  put("a.no");
  ASSERT_NO_FATAL_FAILURE(start(kUnread));
  const Fd found{::open(mount("a.no").c_str(), O_PATH)};
  ASSERT_TRUE(found);
  const auto link_to = [&](const char* name) {
    return outcome(::linkat(found.get(), "", AT_FDCWD, mount(name).c_str(), AT_EMPTY_PATH));
  };
  EXPECT_EQ(link_to("loose"), "EXDEV");
  reload(kUnread);
  EXPECT_EQ(link_to("loose"), "ESTALE") << "by which name it was found is not known any more";
  EXPECT_EQ(outcome(::link(mount("a.no").c_str(), mount("loose").c_str())), "EXDEV");
  EXPECT_EQ(outcome(::link(mount("a.no").c_str(), mount("b.no").c_str())), "OK");
}

TEST_F(Reloading, a_working_directory_stays_where_it_is) {
  ASSERT_NO_FATAL_FAILURE(start(kOpen));
  const Fd folder{::open(mount("outer").c_str(), O_RDONLY | O_DIRECTORY)};
  ASSERT_TRUE(folder);
  EXPECT_GE(reload(kShut).directories, 2u);
  EXPECT_EQ(outcome(::openat(folder.get(), "inner/deep/file", O_RDONLY)), "EACCES");
  struct stat before {
  }, after{};
  EXPECT_EQ(::fstat(folder.get(), &before), 0);
  EXPECT_EQ(::stat(mount("outer").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(Reloading, a_policy_without_the_mounts_subject_is_refused_and_the_old_one_stays) {
  mirror::Options options;
  ASSERT_NO_FATAL_FAILURE(
      serve("[subject.agent]\nrun_as = true\n[[rule]]\nid = \"k\"\nwho = \"agent\"\n"
            "path = \"*.key\"\nverdict = \"hide\"\n",
            "agent", options));
  const auto done = guard().reload(program_of(kOpen), &served().notifier());
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().line().find("`agent`"), std::string::npos);
  EXPECT_EQ(open_outcome(mount("a.key"), O_RDONLY), "ENOENT");
}

TEST_F(Reloading, under_load_no_open_sees_a_part_of_each) {
  ASSERT_NO_FATAL_FAILURE(start(kOpen));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::array<std::atomic<int>, 2> turns{};
  const auto work = [&](std::atomic<int>& done) {
    for (; !stop; ++done) {
      if (open_outcome(mount("plain"), O_RDONLY) != "OK") ++wrong;
      const std::string key = open_outcome(mount("a.key"), O_RDONLY);
      if (key != "OK" && key != "ENOENT") ++wrong;
      const std::string deep = open_outcome(mount("outer/inner/deep/file"), O_RDONLY);
      if (deep != "OK" && deep != "EACCES") ++wrong;
    }
  };
  std::thread one{work, std::ref(turns[0])}, two{work, std::ref(turns[1])};
  for (int i = 0; i < 40; ++i) {
    const std::array<int, 2> before{turns[0], turns[1]};
    // The kernel looks a path up again once; an open that meets a second reload answers ESTALE.
    for (int waits = 0; waits < 2000 && (turns[0] < before[0] + 2 || turns[1] < before[1] + 2);
         ++waits) {
      ::usleep(5000);
    }
    reload(i % 2 == 0 ? kShut : kOpen);
  }
  stop = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
  reload(kShut);
  EXPECT_EQ(open_outcome(mount("a.key"), O_RDONLY), "ENOENT");
}

}  // namespace
}  // namespace sluice::guard::test
