// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fixture.h"

namespace sluice::test {
namespace {

class MemoryFs : public Example {
 protected:
  void SetUp() override {
    Example::SetUp();
    if (!IsSkipped()) start("memory_fs");
  }
};

TEST_F(MemoryFs, a_tree_comes_back_as_it_was_put_in) {
  const std::string tree = scratch_.folder("tree");
  ASSERT_EQ(shell("cd " + tree +
                  " && mkdir -p a/b/c && seq 100000 > a/b/long && : > a/empty && "
                  "ln -s b/long a/link && ln a/b/long a/second && chmod 4711 a/empty")
                .status,
            0);
  EXPECT_EQ(shell("cp -a " + tree + " " + mnt_).status, 0);
  EXPECT_EQ(shell("diff -r " + tree + " " + mnt_ + "/tree").out, "");
  const char* kList = " && find . -printf '%P %y %m %s %n %l\\n' | grep -v ' d ' | sort";
  EXPECT_EQ(shell("cd " + tree + kList).out, shell("cd " + mnt_ + "/tree" + kList).out);
  EXPECT_EQ(shell("rm -r " + mnt_ + "/tree && ls -A " + mnt_).out, "");
  stop();
}

TEST_F(MemoryFs, writing_truncating_and_appending) {
  write_file(in_mnt("f"), "0123456789");
  ASSERT_EQ(::truncate(in_mnt("f").c_str(), 4), 0);
  ASSERT_EQ(::truncate(in_mnt("f").c_str(), 6), 0);
  EXPECT_EQ(read_file(in_mnt("f")), std::string("0123\0\0", 6));
  shell("printf abc >> " + in_mnt("f"));
  EXPECT_EQ(read_file(in_mnt("f")), std::string("0123\0\0abc", 9));
  write_file(in_mnt("f"), "x");
  EXPECT_EQ(read_file(in_mnt("f")), "x");
  EXPECT_EQ(::truncate(in_mnt("f").c_str(), off_t{1} << 40), -1);
  EXPECT_EQ(errno, EFBIG);
}

TEST_F(MemoryFs, renames_replace_exchange_and_refuse) {
  write_file(in_mnt("a"), "a");
  write_file(in_mnt("b"), "b");
  ASSERT_EQ(::mkdir(in_mnt("d").c_str(), 0755), 0);
  const auto rename_as = [&](const char* from, const char* to, unsigned flags) {
    return ::renameat2(AT_FDCWD, in_mnt(from).c_str(), AT_FDCWD, in_mnt(to).c_str(), flags) == 0
               ? 0
               : errno;
  };
  EXPECT_EQ(rename_as("a", "b", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(rename_as("a", "b", RENAME_EXCHANGE), 0);
  EXPECT_EQ(read_file(in_mnt("a")), "b");
  EXPECT_EQ(rename_as("a", "b", 0), 0);
  EXPECT_EQ(read_file(in_mnt("b")), "b");
  EXPECT_EQ(::access(in_mnt("a").c_str(), F_OK), -1);
  EXPECT_EQ(rename_as("b", "d/b", 0), 0);
  EXPECT_EQ(::rmdir(in_mnt("d").c_str()), -1);
  EXPECT_EQ(errno, ENOTEMPTY);
  ASSERT_EQ(::mkdir(in_mnt("e").c_str(), 0755), 0);
  EXPECT_EQ(rename_as("d", "e", 0), 0);
  EXPECT_EQ(read_file(in_mnt("e/b")), "b");
  struct stat stat {};
  ASSERT_EQ(::stat(mnt_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_nlink, 3u);
}

TEST_F(MemoryFs, an_unlinked_file_lives_while_it_is_open) {
  write_file(in_mnt("f"), "alive");
  const Fd file{::open(in_mnt("f").c_str(), O_RDWR | O_CLOEXEC)};
  ASSERT_EQ(::unlink(in_mnt("f").c_str()), 0);
  char text[8] = {};
  EXPECT_EQ(::pread(file.get(), text, sizeof(text), 0), 5);
  EXPECT_STREQ(text, "alive");
  EXPECT_EQ(::pwrite(file.get(), "A", 1, 0), 1);
  struct stat stat {};
  ASSERT_EQ(::fstat(file.get(), &stat), 0);
  EXPECT_EQ(stat.st_nlink, 0u);
}

TEST_F(MemoryFs, a_folder_with_many_names_is_listed_whole_and_removed_while_it_is_listed) {
  ASSERT_EQ(
      shell("mkdir " + in_mnt("d") + " && cd " + in_mnt("d") + " && seq 3000 | xargs touch").status,
      0);
  EXPECT_EQ(shell("ls " + in_mnt("d") + " | sort -n | uniq | wc -l").out, "3000\n");
  EXPECT_EQ(shell("rm -r " + in_mnt("d")).status, 0);
  EXPECT_EQ(::access(in_mnt("d").c_str(), F_OK), -1);
}

TEST_F(MemoryFs, extended_attributes_are_kept) {
  write_file(in_mnt("f"), "");
  const std::string path = in_mnt("f");
  EXPECT_EQ(::setxattr(path.c_str(), "user.a", "1", 1, XATTR_CREATE), 0);
  EXPECT_EQ(::setxattr(path.c_str(), "user.a", "2", 1, XATTR_CREATE), -1);
  EXPECT_EQ(errno, EEXIST);
  EXPECT_EQ(::setxattr(path.c_str(), "user.b", "", 0, XATTR_REPLACE), -1);
  EXPECT_EQ(errno, ENODATA);
  char value[4] = {};
  EXPECT_EQ(::getxattr(path.c_str(), "user.a", value, sizeof(value)), 1);
  EXPECT_EQ(value[0], '1');
  EXPECT_EQ(::listxattr(path.c_str(), nullptr, 0), 7);
  EXPECT_EQ(::removexattr(path.c_str(), "user.a"), 0);
  EXPECT_EQ(::listxattr(path.c_str(), nullptr, 0), 0);
}

TEST_F(MemoryFs, what_is_made_belongs_to_its_maker_and_others_are_kept_out) {
  ASSERT_EQ(::chmod(mnt_.c_str(), 01777), 0);
  const How as_nobody{.before = [] { become(kNobody); }};
  EXPECT_EQ(shell("umask 077; echo secret > " + in_mnt("his"), as_nobody).status, 0);
  struct stat stat {};
  ASSERT_EQ(::stat(in_mnt("his").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_uid, kNobody);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  EXPECT_NE(shell("cat " + in_mnt("his"), {.before = [] { become(kNobody - 1); }}).status, 0);
}

TEST_F(MemoryFs, many_threads_work_in_it_at_once) {
  ASSERT_EQ(shell("cd " + mnt_ +
                      " && for i in 1 2 3 4 5 6 7 8; do (mkdir $i && cd $i && seq 200 | "
                      "xargs -I% sh -c 'echo % > f% && mv f% g% && cat g%' > sum) & done; wait",
                  {.limit = 60s})
                .status,
            0);
  EXPECT_EQ(shell("cat " + mnt_ + "/*/g* | awk '{ s += $1 } END { print s, NR }'").out,
            "160800 1600\n");
  EXPECT_EQ(shell("cmp " + in_mnt("1/sum") + " " + in_mnt("8/sum")).status, 0);
}

}  // namespace
}  // namespace sluice::test
