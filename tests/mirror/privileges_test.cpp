// SPDX-License-Identifier: MIT
// What a caller may do through the mount, and what its writing takes away, is what it would be on
// the lower file system: ownership, setuid bits, capabilities, reserved blocks, closed folders.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "support.h"

namespace sluice::mirror::test {
namespace {

class Privileges : public ::testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    lower_ = scratch_.folder("lower", 0, 0777);
    mount_ = scratch_.folder("mount");
  }
  void serve(const Options& options = {}) {
    served_ = std::make_unique<Served>(lower_, mount_, options);
    ASSERT_EQ(served_->failure(), "");
  }
  mode_t mode_of(const std::string& name) {
    struct stat stat {};
    EXPECT_EQ(::stat((lower_ + "/" + name).c_str(), &stat), 0);
    return stat.st_mode & 07777;
  }
  // A file that anybody may write and that has setuid, setgid and a file capability.
  void make_privileged(const std::string& name) {
    const std::string path = lower_ + "/" + name;
    write_file(path, "program program program");
    ASSERT_EQ(::chmod(path.c_str(), 06777), 0);
    // cap_net_raw+ep, as setcap writes it
    const unsigned char capability[20] = {1, 0, 0, 2, 0, 0x20};
    ASSERT_EQ(::setxattr(path.c_str(), "security.capability", capability, sizeof(capability), 0), 0);
  }
  bool has_capability(const std::string& name) {
    char value[64];
    return ::getxattr((lower_ + "/" + name).c_str(), "security.capability", value, sizeof(value)) > 0;
  }

  Scratch scratch_;
  std::string lower_, mount_;
  std::unique_ptr<Served> served_;
};

TEST_F(Privileges, an_ordinary_writer_takes_setuid_setgid_and_capabilities_away) {
  struct Way {
    const char* name;
    std::function<bool(const std::string&)> change;
  };
  const Way ways[] = {
      {"write",
       [](const std::string& path) {
         Fd fd{::open(path.c_str(), O_WRONLY)};
         return ::pwrite(fd.get(), "x", 1, 0) == 1;
       }},
      {"truncate", [](const std::string& path) { return ::truncate(path.c_str(), 3) == 0; }},
      {"open_truncating",
       [](const std::string& path) { return bool{Fd{::open(path.c_str(), O_WRONLY | O_TRUNC)}}; }},
      {"allocate",
       [](const std::string& path) {
         Fd fd{::open(path.c_str(), O_WRONLY)};
         return ::fallocate(fd.get(), 0, 0, 65536) == 0;
       }},
      {"copy",
       [](const std::string& path) {
         Fd from{::open("/proc/self/exe", O_RDONLY)};
         Fd fd{::open(path.c_str(), O_RDWR)};
         char text[2];
         return ::pread(from.get(), text, 2, 0) == 2 && ::pwrite(fd.get(), text, 2, 1) == 2;
       }},
  };
  for (const auto passthrough : {Passthrough::wanted, Passthrough::off}) {
    Options options;
    options.passthrough = passthrough;
    for (const Way& way : ways) make_privileged(way.name);
    ASSERT_NO_FATAL_FAILURE(serve(options));
    for (const Way& way : ways) {
      EXPECT_EQ(as_user(kAlice, kAlice, [&] { return way.change(mount_ + "/" + way.name) ? 0 : 1; }), 0)
          << way.name;
      EXPECT_EQ(mode_of(way.name), 0777u) << way.name;
      EXPECT_FALSE(has_capability(way.name)) << way.name;
      struct stat shown {};
      ASSERT_EQ(::stat((mount_ + "/" + way.name).c_str(), &shown), 0);
      EXPECT_EQ(shown.st_mode & 07777u, 0777u) << way.name;
    }
    served_.reset();
  }
}

