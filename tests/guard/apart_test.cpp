// SPDX-License-Identifier: MIT
// One mount, several subjects: each gets what is his, at once, whatever the others do and whatever
// the kernel remembers of them.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "support.h"

namespace sluice::guard::test {
namespace {

using mirror::test::kAlice;
using mirror::test::kBob;

constexpr std::string_view kRules = R"(
[subject.alice]
uid = [1001]
[subject.bob]
uid = [1002]
[[rule]]
id = "hidden"
who = "bob"
path = ["*.key", "vault/"]
verdict = "hide"
[[rule]]
id = "denied"
who = "bob"
path = "*.no"
verdict = "deny"
[[rule]]
id = "served"
who = "bob"
path = "*.slow"
verdict = "served"
[[rule]]
id = "kept"
who = "alice"
path = "*.kept"
verdict = "readonly"
)";

// What a call gives in a child, by its errno; 0 for success.
int as(uid_t who, const std::function<long()>& call) {
  return as_user(who, who, [&] { return call() < 0 ? errno : 0; });
}

int open_as(uid_t who, const std::string& path, int flags = O_RDONLY) {
  return as(who, [&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
}

class Apart : public Guarded {
 protected:
  void SetUp() override {
    Guarded::SetUp();
    if (IsSkipped()) return;
    ::umask(0);
    ASSERT_EQ(::chmod(lower().c_str(), 0777), 0);
    for (const char* name : {"a.key", "a.no", "a.slow", "a.kept", "plain", "vault/in"}) {
      put(name, name, 0666);
    }
    mirror::Options options;
    options.entry_timeout = options.attr_timeout = std::chrono::hours{1};
    ASSERT_NO_FATAL_FAILURE(serve(kRules, "", options));
  }
  void TearDown() override {
    ::umask(022);
    Guarded::TearDown();
  }
};

TEST_F(Apart, each_gets_what_is_his_by_turns) {
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(open_as(kAlice, mount("a.key")), 0);
    EXPECT_EQ(open_as(kBob, mount("a.key")), ENOENT);
    EXPECT_EQ(open_as(kAlice, mount("a.no")), 0);
    EXPECT_EQ(open_as(kBob, mount("a.no")), EACCES);
    EXPECT_EQ(open_as(kAlice, mount("a.slow"), O_RDWR), 0);
    EXPECT_EQ(open_as(kBob, mount("a.slow"), O_RDWR), 0);
    EXPECT_EQ(open_as(kAlice, mount("a.kept"), O_RDWR), EACCES);
    EXPECT_EQ(open_as(kBob, mount("a.kept"), O_RDWR), 0);
    EXPECT_EQ(open_as(kAlice, mount("plain")), 0);
    EXPECT_EQ(open_as(kBob, mount("plain")), 0);
  }
}

TEST_F(Apart, both_faces_of_a_file_are_open_at_once_and_show_one_file) {
  struct stat first {
  }, second{};
  const Fd root{::open(mount("a.slow").c_str(), O_RDWR)};
  ASSERT_TRUE(root);
  ASSERT_EQ(::fstat(root.get(), &first), 0);
  EXPECT_EQ(as(kBob,
               [&]() -> long {
                 const int fd = ::open(mount("a.slow").c_str(), O_RDWR);
                 char text[6] = {};
                 struct stat stat {};
                 if (fd < 0 || ::fstat(fd, &stat) != 0 || stat.st_ino != first.st_ino) return -1;
                 errno = EBADMSG;
                 if (::pread(fd, text, 6, 0) != 6 || std::string_view{text, 6} != "a.slow")
                   return -1;
                 return ::pwrite(fd, "B", 1, 0);
               }),
            0);
  char text[6] = {};
  EXPECT_EQ(::pread(root.get(), text, 6, 0), 6);
  EXPECT_EQ(std::string_view(text, 6), "B.slow");
  ASSERT_EQ(::stat(mount("a.slow").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(Apart, two_append_by_turns_and_nothing_is_lost) {
  const std::string path = mount("a.slow");
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  const auto append = [&](uid_t who, const char* text) {
    return as(who, [&]() -> long {
      const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND);
      return fd < 0 ? -1 : ::write(fd, text, 1);
    });
  };
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(append(i % 2 == 0 ? kAlice : kBob, i % 2 == 0 ? "a" : "b"), 0);
    expected += i % 2 == 0 ? 'a' : 'b';
  }
  EXPECT_EQ(read_file(lower("a.slow")), expected);
  struct stat stat {};
  ASSERT_EQ(::stat(path.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_size, 20);
}

TEST_F(Apart, a_descriptor_of_somebody_else_is_not_a_way_in) {
  const Fd key{::open(mount("a.key").c_str(), O_PATH)};
  const Fd no{::open(mount("a.no").c_str(), O_RDONLY)};
  const Fd slow{::open(mount("a.slow").c_str(), O_RDONLY)};
  ASSERT_TRUE(key && no && slow);
  for (int round = 0; round < 3; ++round) {
    for (const Fd* fd : {&key, &no, &slow}) {
      const std::string self = "/proc/self/fd/" + std::to_string(fd->get());
      EXPECT_EQ(open_as(kBob, self), EACCES) << round;
    }
  }
  EXPECT_EQ(open_as(kAlice, "/proc/self/fd/" + std::to_string(no.get())), 0);
}

TEST_F(Apart, a_descriptor_of_somebody_else_is_not_a_way_in_after_a_reload_either) {
  ASSERT_EQ(::setxattr(lower("a.no").c_str(), "user.secret", "value", 5, 0), 0);
  const Fd no{::open(mount("a.no").c_str(), O_RDONLY)};
  const Fd mere{::open(mount("a.no").c_str(), O_PATH)};
  const Fd mine{::open(mount("plain").c_str(), O_RDWR)};
  ASSERT_TRUE(no && mere && mine);
  ASSERT_TRUE(guard().reload(program_of(kRules), &served().notifier()));
  const std::string number = "/proc/self/fd/" + std::to_string(mere.get());
  char room[16];
  EXPECT_NE(as(kBob, [&] { return ::fgetxattr(no.get(), "user.secret", room, sizeof room); }), 0);
  EXPECT_NE(as(kBob, [&] { return ::getxattr(number.c_str(), "user.secret", room, sizeof room); }),
            0);
  EXPECT_NE(as(kBob, [&] { return ::flistxattr(no.get(), room, sizeof room); }), 0);
  EXPECT_NE(as(kBob, [&] { return ::lseek(no.get(), 0, SEEK_HOLE); }), 0);
  EXPECT_NE(as(kBob, [&] { return ::truncate(number.c_str(), 0); }), 0);
  EXPECT_NE(as(kBob, [&] { return ::chmod(number.c_str(), 0600); }), 0);
  EXPECT_EQ(read_file(lower("a.no")), "a.no");
  // Who may do all keeps what he has open, and names lead everybody to what is his.
  EXPECT_EQ(outcome(::ftruncate(mine.get(), 2)), "OK");
  EXPECT_EQ(outcome(::fgetxattr(no.get(), "user.secret", room, sizeof room)), "OK");
  EXPECT_EQ(as(kBob, [&] { return ::truncate(mount("plain").c_str(), 1); }), 0);
}

TEST_F(Apart, a_hidden_folder_is_there_for_others_and_shut_for_whom_it_is_hidden_from) {
  EXPECT_EQ(open_as(kAlice, mount("vault/in")), 0);
  EXPECT_EQ(open_as(kBob, mount("vault/in")), EACCES);
  EXPECT_EQ(open_as(kBob, mount("vault"), O_RDONLY | O_DIRECTORY), EACCES);
  EXPECT_EQ(open_as(kBob, mount("vault/new"), O_RDWR | O_CREAT), EACCES);
  EXPECT_EQ(as(kBob,
               [&] {
                 struct stat s;
                 return ::stat(mount("vault").c_str(), &s);
               }),
            EACCES);
  EXPECT_EQ(as(kBob, [&] { return names_in(mount()) == "a.kept a.no a.slow plain" ? 0L : -1L; }),
            0);
  EXPECT_EQ(names_in(mount()), "a.kept a.key a.no a.slow plain vault");
}

TEST_F(Apart, a_working_directory_outlasts_others_who_do_not_see_it) {
  std::string said;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir(mount("vault").c_str()) != 0) ::_exit(1);
    for (int i = 0; i < 100; ++i) {
      if (::access("in", R_OK) != 0) ::_exit(2);
      ::usleep(2000);
    }
    ::_exit(0);
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(open_as(kBob, mount("vault/in")), EACCES);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Apart, many_opens_at_once_never_give_a_wrong_answer) {
  constexpr int kRounds = 400;
  // Before the forks: this process has threads, which may hold the allocator's locks meanwhile.
  const std::string path = mount("a.no");
  const auto worker = [&](uid_t who, int expected) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (::setresgid(who, who, who) != 0 || ::setresuid(who, who, who) != 0) ::_exit(3);
    for (int i = 0; i < kRounds; ++i) {
      errno = 0;
      const int fd = ::open(path.c_str(), O_RDONLY);
      if ((fd < 0 ? errno : 0) != expected) ::_exit(errno == ESTALE ? 5 : errno == EIO ? 6 : 4);
      ::close(fd);
    }
    ::_exit(0);
  };
  std::vector<pid_t> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(worker(kAlice, 0));
    all.push_back(worker(kBob, EACCES));
  }
  for (const pid_t child : all) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

TEST_F(Apart, a_file_without_a_name_stays_within_reach_of_all_who_have_it_open) {
  const Fd mine{::open(mount("a.slow").c_str(), O_RDWR)};
  ASSERT_TRUE(mine);
  EXPECT_EQ(as(kBob,
               [&]() -> long {
                 const int fd = ::open(mount("a.slow").c_str(), O_RDWR);
                 struct stat stat {};
                 char byte = 0;
                 if (fd < 0 || ::unlink(mount("a.slow").c_str()) != 0) return -1;
                 if (::fstat(fd, &stat) != 0 || stat.st_nlink != 0) return -1;
                 return ::pread(fd, &byte, 1, 0) == 1 ? ::fsync(fd) : -1;
               }),
            0);
  struct stat stat {};
  EXPECT_EQ(::fstat(mine.get(), &stat), 0);
  EXPECT_EQ(::pwrite(mine.get(), "x", 1, 0), 1);
  EXPECT_EQ(::fsync(mine.get()), 0);
  EXPECT_EQ(open_as(kAlice, mount("a.slow")), ENOENT);
}

TEST_F(Apart, what_one_loses_by_a_move_nobody_moves) {
  EXPECT_EQ(as(kAlice, [&] { return ::rename(mount("a.no").c_str(), mount("free").c_str()); }),
            EXDEV);
  EXPECT_EQ(as(kAlice, [&] { return ::rename(mount("plain").c_str(), mount("b.no").c_str()); }), 0);
  EXPECT_EQ(open_as(kBob, mount("b.no")), EACCES);
  EXPECT_EQ(open_as(kAlice, mount("b.no")), 0);
}

}  // namespace
}  // namespace sluice::guard::test
