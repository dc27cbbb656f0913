// SPDX-License-Identifier: MIT
#include "sluice/mirror/lower_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "support.h"

namespace sluice::mirror {
namespace {

struct Place {
  Fd fd;
  LowerHandle::Read read;
};

Place place(const std::string& path) {
  Fd fd{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  EXPECT_TRUE(fd) << path;
  auto read = LowerHandle::read(fd.get());
  return {std::move(fd), read.value_or(LowerHandle::Read{})};
}

// Runs `body` in a mount namespace that goes with it; false where that is not allowed.
bool in_own_namespace(const std::function<void()>& body) {
  bool allowed = false;
  std::thread{[&] {
    allowed = ::unshare(CLONE_NEWNS) == 0 &&
              ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (allowed) body();
  }}.join();
  return allowed;
}

DeviceIndex numbered(unsigned number) { return DeviceIndex{static_cast<std::uint16_t>(number)}; }

class LowerMountsTest : public testing::Test {
 protected:
  std::unique_ptr<MountRecords> records_ = std::make_unique<MountRecords>();
  LowerMounts mounts_{*records_};
};

TEST_F(LowerMountsTest, a_mount_gets_one_number_and_its_descriptor_opens_handles) {
  test::Folder folder;
  std::ofstream{folder / "a"} << "A";
  const Place file = place(folder / "a");
  const Place directory = place(folder.path());
  const MountIndex index = mounts_.note(directory.read.mount, directory.fd.get()).value();
  EXPECT_EQ(mounts_.note(file.read.mount, file.fd.get()), index);
  EXPECT_EQ(mounts_.size(), 1U);
  const auto mount = mounts_.read(index).value();
  EXPECT_EQ(mount->index, index);
  EXPECT_EQ(mount->id, directory.read.mount);
  if (mount->support != HandleSupport::openable) {
    ASSERT_TRUE(mount->refusal);
    GTEST_SKIP() << "handles cannot be opened here: " << name(*mount->refusal);
  }
  EXPECT_FALSE(mount->refusal);
  Fd opened = file.read.handle.open(mount->fd.get(), O_RDONLY).value();
  char letter = 0;
  EXPECT_EQ(::read(opened.get(), &letter, 1), 1);
  EXPECT_EQ(letter, 'A');
}

TEST_F(LowerMountsTest, file_systems_without_handles_are_known_as_such) {
  const Place proc = place("/proc/self/status");
  const MountIndex index = mounts_.note(MountId{5}, proc.fd.get()).value();
  const auto mount = mounts_.read(index).value();
  EXPECT_NE(mount->support, HandleSupport::openable);
  EXPECT_NE(mount->support, HandleSupport::held_only);
  EXPECT_TRUE(mount->refusal);
}

TEST_F(LowerMountsTest, a_bind_mounted_pipe_or_device_is_never_opened) {
  test::Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const Place pipe = place(folder / "pipe");
  const MountIndex index = mounts_.note(MountId{5}, pipe.fd.get()).value();
  EXPECT_FALSE(mounts_.read(index).value()->fd);
  EXPECT_NE(mounts_.read(index).value()->support, HandleSupport::openable);
}

TEST_F(LowerMountsTest, mounts_and_bind_mounts_have_numbers_of_their_own) {
  test::Folder folder;
  for (const char* name : {"tmpfs", "bind", "source"})
    ASSERT_EQ(::mkdir((folder / name).c_str(), 0700), 0);
  std::ofstream{folder / "file"} << "F";
  std::ofstream{folder / "over"} << "O";
  const bool allowed = in_own_namespace([&] {
    ASSERT_EQ(::mount("nodes-test", (folder / "tmpfs").c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_EQ(::mount((folder / "source").c_str(), (folder / "bind").c_str(), nullptr, MS_BIND,
                      nullptr), 0);
    ASSERT_EQ(::mount((folder / "file").c_str(), (folder / "over").c_str(), nullptr, MS_BIND,
                      nullptr), 0);
    std::set<MountIndex> numbers;
    for (const char* name : {"source", "tmpfs", "bind", "over"}) {
      const Place here = place(folder / name);
      const MountIndex index = mounts_.note(here.read.mount, here.fd.get()).value();
      EXPECT_TRUE(numbers.insert(index).second) << name;
      const auto mount = mounts_.read(index).value();
      struct stat status {};
      ASSERT_EQ(::fstat(here.fd.get(), &status), 0);
      EXPECT_EQ(mount->device, status.st_dev);
      EXPECT_TRUE(mount->fd) << "a file bind mount has one too: " << name;
      // The descriptor lies on that mount and no other.
      EXPECT_EQ(LowerHandle::read(mount->fd.get())->mount, here.read.mount) << name;
      if (mount->support != HandleSupport::openable) continue;
      EXPECT_TRUE(here.read.handle.open(mount->fd.get(), O_PATH)) << name;
    }
    const auto source = mounts_.read(*mounts_.note(place(folder / "source").read.mount, -1));
    const auto bind = mounts_.read(*mounts_.note(place(folder / "bind").read.mount, -1));
    const auto tmpfs = mounts_.read(*mounts_.note(place(folder / "tmpfs").read.mount, -1));
    EXPECT_EQ(source.value()->device_index, bind.value()->device_index);
    EXPECT_NE(source.value()->device_index, tmpfs.value()->device_index);

    EXPECT_EQ(::umount2((folder / "tmpfs").c_str(), 0), -1) << "our descriptor holds it";
    const MountIndex gone = tmpfs.value()->index;
    mounts_.retire(gone);
    EXPECT_EQ(mounts_.read(gone).error(), Errno{ESTALE});
  });
  if (!allowed) GTEST_SKIP() << "may not make a mount namespace";
}

TEST_F(LowerMountsTest, a_retired_mount_can_be_unmounted_and_its_number_is_not_given_to_another) {
  test::Folder folder;
  const bool allowed = in_own_namespace([&] {
    ASSERT_EQ(::mount("nodes-test", folder.path().c_str(), "tmpfs", 0, nullptr), 0);
    const MountIndex first = [&] {
      const Place here = place(folder.path());
      return mounts_.note(here.read.mount, here.fd.get()).value();
    }();
    mounts_.retire(first);
    EXPECT_EQ(::umount2(folder.path().c_str(), 0), 0);
    ASSERT_EQ(::mount("nodes-test", folder.path().c_str(), "tmpfs", 0, nullptr), 0);
    const Place here = place(folder.path());
    const MountIndex second = mounts_.note(here.read.mount, here.fd.get()).value();
    EXPECT_NE(first, second);
    mounts_.retire(second);
    EXPECT_EQ(mounts_.note(here.read.mount, here.fd.get()), second) << "the same mount again";
  });
  if (!allowed) GTEST_SKIP() << "may not make a mount namespace";
}

TEST_F(LowerMountsTest, numbers_outlive_the_object_and_descriptors_come_back_when_seen_again) {
  const Place root = place("/");
  const Place shm = place("/dev");
  const MountIndex first = mounts_.note(MountId{100}, root.fd.get()).value();
  const MountIndex second = mounts_.note(MountId{200}, shm.fd.get()).value();
  const DeviceIndex device = mounts_.read(second).value()->device_index;

  LowerMounts successor{*records_};
  EXPECT_EQ(successor.read(second).error(), Errno{ESTALE}) << "not seen yet";
  EXPECT_EQ(successor.note(MountId{200}, shm.fd.get()), second);
  EXPECT_EQ(successor.note(MountId{100}, root.fd.get()), first);
  EXPECT_EQ(successor.read(second).value()->device_index, device);
  EXPECT_NE(raw(*successor.note(MountId{300}, root.fd.get())), raw(first));
}

TEST_F(LowerMountsTest, an_old_style_id_that_comes_back_elsewhere_is_another_mount) {
  const Place root = place("/");
  const Place proc = place("/proc");
  const MountIndex first = mounts_.note(MountId{100}, root.fd.get()).value();
  mounts_.retire(first);
  const MountIndex second = mounts_.note(MountId{100}, proc.fd.get()).value();
  EXPECT_NE(first, second);
  EXPECT_EQ(mounts_.read(first).error(), Errno{ESTALE});
  EXPECT_EQ(mounts_.note(MountId{100}, proc.fd.get()), second);
}

TEST_F(LowerMountsTest, more_mounts_than_numbers_are_enfile) {
  const Place root = place("/");
  for (std::uint64_t id = 1; id <= kMaxMounts; ++id) {
    auto index = mounts_.note(MountId{id}, root.fd.get());
    ASSERT_TRUE(index);
    mounts_.retire(*index);  // a descriptor each would be many
  }
  EXPECT_EQ(mounts_.note(MountId{5000}, root.fd.get()).error(), Errno{ENFILE});
  EXPECT_TRUE(mounts_.note(MountId{7}, root.fd.get()));
  EXPECT_EQ(mounts_.read(MountIndex{kMaxMounts}).error(), Errno{ESTALE});
  mounts_.retire(MountIndex{65535});
  EXPECT_EQ(mounts_.note(MountId{0}, root.fd.get()).error(), Errno{EINVAL});
}

TEST_F(LowerMountsTest, threads_that_meet_a_mount_at_once_agree_on_its_number) {
  std::array<std::array<MountIndex, 64>, 4> seen;
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([this, &mine] {
      Fd root{::open("/", O_PATH | O_CLOEXEC)};
      for (std::uint64_t id = 0; id < mine.size(); ++id)
        mine[id] = mounts_.note(MountId{1000 + id}, root.get()).value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
  EXPECT_EQ(std::set<MountIndex>(seen[0].begin(), seen[0].end()).size(), seen[0].size());
}

TEST_F(LowerMountsTest, the_first_device_is_zero_and_devices_keep_their_numbers) {
  EXPECT_EQ(mounts_.device(77), DeviceIndex{0});
  std::set<DeviceIndex> seen{DeviceIndex{0}};
  for (dev_t device = 100; device < 1100; ++device)
    EXPECT_TRUE(seen.insert(mounts_.device(device)).second) << device;
  EXPECT_EQ(mounts_.device(77), DeviceIndex{0});
  LowerMounts successor{*records_};
  for (dev_t device = 100; device < 1100; ++device)
    ASSERT_EQ(successor.device(device), mounts_.device(device));
}

TEST_F(LowerMountsTest, more_devices_than_places_share_numbers_that_are_nobodys) {
  std::set<DeviceIndex> listed;
  for (dev_t device = 0; device < 20000; ++device) {
    const DeviceIndex index = mounts_.device(device);
    ASSERT_LT(raw(index), 1U << 15) << "bit 63 of an inode number stays free";
    ASSERT_EQ(mounts_.device(device), index) << "always the same answer";
    if (raw(index) > MountRecords::kDevices) continue;
    ASSERT_TRUE(listed.insert(index).second);
  }
  EXPECT_GT(listed.size(), 3000U);
}

TEST(MapIno, is_the_identity_on_the_first_device) {
  for (std::uint64_t ino : {0ULL, 1ULL, 2ULL, 0xffffffffULL, (1ULL << 48) - 1})
    EXPECT_EQ(map_ino(DeviceIndex{0}, ino), ino);
}

TEST(MapIno, keeps_equal_numbers_of_different_devices_apart) {
  std::set<std::uint64_t> seen;
  for (unsigned device : {0U, 1U, 2U, 4096U, 32767U}) {
    for (std::uint64_t ino : {1ULL, 2ULL, 12ULL, (1ULL << 48) - 1, 1ULL << 48, (1ULL << 48) + 1,
                              (1ULL << 62) + 5, (1ULL << 63) - 1})
      EXPECT_TRUE(seen.insert(map_ino(numbered(device), ino)).second) << device << " " << ino;
  }
}

TEST(MapIno, marks_the_wide_ones_so_that_they_meet_no_narrow_one) {
  for (unsigned device : {0U, 1U, 32767U}) {
    EXPECT_EQ(map_ino(numbered(device), (1ULL << 48) - 1) >> 63, 0U);
    EXPECT_EQ(map_ino(numbered(device), 1ULL << 48) >> 63, 1U);
    EXPECT_EQ(map_ino(numbered(device), ~0ULL) >> 63, 1U);
  }
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 100000; ++i)
    ASSERT_TRUE(seen.insert(map_ino(DeviceIndex{3}, (1ULL << 48) + i)).second);
}

}  // namespace
}  // namespace sluice::mirror
