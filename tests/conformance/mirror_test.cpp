// SPDX-License-Identifier: MIT
// The suite against the mirror: behind testkit's kernel, as each kernel that it plays, and as a
// real mount where there may be one.
#include "sluice/mirror/mirror.h"
#include "conformance/places.h"
#include "sluice/mirror/caller_identity.h"
#include "support.h"

namespace {

using namespace sluice;
using conformance::Exceptions;
using conformance::Place;
using mirror::Locks;
using mirror::Mirror;
using mirror::Passthrough;
using testkit::Kernel;
using testkit::KernelOptions;
using testkit::KernelProfile;

class MirrorPlace final : public Place {
 public:
  MirrorPlace(const KernelOptions& options, const mirror::Options& mirror_options)
      : kernel_{options} {
    EXPECT_EQ(::chmod(scratch_.path().c_str(), 0755), 0);
    // The calling thread serves, unless there are others.
    EXPECT_TRUE(mirror::prepare_thread());
    Fd source{::open(scratch_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    auto made = Mirror::make(std::move(source), kernel_, mirror_options);
    EXPECT_TRUE(made);
    mirror_ = std::move(*made);
    session_.emplace(fuse::file_system_of(*mirror_));
    auto mounted = kernel_.mount(*session_);
    EXPECT_TRUE(mounted) << mounted.error().line();
    world_.emplace(kernel_);
  }

  testkit::World& world() override { return *world_; }

  void finish() override {
    world_.reset();
    kernel_.unmount();
    testkit::expect_no_breach(kernel_);
    EXPECT_EQ(mirror_->stats().open_files, 0U);
    EXPECT_EQ(mirror_->stats().open_directories, 0U);
    EXPECT_EQ(session_->malformed(), 0U);
    EXPECT_EQ(session_->waiting(), 0U);
  }

 private:
  conformance::ScratchDirectory scratch_;
  Kernel kernel_;
  std::unique_ptr<Mirror> mirror_;
  std::optional<fuse::Session> session_;
  std::optional<testkit::Vfs> world_;
};

// A mirror that is really mounted, asked by the machine's own system calls.
class MountPlace final : public Place {
 public:
  explicit MountPlace(const mirror::Options& options)
      : served_{scratch_.folder("lower"), scratch_.folder("mount"), options},
        world_{scratch_.path("mount")} {
    EXPECT_EQ(served_.failure(), "");
  }
  testkit::World& world() override { return world_; }

 private:
  mirror::test::Scratch scratch_;
  mirror::test::ServedElsewhere served_;
  testkit::RealWorld world_;
};

conformance::Factory by(KernelOptions options, mirror::Options mirror_options = {}) {
  options.start = mirror::prepare_thread;
  return [=] { return std::make_unique<MirrorPlace>(options, mirror_options); };
}

conformance::Factory mounted(mirror::Options options) {
  return [=]() -> std::unique_ptr<Place> {
    const std::string why = mirror::test::no_mounts_here();
    if (why.empty()) return std::make_unique<MountPlace>(options);
    [&] { GTEST_SKIP() << why; }();
    return nullptr;
  };
}

const Exceptions kPassing{
    {"roots_writes_keep_setuid",
     "what passes through is written without privileges, so that root's writes strip as well"}};
constexpr std::chrono::seconds kNoTime{0};

const bool registered[] = {
    conformance::suite_for("Mirror", by({}), kPassing),
    conformance::suite_for("MirrorByWorkers", by({.threads = 3}, {.locks = Locks::shared}),
                           kPassing),
    conformance::suite_for(
        "MirrorServing",
        by({.spans = testkit::Spans::two},
           {.passthrough = Passthrough::off, .entry_timeout = kNoTime, .attr_timeout = kNoTime})),
    conformance::suite_for("MirrorOldKernel", by({.profile = KernelProfile::linux_5_4()})),
    conformance::suite_for("MirrorSeriesV10", by({.profile = KernelProfile::series_v10()}),
                           kPassing),
    conformance::suite_for("MirrorSeriesV11", by({.profile = KernelProfile::series_v11()}),
                           kPassing),
    conformance::suite_for("MirrorAndroidV1", by({.profile = KernelProfile::android_v1()}),
                           kPassing),
    conformance::suite_for("MirrorAndroidV2", by({.profile = KernelProfile::android_v2()}),
                           kPassing),
    conformance::suite_for("Mount", mounted({}), kPassing),
    conformance::suite_for("MountServing",
                           mounted({.passthrough = Passthrough::off, .locks = Locks::shared})),
};

}  // namespace
