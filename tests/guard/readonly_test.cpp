// SPDX-License-Identifier: MIT
// Writing that a policy denies: the bytes, what is told about them, and the name.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kKept = R"(
[[rule]]
id = "kept"
path = ["kept", "hooks/"]
verdict = "readonly"
)";

class Readonly : public Guarded {
 protected:
  void SetUp() override {
    Guarded::SetUp();
    if (IsSkipped()) return;
    put("kept", "kept");
    put("other", "other");
    put("hooks/run", "run", 0755);
  }
};

TEST_F(Readonly, it_is_read_at_full_speed_and_never_opened_for_writing) {
  ASSERT_NO_FATAL_FAILURE(serve(kKept));
  EXPECT_EQ(read_file(mount("kept")), "kept");
  EXPECT_EQ(served().mirror().stats().served, 0u);
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDONLY | O_TRUNC,
                          O_WRONLY | O_TRUNC, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC}) {
    EXPECT_EQ(open_outcome(mount("kept"), flags), "EACCES") << flags;
  }
  EXPECT_EQ(read_file(lower("kept")), "kept");
}

TEST_F(Readonly, attributes_stay_as_they_are) {
  ASSERT_NO_FATAL_FAILURE(serve(kKept));
  const std::string kept = mount("kept");
  EXPECT_EQ(outcome(::truncate(kept.c_str(), 0)), "EACCES");
  EXPECT_EQ(outcome(::chmod(kept.c_str(), 0777)), "EACCES");
  EXPECT_EQ(outcome(::chown(kept.c_str(), 1, 1)), "EACCES");
  EXPECT_EQ(outcome(::utimensat(AT_FDCWD, kept.c_str(), nullptr, 0)), "EACCES");
  EXPECT_EQ(outcome(::setxattr(kept.c_str(), "user.a", "b", 1, 0)), "EACCES");
  EXPECT_EQ(outcome(::removexattr(kept.c_str(), "user.a")), "EACCES");
  const Fd fd{::open(kept.c_str(), O_RDONLY)};
  ASSERT_TRUE(fd);
  int flags = 0;
  EXPECT_EQ(outcome(::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags)), "EACCES");
  EXPECT_EQ(outcome(::fchmod(fd.get(), 0777)), "EACCES");
  EXPECT_EQ(::mmap(nullptr, 4, PROT_WRITE, MAP_SHARED, fd.get(), 0), MAP_FAILED);
}

TEST_F(Readonly, the_name_stays_too) {
  ASSERT_NO_FATAL_FAILURE(serve(kKept));
  const std::string kept = mount("kept");
  const std::string other = mount("other");
  EXPECT_EQ(outcome(::unlink(kept.c_str())), "EACCES");
  EXPECT_EQ(outcome(::rename(kept.c_str(), mount("away").c_str())), "EACCES");
  EXPECT_EQ(outcome(::rename(other.c_str(), kept.c_str())), "EACCES");
  EXPECT_EQ(outcome(::link(kept.c_str(), mount("linked").c_str())), "EACCES");
  EXPECT_EQ(outcome(::renameat2(AT_FDCWD, other.c_str(), AT_FDCWD, kept.c_str(), RENAME_EXCHANGE)),
            "EACCES");
  EXPECT_EQ(names_in(lower()), "hooks kept other");
  EXPECT_EQ(read_file(lower("kept")), "kept");
}

TEST_F(Readonly, nothing_is_made_or_removed_in_a_folder_that_is) {
  ASSERT_NO_FATAL_FAILURE(serve(kKept));
  EXPECT_EQ(open_outcome(mount("hooks/new"), O_RDWR | O_CREAT), "EACCES");
  EXPECT_EQ(outcome(::mkdir(mount("hooks/new").c_str(), 0755)), "EACCES");
  EXPECT_EQ(outcome(::symlink("x", mount("hooks/new").c_str())), "EACCES");
  EXPECT_EQ(outcome(::link(mount("other").c_str(), mount("hooks/new").c_str())), "EACCES");
  EXPECT_EQ(outcome(::rename(mount("other").c_str(), mount("hooks/new").c_str())), "EACCES");
  EXPECT_EQ(open_outcome(mount("hooks"), O_TMPFILE | O_RDWR), "EACCES");
  EXPECT_EQ(outcome(::unlink(mount("hooks/run").c_str())), "EACCES");
  EXPECT_EQ(outcome(::rename(mount("hooks").c_str(), mount("hooked").c_str())), "EACCES");
  EXPECT_EQ(outcome(::rmdir(mount("hooks").c_str())), "EACCES");
  EXPECT_EQ(names_in(lower("hooks")), "run");
}

TEST_F(Readonly, a_name_that_would_be_kept_cannot_be_made) {
  ASSERT_NO_FATAL_FAILURE(serve(kKept));
  ASSERT_EQ(::mkdir(mount("made").c_str(), 0755), 0);
  EXPECT_EQ(open_outcome(mount("made/kept"), O_RDWR | O_CREAT | O_EXCL), "EACCES");
  EXPECT_EQ(open_outcome(mount("made/free"), O_RDWR | O_CREAT | O_EXCL), "OK");
}

TEST_F(Readonly, a_refusal_names_its_rule) {
  ASSERT_NO_FATAL_FAILURE(serve(kKept));
  EXPECT_EQ(open_outcome(mount("kept"), O_WRONLY), "EACCES");
  const auto all = told_.all();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().error, EACCES);
  EXPECT_EQ(all.back().mode, policy::Mode::write);
  EXPECT_EQ(all.back().write, policy::Write::deny);
  EXPECT_EQ(guard().program()->rule_name(all.back().by), "kept");
}

}  // namespace
}  // namespace sluice::guard::test
