// SPDX-License-Identifier: MIT
// Ways that take more than one step, or more than one program: links from before the mount, moves
// and writers below it, symlinks, programs that may not be read, folders handed over.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "reach.h"
#include "world.h"

namespace sluice::leaks {
namespace {

class Special : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override { SLUICE_NEEDS_MOUNTS(); }
  void start(const test::Words& words = {}) {
    ASSERT_NO_FATAL_FAILURE(world_.start(GetParam(), words));
  }
  bool apart() const { return GetParam() == Mode::apart; }

  // What the agent gets of a path by reading it.
  Got read(const std::string& path) const {
    return world_.as_agent([&] { return read_path(path); });
  }
  // Expects that no way gives the marker.
  void expect_kept(const Target& target, const std::string& marker, std::string_view when) {
    for (const Way& way : reading_ways()) {
      const Got got = world_.as_agent(way, target);
      EXPECT_FALSE(has_part_of(marker, got.bytes) || got.told) << way.name << " " << when;
    }
  }
  std::string below(const Target& target, std::string_view name) const {
    return world_.lower(target.folder.substr(world_.mnt().size() + 1)) + "/" + std::string{name};
  }

  World world_;
};

TEST_P(Special, a_name_made_before_the_mount_is_kept_once_the_kept_one_was_looked_up) {
  ASSERT_NO_FATAL_FAILURE(start());
  std::vector<Axis> axes{kDenied, kShut};
  if (apart()) axes.push_back(kHidden);  // in a bound mount nobody ever looks behind such a name
  for (const Axis& axis : axes) {
    Secret secret = world_.make(axis);
    Target loose = secret.target;
    loose.name = "loose";
    ASSERT_EQ(::link(secret.lower.c_str(), below(loose, "loose").c_str()), 0);
    EXPECT_TRUE(has_part_of(secret.marker, read(loose.path()).bytes)) << "nobody knows yet";
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    loose.passed = secret.target.passed;
    loose.passed_path = secret.target.passed_path;
    expect_kept(loose, secret.marker, axis.name);
  }
}

TEST_P(Special, a_secret_that_is_moved_below_the_mount_is_kept_wherever_it_is_kept) {
  ASSERT_NO_FATAL_FAILURE(start());
  const Axis* axes[] = {&kDenied, &kHidden, &kShut, &kHiddenByPath, &kHiddenFolder};
  for (const Axis* from : axes) {
    for (const Axis* to : axes) {
      Secret secret = world_.make(*from);
      ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
      Target target = world_.absent(*to);
      target.passed = secret.target.passed;
      target.passed_path = secret.target.passed_path;
      EXPECT_TRUE(read(target.path()).bytes.empty());
      ASSERT_EQ(::rename(secret.lower.c_str(), below(target, target.name).c_str()), 0);
      for (const Target& each : {secret.target, target}) {
        for (const Way& way : {reading_ways()[0], reading_ways()[7], reading_ways()[13]}) {
          const Got got = world_.as_agent(way, each);
          EXPECT_FALSE(has_part_of(secret.marker, got.bytes))
              << way.name << " from " << from->name << " to " << to->name;
        }
      }
    }
  }
}

TEST_P(Special, a_folder_that_is_moved_below_the_mount_to_a_hidden_name_is_hidden) {
  ASSERT_NO_FATAL_FAILURE(start({"--timeout", "0"}));
  Secret secret = world_.make(kNative);
  ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
  EXPECT_TRUE(has_part_of(secret.marker, read(secret.target.path()).bytes));
  const std::string folder = below(secret.target, "");
  ASSERT_EQ(::rename(folder.c_str(), world_.lower("vault").c_str()), 0);
  Target hidden = secret.target;
  hidden.folder = world_.mnt("vault");
  hidden.passed = hidden.passed_path = -1;
  expect_kept(hidden, secret.marker, "by its new name");
  hidden.folder = secret.target.folder;
  expect_kept(hidden, secret.marker, "by its old name");
}

TEST_P(Special, a_hidden_folder_answers_as_one_that_is_not_there) {
  if (apart()) GTEST_SKIP() << "there it can be known";
  ASSERT_NO_FATAL_FAILURE(start());
  Target there = world_.absent(kNative);
  there.folder = world_.mnt();
  there.name = "vault1";
  std::filesystem::create_directories(world_.lower("vault1/inner"));
  Target absent = there;
  absent.name = "vault2";
  for (const Way& way : seeing_ways()) {
    if (std::string_view{way.name} == "number_of_names") continue;  // both are in one folder
    EXPECT_EQ(world_.as_agent(way, there), world_.as_agent(way, absent)) << way.name;
  }
  struct stat stat {};
  ASSERT_EQ(::stat(world_.mnt().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_nlink, 1u);
}

TEST_P(Special, nothing_that_several_append_is_lost) {
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kServed, &kAudited, &kDenied}) {
    Secret secret = world_.make(*axis);
    const auto append = [](const std::string& path, const char* text) {
      return with(path, O_WRONLY | O_APPEND,
                  [&](int fd) { return ::write(fd, text, 1) == 1 ? Got{} : failed(); });
    };
    std::string expected = contents_of(secret.marker, kFileSize);
    for (int turn = 0; turn < 20; ++turn) {
      const std::string path = secret.target.path();
      EXPECT_EQ(world_.as_agent([&] { return append(path, "a"); }).error, 0) << axis->name;
      EXPECT_EQ(world_.as_owner([&] { return append(path, "o"); }).error, 0) << axis->name;
      EXPECT_EQ(append(secret.lower, "b").error, 0);
      expected += "aob";
    }
    EXPECT_EQ(test::read_file(secret.lower), expected) << axis->name;
  }
}