TEST_F(Privileges, what_a_caller_makes_belongs_to_the_caller) {
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(as_user(kAlice, kBob, [&] {
    Fd file{::open((mount_ + "/file").c_str(), O_WRONLY | O_CREAT, 0666)};
    return file && ::mkdir((mount_ + "/dir").c_str(), 0777) == 0 &&
                   ::symlink("target", (mount_ + "/link").c_str()) == 0 &&
                   ::mkfifo((mount_ + "/fifo").c_str(), 0666) == 0
               ? 0
               : 1;
  }), 0);
  for (const char* name : {"file", "dir", "link", "fifo"}) {
    struct stat stat {};
    ASSERT_EQ(::lstat((lower_ + "/" + name).c_str(), &stat), 0) << name;
    EXPECT_EQ(stat.st_uid, kAlice) << name;
    EXPECT_EQ(stat.st_gid, kBob) << name;
  }
}

TEST_F(Privileges, umask_counts_and_a_default_acl_overrides_it) {
  scratch_.folder("lower/plain", 0, 0777);
  scratch_.folder("lower/acl", 0, 0777);
  if (shell("setfacl -d -m u::rwx,g::rwx,o::r-x " + lower_ + "/acl") != 0) {
    GTEST_SKIP() << "needs setfacl and a file system with ACLs";
  }
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(as_user(kAlice, kAlice, [&] {
    ::umask(027);
    Fd plain{::open((mount_ + "/plain/f").c_str(), O_WRONLY | O_CREAT, 0777)};
    Fd acl{::open((mount_ + "/acl/f").c_str(), O_WRONLY | O_CREAT, 0777)};
    return plain && acl ? 0 : 1;
  }), 0);
  EXPECT_EQ(mode_of("plain/f"), 0750u);
  EXPECT_EQ(mode_of("acl/f"), 0775u);
}

TEST_F(Privileges, an_acl_lets_in_and_keeps_out_through_the_mount) {
  write_file(lower_ + "/secret", "for alice", 0600);
  if (shell("setfacl -m u:" + std::to_string(kAlice) + ":r " + lower_ + "/secret") != 0) {
    GTEST_SKIP() << "needs setfacl and a file system with ACLs";
  }
  ASSERT_NO_FATAL_FAILURE(serve());
  const auto reads = [&] {
    return ::open((mount_ + "/secret").c_str(), O_RDONLY) >= 0 ? 0 : errno;
  };
  EXPECT_EQ(as_user(kAlice, kAlice, reads), 0);
  EXPECT_EQ(as_user(kBob, kBob, reads), EACCES);
}

TEST_F(Privileges, a_setgid_folder_gives_its_group_and_keeps_the_bit_for_members) {
  const gid_t team = 3003;
  scratch_.folder("lower/team", 0, 0777);
  ASSERT_EQ(::chown((lower_ + "/team").c_str(), 0, team), 0);
  ASSERT_EQ(::chmod((lower_ + "/team").c_str(), 02777), 0);
  ASSERT_NO_FATAL_FAILURE(serve());
  const auto make = [&](const char* name) {
    return [this, name] {
      ::umask(0);
      const std::string path = mount_ + "/team/" + name;
      Fd file{::open(path.c_str(), O_WRONLY | O_CREAT, 02775)};
      return file && ::mkdir((path + ".d").c_str(), 0755) == 0 ? 0 : 1;
    };
  };
  EXPECT_EQ(as_user(kAlice, kAlice, make("member"), {team}), 0);
  EXPECT_EQ(as_user(kBob, kBob, make("stranger")), 0);
  for (const char* name : {"member", "stranger", "member.d", "stranger.d"}) {
    struct stat stat {};
    ASSERT_EQ(::stat((lower_ + "/team/" + name).c_str(), &stat), 0);
    EXPECT_EQ(stat.st_gid, team) << name;
  }
  EXPECT_EQ(mode_of("team/member"), 02775u);
  EXPECT_EQ(mode_of("team/stranger"), 0775u);
  EXPECT_EQ(mode_of("team/member.d"), 02755u);
}

