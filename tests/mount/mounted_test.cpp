// SPDX-License-Identifier: MIT
// Who owns a mount, and what becomes of it when the owner goes.
#include "sluice/mount/mounted.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <utility>

#include "sluice/mount/mountinfo.h"
#include "support.h"

namespace sluice::mount {
namespace {

using namespace test;

class Owning : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = no_mounts_here(); !why.empty()) GTEST_SKIP() << why;
  }
  static Result<Mounted, Error> mount_on(const std::string& folder) {
    Options options;
    options.mountpoint = folder;
    return mount(options);
  }
  static bool is_mounted(const std::string& folder) {
    const auto mounts = list_mounts();
    return mounts && mount_at_point(folder, *mounts) != nullptr;
  }
};

TEST_F(Owning, the_mount_goes_with_its_owner_even_if_it_is_in_use) {
  const Place place;
  const std::string folder = place.folder("mnt");
  Fd user;
  {
    const auto mounted = mount_on(folder);
    ASSERT_TRUE(mounted) << mounted.error().line();
    TinyServer server{mounted->device()};
    user = Fd{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
    ASSERT_TRUE(user);
  }
  EXPECT_FALSE(is_mounted(folder));
}

TEST_F(Owning, a_released_mount_stays) {
  const Place place;
  const std::string folder = place.folder("mnt");
  Fd device;
  {
    auto mounted = mount_on(folder);
    ASSERT_TRUE(mounted) << mounted.error().line();
    device = mounted->take_device();
    EXPECT_FALSE(mounted->device());
    mounted->release();
    EXPECT_TRUE(mounted->unmount());
  }
  EXPECT_TRUE(is_mounted(folder));
  TinyServer server{device};
  struct stat seen {};
  EXPECT_EQ(::stat(folder.c_str(), &seen), 0);
}

TEST_F(Owning, moving_hands_the_mount_on_and_assigning_gives_the_old_one_back) {
  const Place place;
  const std::string one = place.folder("one");
  const std::string two = place.folder("two");
  auto first = mount_on(one);
  auto second = mount_on(two);
  ASSERT_TRUE(first && second);
  {
    Mounted moved = std::move(*first);
    EXPECT_TRUE(is_mounted(one));
    moved = std::move(*second);
    EXPECT_FALSE(is_mounted(one));
    EXPECT_EQ(moved.mountpoint(), two);
    EXPECT_TRUE(moved.device());
  }
  EXPECT_FALSE(is_mounted(two));
}

TEST_F(Owning, unmounting_twice_or_after_somebody_else_is_no_error) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto mounted = mount_on(folder);
  ASSERT_TRUE(mounted) << mounted.error().line();
  EXPECT_TRUE(mounted->unmount());
  EXPECT_TRUE(mounted->unmount());
  auto again = mount_on(folder);
  ASSERT_TRUE(again) << again.error().line();
  ASSERT_EQ(::umount2(folder.c_str(), 0), 0);
  EXPECT_TRUE(again->unmount());
}

TEST_F(Owning, a_strangers_mount_at_the_same_place_is_left_alone) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto ours = mount_on(folder);
  ASSERT_TRUE(ours) << ours.error().line();
  ASSERT_EQ(::umount2(folder.c_str(), 0), 0);
  // The kernel gives out the lowest free numbers, so this one gets all those of ours.
  const auto stranger = mount_on(folder);
  ASSERT_TRUE(stranger) << stranger.error().line();
  EXPECT_TRUE(ours->unmount());
  EXPECT_TRUE(is_mounted(folder));
}

TEST_F(Owning, a_mount_in_use_is_busy_and_can_be_tried_again) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto mounted = mount_on(folder);
  ASSERT_TRUE(mounted) << mounted.error().line();
  TinyServer server{mounted->device()};
  Fd user{::open(folder.c_str(), O_PATH | O_CLOEXEC)};
  const auto refused = mounted->unmount();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause(), Errno{EBUSY});
  user.reset();
  EXPECT_TRUE(mounted->unmount());
  EXPECT_FALSE(is_mounted(folder));
}

TEST_F(Owning, a_mount_that_was_moved_is_found) {
  const Place place;
  // A mount can be moved only below one that is not shared, whatever the root is.
  const std::string base = place.folder("base");
  ASSERT_EQ(::mount("none", base.c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(::mount(nullptr, base.c_str(), nullptr, MS_PRIVATE, nullptr), 0);
  const std::string from = place.folder("base/from");
  const std::string to = place.folder("base/to");
  auto mounted = mount_on(from);
  ASSERT_TRUE(mounted) << mounted.error().line();
  ASSERT_EQ(::mount(from.c_str(), to.c_str(), nullptr, MS_MOVE, nullptr), 0);
  EXPECT_TRUE(is_mounted(to));
  EXPECT_TRUE(mounted->unmount());
  EXPECT_FALSE(is_mounted(to));
}

TEST_F(Owning, a_mount_that_another_one_covers_is_busy_and_the_other_one_stays) {
  const Place place;
  const std::string folder = place.folder("mnt");
  auto mounted = mount_on(folder);
  ASSERT_TRUE(mounted) << mounted.error().line();
  TinyServer server{mounted->device()};
  ASSERT_EQ(::mount("cover", folder.c_str(), "tmpfs", 0, nullptr), 0);
  const auto refused = mounted->unmount(Detach::yes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause(), Errno{EBUSY});
  const auto mounts = list_mounts();
  EXPECT_EQ(mount_at_point(folder, *mounts)->fs_type, "tmpfs");
  ASSERT_EQ(::umount2(folder.c_str(), 0), 0);
  EXPECT_TRUE(mounted->unmount());
}

}  // namespace
}  // namespace sluice::mount
