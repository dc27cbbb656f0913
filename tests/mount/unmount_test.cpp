// SPDX-License-Identifier: MIT
// Unmounting by path: whichever way the path is written, and whatever the daemon does.
#include "sluice/mount/unmount.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "sluice/mount/connection.h"
#include "sluice/mount/mountinfo.h"
#include "support.h"

namespace sluice::mount {
namespace {

using namespace test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Unmounting : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = no_mounts_here(); !why.empty()) GTEST_SKIP() << why;
  }
  // Gives the device of a mount that nobody owns but Place.
  static Fd mount_on(const std::string& folder) {
    Options options;
    options.mountpoint = folder;
    auto mounted = mount(options);
    EXPECT_TRUE(mounted) << mounted.error().line();
    if (!mounted) return Fd{};
    mounted->release();
    return mounted->take_device();
  }
  static std::optional<MountEntry> entry_of(const std::string& path) {
    const auto mounts = list_mounts();
    const MountEntry* found = mounts ? mount_at_point(path, *mounts) : nullptr;
    return found != nullptr ? std::optional{*found} : std::nullopt;
  }
  static std::string said(const Result<void, Error>& result) {
    return result ? "" : result.error().line();
  }
};

TEST_F(Unmounting, finds_the_mount_however_its_path_is_written) {
  const Place place;
  const std::string real = place.folder("real");
  const std::string folder = place.folder("real/mnt");
  const std::string link = place.path() + "/link";
  const std::string parent_link = place.path() + "/parent";
  ASSERT_EQ(::symlink("real/mnt", link.c_str()), 0);
  ASSERT_EQ(::symlink(real.c_str(), parent_link.c_str()), 0);
  const std::string down = place.path() + "/down";
  ASSERT_EQ(::symlink("parent/../link", down.c_str()), 0);
  for (const std::string& path :
       {folder, folder + "/", place.path() + "//real/./mnt//", link, parent_link + "/mnt", down,
        real + "/../real/mnt", folder + "/.", folder + "/../mnt"}) {
    const Fd device = mount_on(folder);
    ASSERT_TRUE(entry_of(folder));
    EXPECT_EQ(said(unmount(path)), "") << path;
    EXPECT_FALSE(entry_of(folder)) << path;
  }
}

TEST_F(Unmounting, finds_a_relative_path) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd device = mount_on(folder);
  const std::string wrong = in_child([&]() -> std::string {
    if (::chdir(place.path().c_str()) != 0) return "no chdir";
    return said(unmount("./mnt"));
  });
  EXPECT_EQ(wrong, "");
  EXPECT_FALSE(entry_of(folder));
}

TEST_F(Unmounting, finds_names_that_the_list_of_mounts_escapes) {
  const Place place;
  for (const char* odd : {"a b", "tab\there", "new\nline", "back\\slash", "\\040", "hash#"}) {
    const std::string folder = place.folder(odd);
    const Fd device = mount_on(folder);
    EXPECT_EQ(said(unmount(folder)), "") << odd;
    EXPECT_FALSE(entry_of(folder)) << odd;
  }
}

TEST_F(Unmounting, takes_the_topmost_of_stacked_mounts_only) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd below = mount_on(folder);
  TinyServer server{below};
  const std::uint32_t lower = entry_of(folder)->connection();
  const Fd above = mount_on(folder);
  ASSERT_NE(entry_of(folder)->connection(), lower);
  EXPECT_EQ(said(unmount(folder)), "");
  ASSERT_TRUE(entry_of(folder));
  EXPECT_EQ(entry_of(folder)->connection(), lower);
}

TEST_F(Unmounting, sends_no_request_to_the_daemon) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const std::string link = place.path() + "/link";
  ASSERT_EQ(::symlink("mnt", link.c_str()), 0);
  const Fd device = mount_on(folder);
  TinyServer server{device};
  ASSERT_TRUE(server.wait_for(Opcode::init));
  EXPECT_EQ(said(unmount(link)), "");
  EXPECT_EQ(server.requests(), 0u);
}

TEST_F(Unmounting, a_dead_mount_goes) {
  const Place place;
  const std::string folder = place.folder("mnt");
  mount_on(folder).reset();
  struct stat seen {};
  ASSERT_EQ(::stat(folder.c_str(), &seen), -1);
  ASSERT_EQ(errno, ENOTCONN);
  EXPECT_EQ(said(unmount(folder)), "");
  EXPECT_EQ(::stat(folder.c_str(), &seen), 0);
}

TEST_F(Unmounting, a_dead_mount_goes_even_if_it_is_in_use) {
  const Place place;
  const std::string folder = place.folder("mnt");
  Fd device = mount_on(folder);
  const Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
  device.reset();
  EXPECT_EQ(said(unmount(folder)), "");
  EXPECT_FALSE(entry_of(folder));
}

TEST_F(Unmounting, a_mount_in_use_is_refused_with_what_to_do_and_stays) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd device = mount_on(folder);
  TinyServer server{device};
  const Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
  const auto refused = unmount(folder);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause(), Errno{EBUSY});
  EXPECT_EQ(refused.error().line(),
            "`" + folder + "` is in use; see by whom with `fuser -vm " + folder +
                "`, or cut its users off with `sluice unmount --force " + folder + "`");
  struct stat seen {};
  EXPECT_EQ(::stat(folder.c_str(), &seen), 0);
}