TEST_F(Privileges, a_closed_folder_keeps_strangers_out_of_what_lies_below_it) {
  scratch_.folder("lower/home", kAlice, 0700);
  write_file(lower_ + "/home/f", "mine", 0644);
  ASSERT_NO_FATAL_FAILURE(serve());
  const auto reads = [&] {
    return ::open((mount_ + "/home/f").c_str(), O_RDONLY) >= 0 ? 0 : errno;
  };
  EXPECT_EQ(as_user(kBob, kBob, reads), EACCES);    // nothing is known yet
  EXPECT_EQ(as_user(kAlice, kAlice, reads), 0);
  EXPECT_EQ(as_user(kBob, kBob, reads), EACCES);    // name and attributes are in the kernel's cache
  ASSERT_EQ(::chmod((mount_ + "/home").c_str(), 0755), 0);
  EXPECT_EQ(as_user(kBob, kBob, reads), 0);
  ASSERT_EQ(::chmod((mount_ + "/home").c_str(), 0700), 0);
  EXPECT_EQ(as_user(kBob, kBob, reads), EACCES);
}

// Writes until the file system is full; gives how much went in, in KiB.
int fill(const std::string& path) {
  Fd fd{::open(path.c_str(), O_WRONLY | O_CREAT, 0644)};
  std::string block(4096, 'x');
  int kibibytes = 0;
  while (fd && ::write(fd.get(), block.data(), block.size()) == 4096 && kibibytes < 100000) {
    if (::fsync(fd.get()) != 0) break;
    kibibytes += 4;
  }
  return kibibytes;
}

TEST_F(Privileges, blocks_reserved_for_root_stay_reserved) {
  // A quarter of 8 MiB is kept for root.
  const std::string why = mount_image(scratch_.path("image"), scratch_.path("small"), "ext4", 8,
                                      "-m 25 -O ^has_journal");
  if (!why.empty()) GTEST_SKIP() << why;
  lower_ = scratch_.path("small");
  ASSERT_EQ(::chmod(lower_.c_str(), 0777), 0);
  ASSERT_NO_FATAL_FAILURE(serve());
  const auto size_of = [&](const std::string& path) {
    struct stat stat {};
    return ::stat(path.c_str(), &stat) == 0 ? static_cast<int>(stat.st_size / 1024) : -1;
  };
  as_user(kAlice, kAlice, [&] { return fill(lower_ + "/native") > 0 ? 0 : 1; });
  const int native = size_of(lower_ + "/native");
  ASSERT_EQ(::unlink((lower_ + "/native").c_str()), 0);
  ::sync();
  as_user(kAlice, kAlice, [&] { return fill(mount_ + "/mounted") > 0 ? 0 : 1; });
  const int mounted = size_of(lower_ + "/mounted");
  EXPECT_GT(native, 1000);
  EXPECT_LE(mounted, native + 64);
  EXPECT_GE(mounted, native - 256);
}

// Switches user quotas on for the image mounted at `where`, and lets `uid` have `kibibytes` there.
// Gives why not, or nothing.
std::string limit_user(const std::string& where, uid_t uid, std::uint64_t kibibytes) {
  std::string device;
  std::string at;
  std::ifstream mounts{"/proc/self/mounts"};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream{line} >> device >> at;
    if (at == where) break;
  }
  constexpr int kVfsV1 = 4;  // the format of ext4's quota feature; its files are inodes without names
  if (::quotactl(QCMD(Q_QUOTAON, USRQUOTA), device.c_str(), kVfsV1, nullptr) != 0 &&
      errno != EBUSY && errno != EEXIST) {
    return "this kernel has no quotas for ext4";
  }
  dqblk limit{};
  limit.dqb_bhardlimit = limit.dqb_bsoftlimit = kibibytes;
  limit.dqb_valid = QIF_BLIMITS;
  if (::quotactl(QCMD(Q_SETQUOTA, USRQUOTA), device.c_str(), static_cast<int>(uid),
                 reinterpret_cast<caddr_t>(&limit)) != 0) {
    return "a quota cannot be set here";
  }
  return {};
}

