// SPDX-License-Identifier: MIT
// Which requests the Vfs sends, and which it spares, as Linux does; what the conformance suite
// cannot see.
#include <fcntl.h>
#include <linux/fs.h>

#include "conformance/memory_fs.h"
#include "sluice/testkit/expect.h"
#include "sluice/testkit/vfs.h"

namespace {

using namespace sluice;
using namespace std::chrono_literals;
using conformance::MemoryFs;
using testkit::Follow;
using testkit::KernelProfile;
using testkit::Vfs;
using wire::InitFlag;
using wire::Opcode;

class VfsTest : public testing::Test {
 protected:
  void mount(MemoryFs::Options options = {}, testkit::KernelOptions kernel_options = {}) {
    kernel_.emplace(kernel_options);
    if (passes_) options.control = &*kernel_;
    fs_.emplace(options);
    session_.emplace(fuse::file_system_of(*fs_));
    ASSERT_TRUE(kernel_->mount(*session_));
    vfs_.emplace(*kernel_);
  }
  void TearDown() override {
    vfs_.reset();
    kernel_->unmount();
    expect_no_breach(*kernel_);
    EXPECT_EQ(fs_->held(), 0U);
  }
  void make(const std::string& path) {
    auto file = vfs_->open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    ASSERT_TRUE(file);
    ASSERT_TRUE(vfs_->close(*file));
  }
  std::uint64_t sent(Opcode opcode) { return kernel_->sent(opcode); }

