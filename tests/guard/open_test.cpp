// SPDX-License-Identifier: MIT
// What an open gets by its mode: native, served or refused, by whichever way it comes.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kRules = R"(
[[rule]]
id = "denied"
path = "denied*"
verdict = "deny"
[[rule]]
id = "served"
path = "served*"
verdict = "served"
[[rule]]
id = "blind"
path = "blind*"
read = "deny"
[[rule]]
id = "no-run"
path = "no-run*"
mode = "x"
read = "deny"
[[rule]]
id = "run-only"
path = "run-only*"
mode = "r"
read = "deny"
[[rule]]
id = "watched"
path = "watched*"
log = "open"
)";

class Opening : public Guarded {
 protected:
  std::string by_proc(int fd) const { return "/proc/self/fd/" + std::to_string(fd); }
};

TEST_F(Opening, what_no_rule_names_passes_through) {
  put("plain", "plain");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(read_file(mount("plain")), "plain");
  write_file(mount("plain"), "more");
  EXPECT_EQ(read_file(lower("plain")), "more");
  if (served().mirror().features().find("passthrough")->on) {
    EXPECT_EQ(served().mirror().stats().served, 0u);
  }
}

TEST_F(Opening, what_is_served_never_passes_through_in_any_mode) {
  put("served", std::string(100000, 's'));
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(read_file(mount("served")), std::string(100000, 's'));
  const Fd fd{::open(mount("served").c_str(), O_RDWR | O_APPEND)};
  ASSERT_TRUE(fd);
  EXPECT_EQ(::write(fd.get(), "end", 3), 3);
  write_file(mount("served.new"), "new");
  const Fd nameless{::open(mount().c_str(), O_TMPFILE | O_RDWR, 0600)};
  ASSERT_TRUE(nameless);
  EXPECT_EQ(read_file(lower("served")), std::string(100000, 's') + "end");
  EXPECT_EQ(read_file(lower("served.new")), "new");
  EXPECT_GE(served().mirror().stats().served, 3u);
  EXPECT_LE(served().mirror().stats().passed_through, 1u);  // the one without a name
}

TEST_F(Opening, no_byte_of_a_denied_file_is_had_by_any_call) {
  put("denied", "secret");
  ASSERT_EQ(::setxattr(lower("denied").c_str(), "user.note", "secret", 6, 0), 0);
  ASSERT_EQ(::symlink("/secret/target", lower("denied.link").c_str()), 0);
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  const std::string path = mount("denied");
  char room[64];
  for (int round = 0; round < 2; ++round) {
    for (const int flags :
         {O_RDONLY, O_RDWR, O_WRONLY, O_RDONLY | O_DIRECT, O_RDONLY | O_NOATIME}) {
      EXPECT_EQ(open_outcome(path, flags), "EACCES") << flags;
    }
  }
  EXPECT_EQ(outcome(::getxattr(path.c_str(), "user.note", room, sizeof room)), "EACCES");
  EXPECT_EQ(outcome(::listxattr(path.c_str(), room, sizeof room)), "EACCES");
  EXPECT_EQ(outcome(::readlink(mount("denied.link").c_str(), room, sizeof room)), "EACCES");
  EXPECT_EQ(outcome(::truncate(path.c_str(), 0)), "EACCES");
  const Fd path_only{::open(path.c_str(), O_PATH)};
  ASSERT_TRUE(path_only);
  EXPECT_EQ(open_outcome(by_proc(path_only.get()), O_RDONLY), "EACCES");
  EXPECT_EQ(outcome(::linkat(path_only.get(), "", AT_FDCWD, mount("copy").c_str(), AT_EMPTY_PATH)),
            "EACCES");
  struct stat stat {};
  EXPECT_EQ(::stat(path.c_str(), &stat), 0) << "it is not hidden";
  EXPECT_EQ(read_file(lower("denied")), "secret");
}

TEST_F(Opening, what_may_be_written_and_not_read_gives_nothing_back) {
  put("blind", std::string(8192, 'b'));
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(open_outcome(mount("blind"), O_RDWR), "EACCES");
  const Fd fd{::open(mount("blind").c_str(), O_WRONLY)};
  ASSERT_TRUE(fd);
  EXPECT_EQ(::pwrite(fd.get(), "new", 3, 0), 3);
  EXPECT_EQ(outcome(::lseek(fd.get(), 0, SEEK_HOLE)), "EACCES");
  char room[16];
  EXPECT_EQ(outcome(::pread(fd.get(), room, sizeof room, 0)), "EBADF");
  const Fd target{::open(mount("target").c_str(), O_RDWR | O_CREAT, 0644)};
  ASSERT_TRUE(target);
  EXPECT_EQ(outcome(::copy_file_range(fd.get(), nullptr, target.get(), nullptr, 10, 0)), "EBADF");
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0), MAP_FAILED);
  EXPECT_EQ(read_file(lower("blind")).substr(0, 4), "newb");
}