TEST_F(Unmounting, by_force_a_living_mount_in_use_goes_too) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd device = mount_on(folder);
  TinyServer server{device};
  const Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
  EXPECT_EQ(said(unmount(folder, Force::yes)), "");
  EXPECT_FALSE(entry_of(folder));
  struct stat seen {};
  EXPECT_EQ(::fstatat(user.get(), "", &seen, AT_EMPTY_PATH), -1);
  EXPECT_EQ(errno, ENOTCONN);
}

// As it is with a real one: the daemon ends when it is cut off, and unmounts at its end.
TEST_F(Unmounting, by_force_only_one_mount_goes_though_its_daemon_unmounts_too) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd below = mount_on(folder);
  TinyServer lower_server{below};
  const std::uint32_t lower = entry_of(folder)->connection();
  Options options;
  options.mountpoint = folder;
  auto above = mount(options);
  ASSERT_TRUE(above) << above.error().line();
  TinyServer server{above->device()};
  std::thread daemon{[&] {
    server.join();
    const Mounted ended = std::move(*above);
  }};
  const auto forced = unmount(folder, Force::yes);
  daemon.join();
  EXPECT_EQ(said(forced), "");
  ASSERT_TRUE(entry_of(folder));
  EXPECT_EQ(entry_of(folder)->connection(), lower);
}

// What waits for a daemon that has read the request cannot even be killed.
TEST_F(Unmounting, a_hung_mount_is_refused_in_bounded_time_and_by_force_those_who_wait_are_freed) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd device = mount_on(folder);
  TinyServer server{device, Manner::hangs};
  Child blocked{[&] {
    struct stat seen {};
    return ::stat(folder.c_str(), &seen) == 0 ? 0 : errno;
  }};
  ASSERT_TRUE(server.wait_for(Opcode::get_attr));
  EXPECT_EQ(blocked.wait(50ms), -1);

  const auto start = Clock::now();
  const auto refused = unmount(folder);
  EXPECT_LT(Clock::now() - start, kProbeLimit + 3s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause(), Errno{EBUSY});
  EXPECT_TRUE(contains(refused.error().line(), "does not answer")) << refused.error().line();
  EXPECT_EQ(blocked.wait(50ms), -1);

  EXPECT_EQ(said(unmount(folder, Force::yes)), "");
  EXPECT_FALSE(entry_of(folder));
  EXPECT_EQ(blocked.wait(5s), ECONNABORTED);
}

TEST_F(Unmounting, by_force_a_daemon_that_never_read_anything_is_cut_off) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd device = mount_on(folder);  // INIT stays unread
  Child blocked{[&] {
    struct stat seen {};
    return ::stat(folder.c_str(), &seen) == 0 ? 0 : errno;
  }};
  EXPECT_EQ(blocked.wait(100ms), -1);
  EXPECT_EQ(said(unmount(folder, Force::yes)), "");
  EXPECT_EQ(blocked.wait(5s), ENOTCONN);
}

TEST_F(Unmounting, what_is_no_fuse_mount_is_refused_and_stays) {
  const Place place;
  const std::string folder = place.folder("tmp");
  ASSERT_EQ(::mount("none", folder.c_str(), "tmpfs", 0, nullptr), 0);
  for (Force force : {Force::no, Force::yes}) {
    const auto refused = unmount(folder, force);
    EXPECT_EQ(said(refused), "`" + folder + "` is not a FUSE mount but `tmpfs`");
  }
  EXPECT_TRUE(entry_of(folder));
}

TEST_F(Unmounting, what_is_no_mount_is_refused) {
  const Place place;
  const std::string folder = place.folder("plain");
  EXPECT_EQ(said(unmount(folder)), "`" + folder + "` is not a mount point");
  const std::string missing = place.path() + "/missing";
  EXPECT_EQ(said(unmount(missing)), "cannot unmount `" + missing + "`: no such file or directory");
  EXPECT_EQ(unmount(missing + "/x").error().cause(), Errno{ENOENT});
  EXPECT_EQ(unmount("").error().cause(), Errno{EINVAL});
  const std::string loop = place.path() + "/loop";
  ASSERT_EQ(::symlink("loop", loop.c_str()), 0);
  EXPECT_EQ(unmount(loop).error().cause(), Errno{ELOOP});
}

TEST_F(Unmounting, a_path_inside_a_hung_mount_is_refused_without_waiting_for_it) {
  const Place place;
  const std::string folder = place.folder("mnt");
  const Fd device = mount_on(folder);
  TinyServer server{device, Manner::hangs};
  ASSERT_TRUE(server.wait_for(Opcode::init));
  const auto refused = unmount(folder + "/inside");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().line(), "lies in the FUSE mount `" + folder + "`"));
  EXPECT_EQ(server.requests(), 0u);
}

TEST_F(Unmounting, the_probe_tells_a_living_a_dead_and_a_silent_daemon_apart) {
  const Place place;
  const std::string folder = place.folder("mnt");
  Fd device = mount_on(folder);
  {
    TinyServer server{device};
    EXPECT_EQ(probe(*entry_of(folder), 10s), Liveness::answers);
    EXPECT_EQ(server.requests(), 1u);
  }
  EXPECT_EQ(probe(*entry_of(folder), 200ms), Liveness::silent);
  const MountEntry entry = *entry_of(folder);
  device.reset();
  EXPECT_EQ(probe(entry, 10s), Liveness::dead);
  ASSERT_EQ(::umount2(folder.c_str(), MNT_DETACH), 0);
  EXPECT_EQ(probe(entry, 10s), Liveness::unknown);
}

TEST_F(Unmounting, aborting_what_does_not_exist_says_so) {
  const auto aborted = abort_connection(4000000000u);
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().cause(), Errno{ENOENT});
}

}  // namespace
}  // namespace sluice::mount