TEST_P(Special, what_is_written_to_a_mapping_below_the_mount_is_seen_where_it_may_be) {
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kAudited, &kDenied, &kHidden, &kShut}) {
    Secret secret = world_.make(*axis);
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    const Fd fd{::open(secret.lower.c_str(), O_RDWR | O_CLOEXEC)};
    void* map = ::mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(map, MAP_FAILED);
    const std::string marker = random_marker();
    const std::string text = contents_of(marker, kFileSize);
    std::copy(text.begin(), text.end(), static_cast<char*>(map));
    for (const Way& way : ways_to_read()) {
      if (way.can != Can::work) continue;
      const Got got = world_.as_agent(way, secret.target);
      EXPECT_EQ(has_part_of(marker, got.bytes), axis->read) << way.name << " " << axis->name;
    }
    ::munmap(map, kFileSize);
  }
}

TEST_P(Special, a_link_that_may_not_be_read_leads_nowhere) {
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kDenied, &kShut, &kHidden}) {
    const Target link = world_.absent(*axis);
    const std::string marker = random_marker();
    const std::string lower = below(link, link.name);
    ASSERT_EQ(::symlink(marker.c_str(), lower.c_str()), 0);
    if (apart()) {
      ASSERT_EQ(::lchown(lower.c_str(), kAgent, kAgent), 0);
    }
    const auto target = [&] {
      std::array<char, 256> room{};
      const ssize_t size = ::readlink(link.path().c_str(), room.data(), room.size());
      return size < 0 ? failed() : Got{{room.data(), static_cast<std::size_t>(size)}, 0};
    };
    EXPECT_EQ(has_part_of(marker, world_.as_owner(target).bytes), apart() || axis->read);
    EXPECT_EQ(has_part_of(marker, world_.as_agent(target).bytes), axis->read) << axis->name;
    // Through another name, and by making what it leads to.
    const std::string other = fresh(link.spare);
    const Got linked = world_.as_agent([&] {
      if (::link(link.path().c_str(), other.c_str()) != 0) return failed();
      std::array<char, 256> room{};
      const ssize_t size = ::readlink(other.c_str(), room.data(), room.size());
      return size < 0 ? failed() : Got{{room.data(), static_cast<std::size_t>(size)}, 0};
    });
    EXPECT_EQ(has_part_of(marker, linked.bytes), axis->read) << axis->name;
    world_.as_agent([&] { return with(link.path(), O_RDWR | O_CREAT, [](int) { return Got{}; }); });
    EXPECT_EQ(::access(below(link, marker).c_str(), F_OK) == 0, axis->read) << axis->name;
  }
}