  bool passes_ = false;
  std::optional<MemoryFs> fs_;
  std::optional<fuse::Session> session_;
  std::optional<testkit::Kernel> kernel_;
  std::optional<Vfs> vfs_;
};

TEST_F(VfsTest, names_and_attributes_that_hold_are_not_asked_again) {
  mount({.valid = 1h});
  ASSERT_TRUE(vfs_->mkdir("d", 0755));
  make("d/a");
  ASSERT_TRUE(vfs_->stat("d/a"));
  kernel_->reset_counts();
  ASSERT_TRUE(vfs_->stat("d/a"));
  EXPECT_EQ(kernel_->sent(), 0U);
  kernel_->advance(2h);
  ASSERT_TRUE(vfs_->stat("d/a"));
  EXPECT_EQ(sent(Opcode::lookup), 2U);
}

TEST_F(VfsTest, names_that_hold_for_no_time_cost_one_lookup_each) {
  mount({.valid = 0s});
  ASSERT_TRUE(vfs_->mkdir("d", 0755));
  make("d/a");
  kernel_->reset_counts();
  ASSERT_TRUE(vfs_->stat("d/a"));
  EXPECT_EQ(sent(Opcode::lookup), 2U);
}

TEST_F(VfsTest, open_read_close_of_a_passing_file_sends_open_flush_and_release) {
  passes_ = true;
  mount({.valid = 1h});
  make("a");
  ASSERT_TRUE(vfs_->stat("a"));
  kernel_->reset_counts();
  auto file = vfs_->open("a", O_RDWR);
  ASSERT_TRUE(file);
  EXPECT_TRUE(vfs_->pwrite(*file, "data", 0));
  EXPECT_EQ(vfs_->pread(*file, 10, 0), "data");
  EXPECT_TRUE(vfs_->close(*file));
  EXPECT_EQ(sent(Opcode::open), 1U);
  EXPECT_EQ(sent(Opcode::release), 1U);
  EXPECT_EQ(sent(Opcode::flush), 1U);
  EXPECT_EQ(sent(Opcode::read) + sent(Opcode::write), 0U);
  EXPECT_EQ(sent(Opcode::getxattr), 1U) << "the first write looks for capabilities";
}

TEST_F(VfsTest, size_after_a_passing_write_is_asked_for) {
  passes_ = true;
  mount({.valid = 1h});
  make("a");
  auto file = vfs_->open("a", O_RDWR);
  ASSERT_TRUE(vfs_->pwrite(*file, "data", 0));
  kernel_->reset_counts();
  EXPECT_EQ(vfs_->fstat(*file)->st_size, 4);
  EXPECT_EQ(sent(Opcode::getattr), 1U);
  ASSERT_TRUE(vfs_->close(*file));
}

TEST_F(VfsTest, a_node_is_forgotten_with_its_last_name_and_open_file) {
  mount();
  make("a");
  const NodeId node = *vfs_->node_of("a");
  auto file = vfs_->open("a", O_RDONLY);
  ASSERT_TRUE(vfs_->unlink("a"));
  EXPECT_GT(kernel_->lookups(node), 0U);
  EXPECT_EQ(fs_->held(), 1U);
  ASSERT_TRUE(vfs_->close(*file));
  EXPECT_EQ(kernel_->lookups(node), 0U);
  EXPECT_EQ(fs_->held(), 0U);
}

TEST_F(VfsTest, dropping_the_caches_forgets_all_but_open_files) {
  mount();
  ASSERT_TRUE(vfs_->mkdir("d", 0755));
  make("d/a");
  make("b");
  auto file = vfs_->open("d/a", O_RDONLY);
  EXPECT_EQ(fs_->held(), 3U);
  vfs_->drop_caches();
  EXPECT_EQ(fs_->held(), 1U);
  EXPECT_TRUE(vfs_->fstat(*file));
  ASSERT_TRUE(vfs_->close(*file));
  EXPECT_EQ(fs_->held(), 0U);
  EXPECT_TRUE(vfs_->stat("d/a"));
}

TEST_F(VfsTest, an_old_kernel_takes_setuid_away_by_a_change_of_mode) {
  mount({.valid = 1h}, {.profile = KernelProfile::linux_5_4()});
  make("a");
  ASSERT_TRUE(vfs_->chmod("a", 04777));
  vfs_->become({4711, 4711, {}});
  auto file = vfs_->open("a", O_WRONLY);
  ASSERT_TRUE(file);
  ASSERT_TRUE(vfs_->pwrite(*file, "x", 0));
  EXPECT_EQ(vfs_->fstat(*file)->st_mode & 07777U, 0777U);
  ASSERT_TRUE(vfs_->close(*file));
  vfs_->become({});
}

// A server whose only name means another file at each lookup, and whose opens may be stale.
struct Changes {
  std::uint64_t node = 2;
  int stale = 0;
  std::vector<fuse::Forget> forgotten;
  Result<fuse::Entry> lookup(const fuse::Lookup&) {
    return fuse::Entry{NodeId{node}, fuse::Attr::regular(NodeId{node}, fuse::Mode{0644}, 0), 1h};
  }
  Result<fuse::AttrReply> get_attr(const fuse::GetAttr&) {
    return fuse::AttrReply{fuse::Attr::directory(kRoot, fuse::Mode{0755}), 1h};
  }
  Result<fuse::Opened> open(const fuse::Open&) {
    if (stale-- > 0) return fail(ESTALE);
    return fuse::Opened{};
  }
  Result<void> release(const fuse::Release&) { return {}; }
  void forget(const fuse::Forget& forget) { forgotten.push_back(forget); }
};

struct Changing : testing::Test {
  Changes fs;
  fuse::Session session{fuse::file_system_of(fs)};
  testkit::Kernel kernel;
  std::optional<Vfs> vfs;
  Changing() {
    EXPECT_TRUE(kernel.mount(session));
    vfs.emplace(kernel);
  }
  ~Changing() override {
    vfs.reset();
    kernel.unmount();
    expect_no_breach(kernel);
  }
};

TEST_F(Changing, a_name_that_means_another_file_is_looked_up_twice_and_the_first_answer_forgotten) {
  ASSERT_TRUE(vfs->stat("a"));
  kernel.advance(2h);
  fs.node = 3;
  kernel.reset_counts();
  EXPECT_EQ(*vfs->node_of("a"), NodeId{3});
  EXPECT_EQ(kernel.sent(Opcode::lookup), 2U);
  EXPECT_EQ(kernel.lookups(NodeId{2}), 0U);
  EXPECT_EQ(kernel.lookups(NodeId{3}), 1U);
}

TEST_F(Changing, a_stale_open_walks_the_path_once_more) {
  ASSERT_TRUE(vfs->stat("a"));
  fs.stale = 1;
  kernel.reset_counts();
  auto file = vfs->open("a", O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_EQ(kernel.sent(Opcode::lookup), 1U) << "though the name still held";
  EXPECT_EQ(kernel.sent(Opcode::open), 2U);
  fs.stale = 2;
  EXPECT_EQ(vfs->open("a", O_RDONLY).error(), Errno{ESTALE});
  ASSERT_TRUE(vfs->close(*file));
}

// A directory that only some may enter, by an access control list.
struct Listed {
  std::string acl;
  Result<fuse::Entry> lookup(const fuse::Lookup&) {
    fuse::Attr attr = fuse::Attr::directory(NodeId{2}, fuse::Mode{0770});
    return fuse::Entry{NodeId{2}, attr, 1h};
  }
  Result<fuse::AttrReply> get_attr(const fuse::GetAttr& op) {
    const bool root = op.node == kRoot;
    return fuse::AttrReply{fuse::Attr::directory(op.node, fuse::Mode{root ? 0755U : 0770U}), 1h};
  }
  Result<fuse::XattrData> get_xattr(const fuse::GetXattr& op, fuse::ReadBuffer& out) {
    if (op.node == kRoot || op.name != "system.posix_acl_access") return fail(ENODATA);
    return out.value(bytes_of(std::string_view{acl}));
  }
  Result<void, Error> init(fuse::Terms& terms) {
    terms.wanted.set(InitFlag::posix_acl);
    return {};
  }
};

std::string acl_of(std::initializer_list<std::array<std::uint32_t, 3>> entries) {
  std::string value("\2\0\0\0", 4);
  const auto put = [&](std::uint32_t number, int width) {
    for (int i = 0; i < width; ++i) value.push_back(static_cast<char>(number >> (8 * i)));
  };
  for (const auto& [tag, perm, id] : entries) {
    put(tag, 2);
    put(perm, 2);
    put(id, 4);
  }
  return value;
}

TEST(VfsAcl, users_and_groups_that_are_named_get_what_the_mask_allows) {
  constexpr std::uint32_t kNone = ~0U;
  Listed fs;
  fs.acl = acl_of({{0x01, 7, kNone},
                   {0x02, 7, 100},
                   {0x02, 4, 101},
                   {0x04, 0, kNone},
                   {0x08, 5, 200},
                   {0x10, 5, kNone},
                   {0x20, 0, kNone}});
  fuse::Session session{fuse::file_system_of(fs)};
  testkit::Kernel kernel;
  ASSERT_TRUE(kernel.mount(session));
  Vfs vfs{kernel};
  const auto may = [&](unsigned uid, unsigned gid, int mask) {
    vfs.become({uid, gid, {}});
    return vfs.access("d", mask).has_value();
  };
  EXPECT_TRUE(may(100, 9, R_OK | X_OK));
  EXPECT_FALSE(may(100, 9, W_OK)) << "the mask forbids it";
  EXPECT_TRUE(may(101, 9, R_OK));
  EXPECT_FALSE(may(101, 9, X_OK));
  EXPECT_TRUE(may(102, 200, X_OK));
  EXPECT_FALSE(may(102, 201, R_OK));
  vfs.become({});
}

}  // namespace
