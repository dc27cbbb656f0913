// SPDX-License-Identifier: MIT
// Mounting and unmounting as people do it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

namespace sluice::test {
namespace {

TEST_F(Mounts, a_tree_is_shown_and_changed_through_the_mount) {
  EXPECT_EQ(mount(), "");
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  write_file(in_mnt("new"), "made above");
  EXPECT_EQ(read_file(lower_ + "/new"), "made above");
  unmount();
  EXPECT_EQ(::access(in_mnt("file").c_str(), F_OK), -1);
}

TEST_F(Mounts, the_daemon_has_ended_when_unmount_comes_back) {
  mount();
  const auto pid = status_of(mnt_)["pid"].get<pid_t>();
  EXPECT_EQ(::access(("/proc/" + std::to_string(pid) + "/exe").c_str(), F_OK), 0);
  unmount();
  // Nothing of it holds the lower tree; what may be left is a process that nobody has reaped yet.
  EXPECT_EQ(shell("ls -l /proc/" + std::to_string(pid) + "/fd | grep -c " + lower_).out, "0\n");
}

TEST_F(Mounts, the_daemon_keeps_no_stream_session_or_directory_of_whoever_started_it) {
  const Finished mounted =
      shell(std::string{SLUICE_PROGRAM} + " mount lower mnt", {.directory = scratch_.path()});
  EXPECT_EQ(mounted.status, 0) << mounted.err;  // and that the pipes came to their end
  const auto pid = status_of(mnt_)["pid"].get<pid_t>();
  const std::string proc = "/proc/" + std::to_string(pid);
  EXPECT_EQ(shell("readlink " + proc + "/cwd").out, "/\n");
  for (const char* stream : {"0", "1", "2"}) {
    EXPECT_EQ(shell("readlink " + proc + "/fd/" + stream).out, "/dev/null\n");
  }
  EXPECT_EQ(::getsid(pid), pid);
  unmount();
}

TEST_F(Mounts, closed_standard_streams_do_no_harm) {
  const std::string command = std::string{SLUICE_PROGRAM} + " mount " + lower_ + " " + mnt_;
  EXPECT_EQ(shell(command + " 0<&- 1>&- 2>&-").status, 0);
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  unmount();
}

TEST_F(Mounts, relative_paths_and_symbolic_links_lead_to_the_same) {
  ASSERT_EQ(::symlink("lower", scratch_.path("link").c_str()), 0);
  EXPECT_EQ(sluice({"mount", "link", "mnt"}, {.directory = scratch_.path()}).status, 0);
  EXPECT_EQ(read_file(in_mnt("file")), "content");
  EXPECT_EQ(status_of(mnt_)["source"], lower_);
  EXPECT_EQ(sluice({"unmount", "mnt"}, {.directory = scratch_.path()}).status, 0);
  EXPECT_FALSE(is_mounted(mnt_));
}

TEST_F(Mounts, a_tree_can_be_mounted_over_itself) {
  mount(lower_, lower_);
  EXPECT_TRUE(is_mounted(lower_));
  EXPECT_EQ(read_file(lower_ + "/file"), "content");
  write_file(lower_ + "/through", "the mount");
  ASSERT_EQ(::mkdir((lower_ + "/folder").c_str(), 0755), 0);
  EXPECT_EQ(shell("find " + lower_ + " | wc -l").out, "4\n");
  unmount(lower_);
  EXPECT_EQ(read_file(lower_ + "/through"), "the mount");
}

TEST_F(Mounts, a_mount_point_inside_the_tree_does_not_lead_round_in_circles) {
  const std::string inside = scratch_.folder("lower/inside");
  mount(lower_, inside);
  const Finished found = shell("find " + inside + " 2>&1; true", {.limit = 20s});
  EXPECT_EQ(found.status, 0);
  EXPECT_NE(found.out.find(inside + "/file\n"), std::string::npos) << found.out;
  EXPECT_EQ(found.out.find("inside/inside/file"), std::string::npos) << found.out;
  unmount(inside);
}

TEST_F(Mounts, a_single_file_can_be_mounted_on_a_file) {
  const std::string target = scratch_.file("target", "");
  mount(lower_ + "/file", target);
  EXPECT_EQ(read_file(target), "content");
  write_file(target, "changed");
  EXPECT_EQ(read_file(lower_ + "/file"), "changed");
  unmount(target);
  EXPECT_EQ(read_file(target), "");
}

TEST_F(Mounts, two_at_once_know_nothing_of_each_other) {
  const std::string second = scratch_.folder("second");
  mount();
  mount(lower_, second, {"--readonly"});
  write_file(in_mnt("file"), "by the first");
  EXPECT_EQ(shell("echo x > " + second + "/file").status, 2);
  EXPECT_NE(status_of(mnt_)["pid"], status_of(second)["pid"]);
  const Finished list = sluice({"status"});
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 2) << list.out;
  unmount();
  EXPECT_EQ(read_file(second + "/file"), "by the first");
  unmount(second);
}

TEST_F(Mounts, few_descriptors_are_enough_for_many_files) {
  for (int i = 0; i < 300; ++i) {
    scratch_.folder("lower/d" + std::to_string(i));
    scratch_.file("lower/d" + std::to_string(i) + "/f", std::to_string(i));
  }
  const auto few = [] {
    const struct rlimit limit { 64, 64 };
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  mount(lower_, mnt_, {}, {.before = few});
  EXPECT_EQ(shell("ls -lR " + mnt_ + " | grep -c '^-'").out, "301\n");
  EXPECT_EQ(shell("cat " + mnt_ + "/d*/f | md5sum").out,
            shell("cat " + lower_ + "/d*/f | md5sum").out);
  std::vector<Fd> open;
  for (int i = 0; i < 200; ++i) {
    open.emplace_back(::open(in_mnt("d" + std::to_string(i) + "/f").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(open.back()) << i << ": " << errno;
  }
  const auto status = status_of(mnt_);
  EXPECT_EQ(status["open_files"], 200);
  EXPECT_LE(status["open_descriptors"], 64);
  open.clear();
  unmount();
}

TEST_F(Mounts, names_that_are_no_text_are_shown_and_mounted) {
  const std::string odd = scratch_.folder("odd\nna\tme \xff");
  const std::string point = scratch_.folder("po int,=\\x");
  scratch_.file("odd\nna\tme \xff/file", "odd");
  mount(odd, point);
  EXPECT_EQ(read_file(point + "/file"), "odd");
  EXPECT_EQ(status_of(point)["mount"], point);
  const Finished list = sluice({"status"});
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 1) << list.out;
  unmount(point);
}

}  // namespace
}  // namespace sluice::test