TEST_P(Special, a_program_that_may_not_be_read_is_not_run_by_a_loader_either) {
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kServed, &kDenied, &kShut, &kHidden}) {
    const Target program = world_.absent(*axis);
    const std::string lower = below(program, program.name);
    std::filesystem::copy_file("/bin/echo", lower);
    ASSERT_EQ(::chmod(lower.c_str(), 0755), 0);
    const std::string marker = random_marker();
    const std::string path = program.path();
    for (const std::string& how : {std::string{}, std::string{"/lib64/ld-linux-x86-64.so.2 "},
                                   std::string{"cd " + program.folder + "; ./../"}}) {
      const std::string what = how.starts_with("cd") ? path.substr(world_.mnt().size() + 1) : path;
      test::How as_agent;
      if (apart()) as_agent.before = [] { become(kAgent); };
      const test::Finished ran = test::shell(how + what + " " + marker, as_agent);
      EXPECT_EQ(has_part_of(marker, ran.out), axis->read) << axis->name << ": " << how << ran.err;
    }
  }
}

TEST_P(Special, lsattr_shows_what_may_be_read_alone) {
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kKept, &kServed, &kDenied, &kShut, &kHidden}) {
    const Secret secret = world_.make(*axis);
    test::How as_agent;
    if (apart()) as_agent.before = [] { become(kAgent); };
    const test::Finished listed = test::shell("lsattr " + secret.target.path(), as_agent);
    EXPECT_EQ(listed.out.find(secret.target.name) != std::string::npos, axis->read)
        << axis->name << ": " << listed.out << listed.err;
  }
}

TEST_P(Special, what_others_have_open_is_not_copied_by_the_daemon) {
  if (!apart()) GTEST_SKIP() << "there are no others";
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kDenied, &kShut, &kHidden}) {
    Secret secret = world_.make(*axis);
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    ASSERT_GE(secret.target.passed, 0);
    const Got got = world_.as_agent([&] {
      const std::string path = fresh(secret.target.spare);
      const Fd copy = make_file(path);
      off_t from = 0;
      if (::copy_file_range(secret.target.passed, &from, copy.get(), nullptr, kFileSize, 0) < 0)
        return failed();
      return read_from(copy.get());
    });
    EXPECT_EQ(has_part_of(secret.marker, got.bytes), axis->read) << axis->name;
    EXPECT_EQ(got.error, axis->read ? 0 : EACCES) << axis->name;
  }
}

TEST_P(Special, a_folder_that_others_have_open_shows_no_more_than_its_path) {
  if (!apart()) GTEST_SKIP() << "there are no others";
  ASSERT_NO_FATAL_FAILURE(start());
  for (const Axis* axis : {&kNative, &kHidden, &kHiddenFolder}) {
    Secret secret = world_.make(*axis);
    Secret folder;
    folder.target = secret.target;
    folder.target.name = ".";
    ASSERT_NO_FATAL_FAILURE(world_.warm(folder));
    ASSERT_GE(folder.target.passed, 0);
    for (const int fd : {folder.target.passed, folder.target.passed_path}) {
      const Got got = world_.as_agent([&] {
        const Fd file{::openat(fd, secret.target.name.c_str(), O_RDONLY | O_CLOEXEC)};
        return file ? read_from(file.get()) : failed();
      });
      EXPECT_EQ(has_part_of(secret.marker, got.bytes), axis->read) << axis->name;
    }
    const Got listed = world_.as_agent([&] {
      alignas(8) std::array<char, 4096> room;
      const ssize_t size = ::getdents64(folder.target.passed, room.data(), room.size());
      return size < 0 ? failed() : Got{{room.data(), static_cast<std::size_t>(size)}, 0};
    });
    EXPECT_EQ(listed.bytes.find(secret.target.name) != std::string::npos, axis->read) << axis->name;
  }
}

TEST_P(Special, a_record_of_an_open_says_who_and_what_but_nothing_of_what_is_in_it) {
  const std::string log = world_.scratch().path("log");
  ASSERT_NO_FATAL_FAILURE(start({"--log", log}));
  Secret secret = world_.make(kAudited);
  Secret hidden = world_.make(kHidden);
  EXPECT_TRUE(has_part_of(secret.marker, read(secret.target.path()).bytes));
  EXPECT_TRUE(read(hidden.target.path()).bytes.empty());
  world_.unmount();
  const std::string records = test::read_file(log);
  EXPECT_NE(records.find("\"path\":\"" + secret.target.path().substr(world_.mnt().size() + 1)),
            std::string::npos)
      << records;
  EXPECT_FALSE(has_part_of(secret.marker, records));
  EXPECT_FALSE(has_part_of(hidden.marker, records));
}

INSTANTIATE_TEST_SUITE_P(Leaks, Special, testing::Values(Mode::bound, Mode::apart),
                         [](const auto& each) { return std::string{name_of(each.param)}; });

}  // namespace
}  // namespace sluice::leaks
