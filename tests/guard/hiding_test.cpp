// SPDX-License-Identifier: MIT
// Hiding, as a table of what each system call answers. What is hidden and what is not there must
// differ in nothing, but where something would be put in its place.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kHides = R"(
[[rule]]
id = "keys"
path = ["*.key", "secret/"]
verdict = "hide"
)";

class Hiding : public Guarded {
 protected:
  void SetUp() override {
    Guarded::SetUp();
    if (IsSkipped()) return;
    put("plain", "plain");
    put("a.key", "hidden");
    put("folder/b.key", "hidden");
    put("secret/inside", "hidden");
    put("shown/file", "shown");
    put("shown/c.key", "hidden");
    ASSERT_EQ(::mkfifo(lower("fifo.key").c_str(), 0644), 0);
    ASSERT_EQ(::symlink("plain", lower("link.key").c_str()), 0);
    ASSERT_EQ(::symlink("a.key", lower("to_key").c_str()), 0);
  }
};

struct Call {
  const char* name;
  std::function<long(const std::string& path)> run;
  const char* hidden;  // what it answers where there is a hidden file
  const char* absent;  // what it answers where there is nothing
};

// The table of docs/hiding.md.
std::vector<Call> calls(const std::string& plain) {
  const auto open_with = [](int flags) {
    return [flags](const std::string& path) -> long {
      const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
      Fd{fd}.reset();
      return fd;
    };
  };
  static char room[256];
  return {
      {"stat",
       [](const auto& p) {
         struct stat s;
         return ::stat(p.c_str(), &s);
       },
       "ENOENT", "ENOENT"},
      {"lstat",
       [](const auto& p) {
         struct stat s;
         return ::lstat(p.c_str(), &s);
       },
       "ENOENT", "ENOENT"},
      {"statfs",
       [](const auto& p) {
         struct statfs s;
         return ::statfs(p.c_str(), &s);
       },
       "ENOENT", "ENOENT"},
      {"access", [](const auto& p) { return ::access(p.c_str(), F_OK); }, "ENOENT", "ENOENT"},
      {"open", open_with(O_RDONLY), "ENOENT", "ENOENT"},
      {"open_for_writing", open_with(O_WRONLY), "ENOENT", "ENOENT"},
      {"open_and_truncate", open_with(O_WRONLY | O_TRUNC), "ENOENT", "ENOENT"},
      {"open_path", open_with(O_PATH), "ENOENT", "ENOENT"},
      {"open_nofollow", open_with(O_RDONLY | O_NOFOLLOW), "ENOENT", "ENOENT"},
      {"truncate", [](const auto& p) { return ::truncate(p.c_str(), 0); }, "ENOENT", "ENOENT"},
      {"chmod", [](const auto& p) { return ::chmod(p.c_str(), 0600); }, "ENOENT", "ENOENT"},
      {"chown", [](const auto& p) { return ::lchown(p.c_str(), 0, 0); }, "ENOENT", "ENOENT"},
      {"utimensat",
       [](const auto& p) { return ::utimensat(AT_FDCWD, p.c_str(), nullptr, AT_SYMLINK_NOFOLLOW); },
       "ENOENT", "ENOENT"},
      {"readlink", [](const auto& p) { return ::readlink(p.c_str(), room, sizeof room); }, "ENOENT",
       "ENOENT"},
      {"getxattr",
       [](const auto& p) { return ::lgetxattr(p.c_str(), "user.a", room, sizeof room); }, "ENOENT",
       "ENOENT"},
      {"listxattr", [](const auto& p) { return ::llistxattr(p.c_str(), room, sizeof room); },
       "ENOENT", "ENOENT"},
      {"setxattr", [](const auto& p) { return ::lsetxattr(p.c_str(), "user.a", "b", 1, 0); },
       "ENOENT", "ENOENT"},
      {"removexattr", [](const auto& p) { return ::lremovexattr(p.c_str(), "user.a"); }, "ENOENT",
       "ENOENT"},
      {"unlink", [](const auto& p) { return ::unlink(p.c_str()); }, "ENOENT", "ENOENT"},
      {"rmdir", [](const auto& p) { return ::rmdir(p.c_str()); }, "ENOENT", "ENOENT"},
      {"rename_away",
       [plain](const auto& p) { return ::rename(p.c_str(), (plain + ".away").c_str()); }, "ENOENT",
       "ENOENT"},
      {"link_from", [plain](const auto& p) { return ::link(p.c_str(), (plain + ".link").c_str()); },
       "ENOENT", "ENOENT"},
      {"create", open_with(O_RDWR | O_CREAT), "EACCES", "EACCES"},
      {"create_exclusively", open_with(O_RDWR | O_CREAT | O_EXCL), "EACCES", "EACCES"},
      {"mkdir", [](const auto& p) { return ::mkdir(p.c_str(), 0755); }, "EACCES", "EACCES"},
      {"mknod", [](const auto& p) { return ::mknod(p.c_str(), S_IFIFO | 0644, 0); }, "EACCES",
       "EACCES"},
      {"symlink", [](const auto& p) { return ::symlink("x", p.c_str()); }, "EACCES", "EACCES"},
      {"link_to", [plain](const auto& p) { return ::link(plain.c_str(), p.c_str()); }, "EACCES",
       "EACCES"},
      {"rename_onto", [plain](const auto& p) { return ::rename(plain.c_str(), p.c_str()); },
       "EACCES", "EACCES"},
      {"rename_onto_if_absent",
       [plain](const auto& p) {
         return ::renameat2(AT_FDCWD, plain.c_str(), AT_FDCWD, p.c_str(), RENAME_NOREPLACE);
       },
       "EACCES", "EACCES"},
      {"exchange",
       [plain](const auto& p) {
         return ::renameat2(AT_FDCWD, plain.c_str(), AT_FDCWD, p.c_str(), RENAME_EXCHANGE);
       },
       "ENOENT", "ENOENT"},
  };
}

