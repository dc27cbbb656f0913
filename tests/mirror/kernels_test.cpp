// SPDX-License-Identifier: MIT
// The mirror under kernels that this machine does not have: testkit plays each interface for
// passthrough that was ever shipped, and watches that its rules are kept. Needs no privileges.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "sluice/mirror/mirror.h"
#include "sluice/testkit/expect.h"
#include "sluice/testkit/kernel.h"
#include "support.h"

namespace sluice::mirror::test {
namespace {

using testkit::Kernel;
using testkit::KernelProfile;

// A mirror of a temporary folder, mounted by a kernel in the process.
class Kernels : public ::testing::TestWithParam<KernelProfile> {
 protected:
  void mount(KernelProfile profile, testkit::Spans spans = testkit::Spans::one) {
    kernel_ = std::make_unique<Kernel>(testkit::KernelOptions{.profile = profile, .spans = spans});
    auto made = Mirror::make(Fd{::open(scratch_.path().c_str(), O_PATH | O_CLOEXEC)}, *kernel_, {});
    ASSERT_TRUE(made) << text(made.error());
    mirror_ = std::move(*made);
    session_ = std::make_unique<fuse::Session>(fuse::file_system_of(*mirror_));
    auto mounted = kernel_->mount(*session_);
    ASSERT_TRUE(mounted) << mounted.error().line();
  }
  void TearDown() override {
    if (!kernel_) return;
    kernel_->unmount();
    testkit::expect_no_breach(*kernel_);
    if (mirror_) {
      EXPECT_EQ(mirror_->tree().table().stats().nodes, 1u) << "only the root is left";
      EXPECT_EQ(mirror_->stats().open_files, 0u);
    }
  }

  Scratch scratch_;
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<Mirror> mirror_;
  std::unique_ptr<fuse::Session> session_;
};

TEST_P(Kernels, open_create_and_tmpfile_pass_through_if_there_is_an_interface) {
  write_file(scratch_.path("old"), "old text");
  ASSERT_NO_FATAL_FAILURE(mount(GetParam()));
  const auto profile = GetParam();
  const bool expected = profile.backing != testkit::BackingIoctls::none &&
                        profile.backing != testkit::BackingIoctls::series_v8;
  EXPECT_EQ(mirror_->features().find("passthrough")->on, expected);
  auto entry = kernel_->lookup(kRoot, "old");
  ASSERT_TRUE(entry);
  auto first = kernel_->open(entry->node, O_RDWR);
  auto second = kernel_->open(entry->node, O_RDONLY);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(kernel_->passes_through(*first), expected);
  EXPECT_EQ(kernel_->passes_through(*second), expected);
  EXPECT_EQ(kernel_->write(*first, 0, "new"), 3u);
  EXPECT_EQ(kernel_->read(*second, 0, 100), "new text");
  EXPECT_EQ(read_file(scratch_.path("old")), "new text");
  kernel_->close(*first);
  EXPECT_EQ(kernel_->read(*second, 0, 100), "new text");
  kernel_->close(*second);
  auto made = kernel_->create(kRoot, "made", O_RDWR, 0644);
  ASSERT_TRUE(made);
  EXPECT_EQ(kernel_->passes_through(made->file), expected);
  EXPECT_EQ(kernel_->write(made->file, 5, "x"), 1u);
  kernel_->close(made->file);
  EXPECT_EQ(read_file(scratch_.path("made")), std::string("\0\0\0\0\0x", 6));
  auto nameless = kernel_->tmpfile(kRoot, O_RDWR, 0600);
  ASSERT_TRUE(nameless);
  EXPECT_EQ(kernel_->passes_through(nameless->file), expected);
  kernel_->close(nameless->file);
}

TEST_P(Kernels, attributes_can_be_set_in_the_form_the_kernel_has) {
  write_file(scratch_.path("a"), "text");
  ASSERT_NO_FATAL_FAILURE(mount(GetParam()));
  auto entry = kernel_->lookup(kRoot, "a");
  ASSERT_TRUE(entry);
  auto set = kernel_->setxattr(entry->node, "user.note", "value");
  if (!set && set.error() == Errno{EOPNOTSUPP}) GTEST_SKIP() << "no user attributes here";
  ASSERT_TRUE(set) << text(set.error());
  EXPECT_EQ(kernel_->getxattr(entry->node, "user.note"), "value");
}

TEST_P(Kernels, requests_in_two_pieces_are_the_same_requests) {
  write_file(scratch_.path("a"), "text");
  ASSERT_NO_FATAL_FAILURE(mount(GetParam(), testkit::Spans::two));
  auto entry = kernel_->lookup(kRoot, "a");
  ASSERT_TRUE(entry);
  ASSERT_TRUE(kernel_->rename(kRoot, "a", kRoot, "b"));
  EXPECT_EQ(read_file(scratch_.path("b")), "text");
}

INSTANTIATE_TEST_SUITE_P(
    All, Kernels,
    ::testing::Values(KernelProfile::linux_6_18(), KernelProfile::linux_6_9(),
                      KernelProfile::linux_6_1(), KernelProfile::linux_5_4(),
                      KernelProfile::series_v8(), KernelProfile::series_v10(),
                      KernelProfile::series_v11(), KernelProfile::android_v1(),
                      KernelProfile::android_v2()),
    [](const auto& profile) { return "profile_" + std::to_string(profile.index); });

TEST_F(Kernels, a_kernel_that_is_too_old_is_refused_with_a_line) {
  Kernel old{{.profile = KernelProfile::linux_4_19()}};
  auto made = Mirror::make(Fd{::open(scratch_.path().c_str(), O_PATH | O_CLOEXEC)}, old, {});
  ASSERT_TRUE(made);
  fuse::Session session{fuse::file_system_of(**made)};
  auto mounted = old.mount(session);
  ASSERT_FALSE(mounted);
  ASSERT_TRUE(session.refusal());
  EXPECT_NE(session.refusal()->line().find("7.31"), std::string::npos) << session.refusal()->line();
}

TEST_F(Kernels, what_a_caller_did_not_wait_for_is_undone) {
  write_file(scratch_.path("a"), "text");
  ASSERT_NO_FATAL_FAILURE(mount(KernelProfile::linux_6_18()));
  kernel_->refuse_next_reply();
  EXPECT_FALSE(kernel_->lookup(kRoot, "a"));
  EXPECT_EQ(mirror_->tree().table().stats().nodes, 1u);
  auto entry = kernel_->lookup(kRoot, "a");
  ASSERT_TRUE(entry);
  kernel_->refuse_next_reply();
  EXPECT_FALSE(kernel_->open(entry->node, O_RDONLY));
  EXPECT_EQ(mirror_->stats().open_files, 0u);
  EXPECT_TRUE(kernel_->backing_ids().empty());
  kernel_->refuse_next_reply();
  EXPECT_FALSE(kernel_->create(kRoot, "b", O_RDWR, 0644));
  EXPECT_EQ(mirror_->stats().open_files, 0u);
  EXPECT_EQ(mirror_->tree().table().stats().nodes, 2u);
}

}  // namespace
}  // namespace sluice::mirror::test
