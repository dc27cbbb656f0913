// SPDX-License-Identifier: MIT
// The device's ioctls for passthrough in all their forms, and the io modes of nodes.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sluice/backing/registrar.h"
#include "sluice/fuse/dispatch.h"
#include "sluice/testkit/expect.h"
#include "sluice/testkit/scoped_mount.h"
#include "sluice/wire/ioctls.h"

namespace {

using namespace sluice;
using namespace sluice::fuse;
using testkit::BackingIoctls;
using testkit::expect_breach;
using testkit::expect_no_breach;
using testkit::Kernel;
using testkit::KernelProfile;
using testkit::Privilege;
using wire::OpenOutFlag;

Fd memory_file(std::string_view text) {
  Fd file{::memfd_create("lower", MFD_CLOEXEC)};
  EXPECT_EQ(::pwrite(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return file;
}

// Two files, 2 and 3, that open as a test says.
struct Opens {
  explicit Opens(backing::Control& with) : control{with} {}
  backing::Control& control;
  backing::Choice choice;
  Opened next;
  int releases = 0;
  std::uint64_t last_handle = 0;

  Result<void, Error> init(Terms& terms) {
    choice = backing::choose(terms.offered, control);
    terms.wanted = terms.wanted | choice.take;
    terms.foreign = choice.foreign;
    terms.max_stack_depth = choice.max_stack_depth;
    return {};
  }
  Result<Entry> lookup(const Lookup& op) {
    const NodeId node{op.name == "two" ? 2U : 3U};
    return Entry{node, Attr::regular(node, Mode{0644}, 0), std::chrono::hours{1}};
  }
  Result<Opened> open(const Open&) {
    Opened opened = next;
    opened.handle = FileHandle{++last_handle};
    return opened;
  }
  Result<void> release(const Release&) {
    ++releases;
    return {};
  }
};

struct Mount {
  explicit Mount(KernelProfile profile = KernelProfile::linux_6_18())
      : kernel{{.profile = profile}},
        fs{kernel},
        session{file_system_of(fs)},
        mount{kernel, session} {
    EXPECT_TRUE(mount.result());
    EXPECT_TRUE(kernel.lookup(kRoot, "two"));
    EXPECT_TRUE(kernel.lookup(kRoot, "three"));
  }

  Result<int> register_fd(int fd) {
    wire::BackingMap map{};
    map.fd = fd;
    return kernel.ioctl(wire::kIocBackingOpen, &map);
  }
  Result<int> close_id(int id) {
    auto number = static_cast<std::uint32_t>(id);
    return kernel.ioctl(wire::kIocBackingClose, &number);
  }
  Result<testkit::File> open(Flags<OpenOutFlag> flags, int id = 0, int mode = O_RDWR) {
    fs.next.flags = flags;
    fs.next.backing = BackingId{id};
    return kernel.open(NodeId{2}, mode);
  }
  Kernel kernel;
  Opens fs;
  Session session;
  testkit::ScopedMount mount;
};

TEST(BackingIoctl, answers_by_what_the_descriptor_is) {
  Mount mount;
  const Fd file = memory_file("x");
  const Fd directory{::open("/", O_RDONLY | O_CLOEXEC)};
  const Fd device{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  const Fd process{::open("/proc/self/status", O_RDONLY | O_CLOEXEC)};
  const Fd path{::open("/proc/self/exe", O_PATH | O_CLOEXEC)};
  EXPECT_EQ(mount.register_fd(-1).error(), Errno{EBADF});
  EXPECT_EQ(mount.register_fd(directory.get()).error(), Errno{EISDIR});
  EXPECT_EQ(mount.register_fd(device.get()).error(), Errno{EINVAL});
  EXPECT_EQ(mount.register_fd(process.get()).error(), Errno{ELOOP});
  const int first = *mount.register_fd(file.get());
  const int second = *mount.register_fd(path.get());
  EXPECT_GT(first, 0);
  EXPECT_NE(first, second);
  wire::BackingMap flagged{};
  flagged.fd = file.get();
  flagged.flags = 1;
  EXPECT_EQ(mount.kernel.ioctl(wire::kIocBackingOpen, &flagged).error(), Errno{EINVAL});
  EXPECT_TRUE(mount.close_id(first));
  EXPECT_EQ(mount.close_id(first).error(), Errno{ENOENT});
  EXPECT_EQ(mount.close_id(0).error(), Errno{EINVAL});
  EXPECT_EQ(mount.close_id(-1).error(), Errno{EINVAL});
  EXPECT_TRUE(mount.close_id(second));
}

TEST(BackingIoctl, is_eperm_before_init_and_without_privilege) {
  Kernel early;
  wire::BackingMap map{};
  EXPECT_EQ(early.ioctl(wire::kIocBackingOpen, &map).error(), Errno{EPERM});
  KernelProfile profile = KernelProfile::linux_6_18();
  profile.privilege = Privilege::none;
  Mount mount{profile};
  const Fd file = memory_file("x");
  EXPECT_EQ(mount.register_fd(file.get()).error(), Errno{EPERM});
}

TEST(BackingIoctl, is_enotty_where_the_kernel_has_no_such_thing) {
  Mount mount{KernelProfile::linux_6_1()};
  EXPECT_EQ(mount.register_fd(-1).error(), Errno{ENOTTY});
  EXPECT_EQ(mount.close_id(1).error(), Errno{ENOTTY});
}

TEST(BackingIoctl, every_interface_is_recognised_by_what_init_offers) {
  const std::pair<KernelProfile, backing::Abi> kernels[] = {
      {KernelProfile::linux_6_18(), backing::Abi::mainline},
      {KernelProfile::linux_6_9(), backing::Abi::mainline},
      {KernelProfile::linux_6_1(), backing::Abi::none},
      {KernelProfile::linux_5_4(), backing::Abi::none},
      {KernelProfile::series_v8(), backing::Abi::none},
      {KernelProfile::series_v10(), backing::Abi::v10},
      {KernelProfile::series_v11(), backing::Abi::v11},
      {KernelProfile::android_v1(), backing::Abi::android},
      {KernelProfile::android_v2(), backing::Abi::android}};
  for (const auto& [profile, abi] : kernels) {
    Mount mount{profile};
    EXPECT_EQ(mount.fs.choice.abi, abi) << profile.name;
    EXPECT_EQ(mount.fs.choice.why_not.empty(), abi != backing::Abi::none) << profile.name;
    expect_no_breach(mount.kernel);
  }
}

TEST(BackingIoctl, the_older_interfaces_ids_serve_one_open) {
  for (const KernelProfile& profile : {KernelProfile::series_v10(), KernelProfile::series_v11(),
                                       KernelProfile::android_v1(), KernelProfile::android_v2()}) {
    Mount mount{profile};
    const Fd lower = memory_file("lower bytes");
    backing::Registrar registrar{mount.kernel, mount.fs.choice.abi,
                                 backing::Credentials::as_they_are};
    const int id = raw(*registrar.open(lower));
    auto file = mount.open({}, id);
    ASSERT_TRUE(file) << profile.name;
    EXPECT_TRUE(mount.kernel.passes_through(*file));
    EXPECT_EQ(mount.kernel.read(*file, 6, 100), "bytes");
    EXPECT_TRUE(mount.kernel.backing_ids().empty()) << "used up";
    expect_no_breach(mount.kernel);
    EXPECT_FALSE(mount.open({}, id));
    expect_breach(mount.kernel, "not registered");
    EXPECT_EQ(mount.fs.releases, 1) << "Linux lets go of what it could not open";
    EXPECT_TRUE(mount.open({})) << "and other files of the node may be served";
    expect_no_breach(mount.kernel);
  }
}

TEST(BackingIoctl, what_is_registered_outlives_the_descriptor) {
  Mount mount;
  Fd lower = memory_file("kept");
  const int id = *mount.register_fd(lower.get());
  lower.reset();
  auto file = mount.open(OpenOutFlag::passthrough, id);
  ASSERT_TRUE(file);
  EXPECT_TRUE(mount.close_id(id)) << "open files go on";
  EXPECT_EQ(mount.kernel.read(*file, 0, 100), "kept");
  EXPECT_EQ(mount.kernel.write(*file, 4, "!"), 1U);
  EXPECT_EQ(mount.kernel.read(*file, 0, 100), "kept!");
  EXPECT_EQ(mount.kernel.sent(Opcode::read), 0U);
  EXPECT_EQ(mount.kernel.sent(Opcode::write), 0U);
  expect_no_breach(mount.kernel);
}

TEST(BackingIoctl, an_id_that_is_never_closed_is_told_at_the_end) {
  Mount mount;
  const Fd lower = memory_file("x");
  ASSERT_TRUE(mount.register_fd(lower.get()));
  mount.kernel.unmount();
  expect_breach(mount.kernel, "never closed");
}

// The table of io modes: a file is held open in one mode while another is opened.
class IoMode : public testing::Test {
 protected:
  enum class Open { cached, direct, passing, passing_direct, passing_other };

  Result<testkit::File> open(Open how) {
    switch (how) {
      case Open::cached: return mount_.open(OpenOutFlag::keep_cache);
      case Open::direct: return mount_.open(OpenOutFlag::direct_io);
      case Open::passing: return mount_.open(OpenOutFlag::passthrough, id_);
      case Open::passing_direct:
        return mount_.open({OpenOutFlag::passthrough, OpenOutFlag::direct_io}, id_);
      case Open::passing_other: return mount_.open(OpenOutFlag::passthrough, other_id_);
    }
    return fail(EINVAL);
  }
  void expect_beside(Open held, Open opened, bool allowed) {
    auto first = open(held);
    ASSERT_TRUE(first);
    const int releases = mount_.fs.releases;
    auto second = open(opened);
    EXPECT_EQ(second.has_value(), allowed);
    if (second) {
      mount_.kernel.release(*second);
      expect_no_breach(mount_.kernel);
    } else {
      EXPECT_EQ(second.error(), Errno{EIO});
      EXPECT_EQ(mount_.fs.releases, releases + 1) << "the kernel gives the file back";
      EXPECT_EQ(mount_.kernel.breach_list().take().size(), 1U);
    }
    mount_.kernel.release(*first);
    // Once the first is gone, everything goes again.
    auto third = open(opened);
    ASSERT_TRUE(third);
    mount_.kernel.release(*third);
    expect_no_breach(mount_.kernel);
  }
  ~IoMode() override {
    EXPECT_TRUE(mount_.close_id(id_));
    EXPECT_TRUE(mount_.close_id(other_id_));
  }

  Mount mount_;
  Fd lower_ = memory_file("lower");
  int id_ = *mount_.register_fd(lower_.get());
  int other_id_ = *mount_.register_fd(lower_.get());
};

TEST_F(IoMode, a_cached_file_stands_beside_all_but_passthrough) {
  expect_beside(Open::cached, Open::cached, true);
  expect_beside(Open::cached, Open::direct, true);
  expect_beside(Open::cached, Open::passing, false);
  expect_beside(Open::cached, Open::passing_direct, false);
}

TEST_F(IoMode, a_direct_file_stands_beside_everything_that_comes_later) {
  expect_beside(Open::direct, Open::cached, true);
  expect_beside(Open::direct, Open::direct, true);
  expect_beside(Open::direct, Open::passing, true);
}

TEST_F(IoMode, a_passing_file_stands_beside_its_own_backing_alone) {
  expect_beside(Open::passing, Open::passing, true);
  expect_beside(Open::passing, Open::passing_direct, true);
  expect_beside(Open::passing, Open::cached, false);
  expect_beside(Open::passing, Open::direct, false);
  expect_beside(Open::passing, Open::passing_other, false);
  expect_beside(Open::passing_direct, Open::cached, false);
}

TEST_F(IoMode, flags_that_cannot_stand_beside_passthrough_are_eio) {
  for (OpenOutFlag flag : {OpenOutFlag::keep_cache, OpenOutFlag::nonseekable,
                           OpenOutFlag::cache_dir, OpenOutFlag::stream}) {
    EXPECT_EQ(mount_.open({OpenOutFlag::passthrough, flag}, id_).error(), Errno{EIO});
    expect_breach(mount_.kernel, "beside");
  }
  for (OpenOutFlag flag : {OpenOutFlag::noflush, OpenOutFlag::parallel_direct_writes}) {
    auto file = mount_.open({OpenOutFlag::passthrough, flag}, id_);
    EXPECT_TRUE(file);
    mount_.kernel.release(*file);
  }
  expect_no_breach(mount_.kernel);
}

TEST_F(IoMode, ids_that_are_none_are_eio) {
  for (int id : {0, -1, 99}) {
    EXPECT_EQ(mount_.open(OpenOutFlag::passthrough, id).error(), Errno{EIO});
    expect_breach(mount_.kernel, "not registered");
  }
}

TEST(IoModeWithout, passthrough_that_was_not_settled_is_eio) {
  KernelProfile profile = KernelProfile::linux_6_18();
  profile.offered.set(wire::InitFlag::passthrough, false);
  Mount mount{profile};
  EXPECT_EQ(mount.open(OpenOutFlag::passthrough, 1).error(), Errno{EIO});
  expect_breach(mount.kernel, "did not settle");
}

}  // namespace