TEST_F(Privileges, a_quota_holds_for_what_the_kernel_writes) {
  std::string why = mount_image(scratch_.path("image"), scratch_.path("small"), "ext4", 16,
                                "-O ^has_journal,quota -E quotatype=usrquota");
  if (!why.empty()) GTEST_SKIP() << why;
  lower_ = scratch_.path("small");
  why = limit_user(lower_, kAlice, 2048);
  if (!why.empty()) GTEST_SKIP() << why;
  ASSERT_EQ(::chmod(lower_.c_str(), 0777), 0);
  ASSERT_NO_FATAL_FAILURE(serve());
  as_user(kAlice, kAlice, [&] { return fill(mount_ + "/hers") > 0 ? 0 : 1; });
  struct stat stat {};
  ASSERT_EQ(::stat((lower_ + "/hers").c_str(), &stat), 0);
  EXPECT_GT(stat.st_size, 1024 * 1024);
  EXPECT_LE(stat.st_size, 2048 * 1024);
}

TEST_F(Privileges, a_full_disk_says_so_and_keeps_what_was_written) {
  const std::string why =
      mount_image(scratch_.path("image"), scratch_.path("small"), "ext4", 8, "-O ^has_journal");
  if (!why.empty()) GTEST_SKIP() << why;
  lower_ = scratch_.path("small");
  ASSERT_NO_FATAL_FAILURE(serve());
  write_file(mount_ + "/kept", std::string(100000, 'k'));
  Fd fd{::open((mount_ + "/big").c_str(), O_WRONLY | O_CREAT, 0644)};
  std::string block(65536, 'x');
  ssize_t wrote = 0;
  int error = 0;
  for (int i = 0; i < 1000 && error == 0; ++i) {
    wrote = ::write(fd.get(), block.data(), block.size());
    if (wrote < 0) error = errno;
  }
  EXPECT_EQ(error, ENOSPC);
  EXPECT_EQ(read_file(mount_ + "/kept"), std::string(100000, 'k'));
  EXPECT_EQ(::mkdir((mount_ + "/d").c_str(), 0755) == 0 || errno == ENOSPC, true);
}

TEST_F(Privileges, append_only_and_immutable_files_are_respected) {
  write_file(lower_ + "/log", "one\n");
  write_file(lower_ + "/fixed", "fixed");
  if (shell("chattr +a " + lower_ + "/log && chattr +i " + lower_ + "/fixed") != 0) {
    GTEST_SKIP() << "needs a file system with chattr's flags";
  }
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(::open((mount_ + "/log").c_str(), O_WRONLY), -1);
  EXPECT_EQ(errno, EPERM);
  Fd append{::open((mount_ + "/log").c_str(), O_WRONLY | O_APPEND)};
  EXPECT_TRUE(append);
  EXPECT_EQ(::write(append.get(), "two\n", 4), 4);
  EXPECT_EQ(::open((mount_ + "/fixed").c_str(), O_WRONLY), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(read_file(mount_ + "/fixed"), "fixed");
  EXPECT_EQ(read_file(mount_ + "/log"), "one\ntwo\n");
  std::string flags;
  EXPECT_EQ(shell("lsattr " + mount_ + "/log", &flags), 0);
  EXPECT_NE(flags.substr(0, flags.find(' ')).find('a'), std::string::npos) << flags;
  shell("chattr -a " + lower_ + "/log; chattr -i " + lower_ + "/fixed");
}

TEST_F(Privileges, inode_flags_can_be_set_through_the_mount_by_those_who_may) {
  write_file(lower_ + "/f", "x");
  ASSERT_EQ(::chown((lower_ + "/f").c_str(), kAlice, kAlice), 0);
  if (shell("lsattr " + lower_ + "/f") != 0) GTEST_SKIP() << "needs a file system with inode flags";
  ASSERT_NO_FATAL_FAILURE(serve());
  EXPECT_EQ(as_user(kBob, kBob, [&] { return shell("chattr +d " + mount_ + "/f") == 0 ? 1 : 0; }), 0);
  EXPECT_EQ(as_user(kAlice, kAlice, [&] { return shell("chattr +i " + mount_ + "/f") == 0 ? 1 : 0; }), 0);
  EXPECT_EQ(as_user(kAlice, kAlice, [&] { return shell("chattr +d " + mount_ + "/f"); }), 0);
  std::string flags;
  EXPECT_EQ(shell("lsattr " + lower_ + "/f", &flags), 0);
  EXPECT_NE(flags.substr(0, flags.find(' ')).find('d'), std::string::npos) << flags;
}

}  // namespace
}  // namespace sluice::mirror::test
