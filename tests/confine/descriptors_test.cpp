// SPDX-License-Identifier: MIT
// What may lie on descriptors 0 to 2, and what becomes of it.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Descriptors);

// Puts what is opened so on `number` of the process that calls run().
Setting with(Who who, int number, const std::string& path, int flags) {
  Setting setting{.who = who};
  setting.before = [=] {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (fd < 0 || ::dup2(fd, number) < 0) ::_exit(97);
  };
  return setting;
}

TEST_P(Descriptors, a_directory_is_refused) {
  const Scratch scratch{GetParam()};
  for (const char* path : {"/", "/tmp"}) {
    const Ran ran = shell(scratch, "echo ran", with(GetParam(), 0, path, O_RDONLY));
    EXPECT_EQ(ran.error, "standard input is a directory; give it a file or a pipe");
    EXPECT_EQ(ran.out, "");
  }
}

TEST_P(Descriptors, a_mere_path_is_refused) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch, "echo ran", with(GetParam(), 2, "/etc/passwd", O_PATH));
  EXPECT_EQ(ran.error, "standard error is only a path; give it an opened file or a pipe");
}

TEST_P(Descriptors, a_file_below_the_view_that_it_does_not_show_is_refused) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch, "cat", with(GetParam(), 0, scratch.tree("secret.txt"), O_RDONLY));
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.error, "standard input is `" + scratch.tree("secret.txt") +
                           "`, which cannot be opened through the view: no such file or "
                           "directory; put a pipe between");
}

TEST_P(Descriptors, a_file_below_the_view_is_opened_again_through_it) {
  const Scratch scratch{GetParam()};
  write_file(scratch.tree("shown.txt"), "this is the lower one");
  ASSERT_EQ(::chmod(scratch.tree("shown.txt").c_str(), 0644), 0);
  const Ran ran = shell(scratch, "cat", with(GetParam(), 0, scratch.tree("shown.txt"), O_RDONLY));
  EXPECT_EQ(ran.out, "shown") << ran.error;
}

TEST_P(Descriptors, an_offset_is_taken_along_and_given_back) {
  const Scratch scratch{GetParam()};
  write_file(scratch.tree("shown.txt"), "lower");
  Setting setting{.who = GetParam()};
  setting.before = [&] {
    const int fd = ::open(scratch.tree("shown.txt").c_str(), O_RDONLY);
    ::lseek(fd, 2, SEEK_SET);
    ::dup2(fd, 0);
  };
  EXPECT_EQ(shell(scratch, "dd bs=1 count=2 status=none", setting).out, "ow");
}

// The view is a bind of the tree here, so that what is written can be looked at.
Setting written(const Scratch& scratch, Who who, const std::string& path) {
  Setting setting{.who = who};
  setting.mount_views = [&]() -> Result<void, Error> {
    const std::string tree = scratch.tree();
    if (::mount(tree.c_str(), tree.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) return {};
    return fail(Error::of("test view", Errno::last()));
  };
  setting.before = [=] {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) ::_exit(97);
    static_cast<void>(!::write(fd, "0 ", 2));
    ::dup2(fd, 1);
    ::dup2(fd, 2);
  };
  return setting;
}

TEST_P(Descriptors, output_and_error_in_one_file_below_the_view_do_not_overwrite_each_other) {
  const Scratch scratch{GetParam()};
  const std::string log = scratch.tree("in/log");
  EXPECT_EQ(shell(scratch, "echo one; echo two >&2; echo three", written(scratch, GetParam(), log))
                .status,
            0);
  EXPECT_EQ(read_file(log), "0 one\ntwo\nthree\n");
}

TEST_P(Descriptors, the_caller_writes_on_behind_the_command) {
  const Scratch scratch{GetParam()};
  const std::string log = scratch.tree("in/log");
  Setting setting = written(scratch, GetParam(), log);
  const auto open_log = setting.before;
  // The parent of what calls run() shares its open file, as a shell does with what it starts.
  setting.before = [=] {
    open_log();
    const pid_t child = ::fork();
    if (child == 0) return;
    ::waitpid(child, nullptr, 0);
    static_cast<void>(!::write(1, "after\n", 6));
    ::_exit(0);
  };
  shell(scratch, "echo one", setting);
  EXPECT_EQ(read_file(log), "0 one\nafter\n");
}

TEST_P(Descriptors, a_file_elsewhere_a_deleted_one_and_a_socket_pass) {
  const Scratch scratch{GetParam()};
  write_file(scratch.path("elsewhere"), "elsewhere");
  EXPECT_EQ(shell(scratch, "cat", with(GetParam(), 0, scratch.path("elsewhere"), O_RDONLY)).out,
            "elsewhere");
  Setting unlinked{.who = GetParam()};
  unlinked.before = [&] {
    const int fd = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
    static_cast<void>(!::write(fd, "here", 4));
    ::lseek(fd, 0, SEEK_SET);
    ::dup2(fd, 0);
  };
  EXPECT_EQ(shell(scratch, "cat", unlinked).out, "here");
  Setting paired{.who = GetParam()};
  paired.before = [] {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) ::_exit(97);
    static_cast<void>(!::write(ends[1], "pair", 4));
    ::close(ends[1]);
    ::dup2(ends[0], 0);
  };
  EXPECT_EQ(shell(scratch, "cat", paired).out, "pair");
}

TEST_P(Descriptors, a_closed_one_is_dev_null_inside) {
  const Scratch scratch{GetParam()};
  Setting closed{.who = GetParam()};
  closed.before = [] { ::close(0); };
  EXPECT_EQ(shell(scratch, "readlink /proc/self/fd/0; cat", closed).out, "/dev/null\n");
}

TEST(Device, of_the_machine_keeps_its_permissions_whatever_root_inside_does) {
  if (const auto why = cannot_test(Who::root); !why.empty()) GTEST_SKIP() << why;
  const Scratch scratch{Who::root};
  struct stat before {};
  ASSERT_EQ(::stat("/dev/null", &before), 0);
  shell(scratch, "chmod 600 /dev/null /proc/self/fd/0 /dev/zero; chown 5 /dev/null",
        with(Who::root, 0, "/dev/null", O_RDWR));
  struct stat after {};
  ASSERT_EQ(::stat("/dev/null", &after), 0);
  EXPECT_EQ(before.st_mode, after.st_mode);
  EXPECT_EQ(before.st_uid, after.st_uid);
}

TEST(Device, that_is_a_disk_is_refused_on_standard_input) {
  if (const auto why = cannot_test(Who::root); !why.empty()) GTEST_SKIP() << why;
  const Scratch scratch{Who::root};
  struct stat seen {};
  ASSERT_EQ(::stat(scratch.tree().c_str(), &seen), 0);
  const std::string disk = scratch.path("disk");
  if (::mknod(disk.c_str(), S_IFBLK | 0600, seen.st_dev) != 0) GTEST_SKIP() << "cannot make nodes";
  if (const int fd = ::open(disk.c_str(), O_RDONLY); fd < 0) GTEST_SKIP() << "no disk to open";
  else ::close(fd);
  EXPECT_EQ(shell(scratch, "echo ran", with(Who::root, 0, disk, O_RDONLY)).error,
            "standard input is a disk; give it a file or a pipe");
}

}  // namespace
}  // namespace sluice::confine::test