TEST_F(Hiding, every_call_answers_the_same_whether_a_hidden_name_is_there_or_not) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  for (const Call& call : calls(mount("plain"))) {
    for (const char* there : {"a.key", "fifo.key", "link.key"}) {
      EXPECT_EQ(outcome(call.run(mount(there))), call.hidden) << call.name << " " << there;
    }
    EXPECT_EQ(outcome(call.run(mount("absent.key"))), call.absent) << call.name;
  }
  EXPECT_EQ(read_file(lower("a.key")), "hidden");
  EXPECT_EQ(names_in(lower()), "a.key fifo.key folder link.key plain secret shown to_key");
}

TEST_F(Hiding, the_answers_are_the_same_once_the_kernel_knows_the_folder) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(names_in(mount()), "folder plain shown to_key");
    std::string said;
    EXPECT_EQ(shell("ls -la " + mount() + " " + mount("shown"), &said), 0);
    EXPECT_EQ(said.find("c.key"), std::string::npos) << said;
    EXPECT_EQ(open_outcome(mount("a.key"), O_RDONLY), "ENOENT");
    EXPECT_EQ(open_outcome(mount("shown/c.key"), O_RDONLY), "ENOENT");
  }
}

TEST_F(Hiding, a_folder_is_hidden_with_all_that_is_in_it) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  EXPECT_EQ(open_outcome(mount("secret/inside"), O_RDONLY), "ENOENT");
  EXPECT_EQ(open_outcome(mount("secret/made"), O_RDWR | O_CREAT), "ENOENT");
  EXPECT_EQ(outcome(::chdir(mount("secret").c_str())), "ENOENT");
  EXPECT_EQ(names_in(mount("secret")), "ENOENT");
  EXPECT_EQ(outcome(::mkdir(mount("secret").c_str(), 0755)), "EACCES");
}

TEST_F(Hiding, a_pattern_for_folders_leaves_files_and_their_names_alone) {
  put("shown/secret", "a file");
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  EXPECT_EQ(read_file(mount("shown/secret")), "a file");
  EXPECT_EQ(names_in(mount("shown")), "file secret");
  // Whether a folder stands in the way must not show.
  EXPECT_EQ(open_outcome(mount("folder/secret"), O_RDWR | O_CREAT | O_EXCL), "EACCES");
}

TEST_F(Hiding, a_link_leads_to_nothing_that_is_hidden) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  EXPECT_EQ(open_outcome(mount("to_key"), O_RDONLY), "ENOENT");
  EXPECT_EQ(open_outcome(mount("to_key"), O_RDWR | O_CREAT), "EACCES");
  ASSERT_EQ(::symlink("secret/inside", mount("round").c_str()), 0);
  EXPECT_EQ(open_outcome(mount("round"), O_RDONLY), "ENOENT");
}

TEST_F(Hiding, a_folder_that_only_looks_empty_cannot_be_removed) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  EXPECT_EQ(names_in(mount("folder")), "");
  EXPECT_EQ(outcome(::rmdir(mount("folder").c_str())), "EACCES");
  EXPECT_EQ(outcome(::rmdir(mount("shown").c_str())), "ENOTEMPTY");
  EXPECT_EQ(read_file(lower("folder/b.key")), "hidden");
}

TEST_F(Hiding, a_link_count_does_not_tell_how_many_folders_are_hidden) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  struct stat stat {};
  ASSERT_EQ(::stat(mount().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_nlink, 1u);
  ASSERT_EQ(::stat(mount("folder").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_nlink, 1u);
  struct statx extended {};
  ASSERT_EQ(::statx(AT_FDCWD, mount("folder").c_str(), 0, STATX_BTIME | STATX_NLINK, &extended), 0);
  EXPECT_EQ(extended.stx_nlink, 1u);
}

TEST_F(Hiding, what_is_made_is_shown_and_what_becomes_hidden_goes) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  write_file(mount("new"), "mine");
  EXPECT_EQ(read_file(mount("new")), "mine");
  EXPECT_EQ(outcome(::rename(mount("new").c_str(), mount("new.key").c_str())), "EACCES");
  EXPECT_EQ(read_file(mount("new")), "mine");
}

TEST_F(Hiding, each_hidden_name_that_is_asked_for_is_told) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides));
  EXPECT_EQ(open_outcome(mount("a.key"), O_RDONLY), "ENOENT");
  const auto about = told_.about("a.key");
  ASSERT_FALSE(about.empty());
  EXPECT_EQ(about.front().error, ENOENT);
  EXPECT_EQ(about.front().see, policy::See::no);
  EXPECT_EQ(guard().program()->rule_name(about.front().by), "keys");
  EXPECT_EQ(about.front().pid, Pid{static_cast<std::uint32_t>(::gettid())});
}

TEST_F(Hiding, nothing_is_refused_where_nothing_is_enforced_and_all_is_told) {
  ASSERT_NO_FATAL_FAILURE(serve(kHides, "anyone", {}, Enforce::no));
  EXPECT_EQ(read_file(mount("a.key")), "hidden");
  EXPECT_EQ(read_file(mount("secret/inside")), "hidden");
  EXPECT_EQ(names_in(mount("shown")), "c.key file");
  EXPECT_FALSE(told_.about("a.key").empty());
}

}  // namespace
}  // namespace sluice::guard::test