TEST_F(Opening, running_is_decided_apart_from_reading) {
  put("no-run", "");
  ASSERT_EQ(shell("cp /bin/true " + lower("no-run") + " && cp /bin/true " + lower("run-only")), 0);
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(shell(mount("run-only")), 0);
  EXPECT_EQ(open_outcome(mount("run-only"), O_RDONLY), "EACCES");
  EXPECT_EQ(shell(mount("no-run")), 126);
  EXPECT_EQ(open_outcome(mount("no-run"), O_RDONLY), "OK");
}

TEST_F(Opening, a_descriptor_that_was_had_is_opened_again_as_any_path) {
  put("plain", "plain");
  put("served", "served");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  for (const char* name : {"plain", "served"}) {
    const Fd fd{::open(mount(name).c_str(), O_RDONLY)};
    ASSERT_TRUE(fd);
    EXPECT_EQ(read_file(by_proc(fd.get())), name);
    const Fd path{::open(mount(name).c_str(), O_PATH)};
    EXPECT_EQ(read_file(by_proc(path.get())), name);
  }
}

TEST_F(Opening, bytes_are_the_same_by_map_sendfile_splice_and_copy) {
  std::string text(300000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  put("plain", text);
  put("served", text);
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  for (const char* name : {"plain", "served"}) {
    const Fd fd{::open(mount(name).c_str(), O_RDONLY)};
    ASSERT_TRUE(fd);
    void* map = ::mmap(nullptr, text.size(), PROT_READ, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(map, MAP_FAILED);
    EXPECT_EQ(std::string_view(static_cast<char*>(map), text.size()), text) << name;
    ::munmap(map, text.size());
    const std::string copy = scratch_.path("copy");
    const Fd out{::open(copy.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644)};
    ASSERT_EQ(::sendfile(out.get(), fd.get(), nullptr, text.size()),
              static_cast<ssize_t>(text.size()));
    EXPECT_EQ(read_file(copy), text) << name;
    const Fd inside{::open(mount("copied").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644)};
    off_t from = 0;
    ASSERT_GT(::copy_file_range(fd.get(), &from, inside.get(), nullptr, text.size(), 0), 0);
    EXPECT_EQ(read_file(lower("copied")), text.substr(0, static_cast<std::size_t>(from))) << name;
  }
}

TEST_F(Opening, opens_that_a_rule_logs_are_told_once_each_and_others_are_not) {
  put("watched");
  put("plain");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(open_outcome(mount("watched"), O_RDONLY), "OK");
  EXPECT_EQ(open_outcome(mount("plain"), O_RDONLY), "OK");
  EXPECT_EQ(open_outcome(mount("watched"), O_WRONLY), "OK");
  const auto all = told_.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].operation, wire::Opcode::open);
  EXPECT_EQ(all[0].mode, policy::Mode::read);
  EXPECT_EQ(all[1].mode, policy::Mode::write);
  EXPECT_EQ(all[0].log, policy::Log::open);
  EXPECT_EQ(all[0].error, 0);
}

TEST_F(Opening, a_nameless_file_is_given_a_name_and_its_terms) {
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  const Fd fd{::open(mount().c_str(), O_TMPFILE | O_RDWR, 0644)};
  ASSERT_TRUE(fd);
  ASSERT_EQ(::write(fd.get(), "made", 4), 4);
  const std::string self = by_proc(fd.get());
  EXPECT_EQ(outcome(::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, mount("denied.x").c_str(),
                             AT_SYMLINK_FOLLOW)),
            "EACCES");
  ASSERT_EQ(outcome(::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, mount("served.x").c_str(),
                             AT_SYMLINK_FOLLOW)),
            "OK");
  EXPECT_EQ(read_file(mount("served.x")), "made");
  EXPECT_EQ(read_file(lower("served.x")), "made");
  EXPECT_GE(served().mirror().stats().served, 1u);
}

TEST_F(Opening, a_device_that_is_denied_is_no_device) {
  ASSERT_EQ(::mknod(lower("denied.zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
  ASSERT_EQ(::mknod(lower("zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_NE(open_outcome(mount("denied.zero"), O_RDONLY), "OK");
  EXPECT_NE(open_outcome(mount("denied.zero"), O_RDWR), "OK");
  const std::string free = open_outcome(mount("zero"), O_RDONLY);
  EXPECT_TRUE(free == "OK" || free == "EACCES") << "as the mount allows devices: " << free;
}

TEST_F(Opening, a_policy_for_everything_leaves_nothing_to_open) {
  put("folder/file", "secret");
  ASSERT_NO_FATAL_FAILURE(serve("[default]\nverdict = \"deny\"\n"));
  EXPECT_EQ(names_in(mount()), "EACCES");
  EXPECT_EQ(open_outcome(mount("folder/file"), O_RDONLY), "EACCES");
  EXPECT_EQ(open_outcome(mount("new"), O_RDWR | O_CREAT), "EACCES");
  EXPECT_EQ(outcome(::mkdir(mount("new").c_str(), 0755)), "EACCES");
}

}  // namespace
}  // namespace sluice::guard::test
