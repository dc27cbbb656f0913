// SPDX-License-Identifier: MIT
// The suite against a guarded mirror under a policy that says nothing, and under the shipped preset
// as the owner and as the agent: POSIX holds as without a guard.
#include "sluice/guard/guard.h"
#include "conformance/places.h"
#include "sluice/mirror/caller_identity.h"
#include "sluice/policy/load.h"
#include "support.h"

namespace {

using namespace sluice;
using conformance::Exceptions;
using conformance::Place;
using mirror::Mirror;

std::shared_ptr<const policy::Program> program_of(std::string text) {
  auto document = policy::load({"p.toml", std::move(text)});
  if (!document) return nullptr;
  auto program = policy::compile(std::move(*document));
  if (!program) return nullptr;
  return std::make_shared<const policy::Program>(std::move(*program));
}

struct Under {
  std::string policy = "version = 1\n";
  guard::Options options{};
};

class GuardPlace final : public Place {
 public:
  GuardPlace(const testkit::KernelOptions& options, const Under& under) : kernel_{options} {
    EXPECT_EQ(::chmod(scratch_.path().c_str(), 0755), 0);
    EXPECT_TRUE(mirror::prepare_thread());
    Fd source{::open(scratch_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    auto mirror = Mirror::make(std::move(source), kernel_, {});
    EXPECT_TRUE(mirror);
    mirror_ = std::move(*mirror);
    const auto program = program_of(under.policy);
    auto made = guard::Guard::make(*mirror_, {program, guard::test::contents_of(program)},
                                   under.options);
    EXPECT_TRUE(made);
    guard_ = std::move(*made);
    session_.emplace(fuse::file_system_of(*guard_));
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
    EXPECT_EQ(guard_->stats().refused, 0U);
    EXPECT_EQ(session_->malformed(), 0U);
    EXPECT_EQ(session_->waiting(), 0U);
  }

 private:
  conformance::ScratchDirectory scratch_;
  testkit::Kernel kernel_;
  std::unique_ptr<Mirror> mirror_;
  std::unique_ptr<guard::Guard> guard_;
  std::optional<fuse::Session> session_;
  std::optional<testkit::Vfs> world_;
};

class GuardedMount final : public Place {
 public:
  explicit GuardedMount(const Under& under)
      : served_{scratch_.folder("lower"),
                scratch_.folder("mount"),
                {},
                [&](Mirror& mirror, fuse::Notifier&) {
                  const auto program = program_of(under.policy);
                  auto made = guard::Guard::make(
                      mirror, {program, guard::test::contents_of(program)}, under.options);
                  EXPECT_TRUE(made);
                  std::shared_ptr<guard::Guard> guard = std::move(*made);
                  return mirror::test::Front{fuse::file_system_of(*guard), guard};
                }},
        world_{scratch_.path("mount")} {
    EXPECT_EQ(served_.failure(), "");
  }
  testkit::World& world() override { return world_; }

 private:
  mirror::test::Scratch scratch_;
  mirror::test::Served served_;
  testkit::RealWorld world_;
};

conformance::Factory by(testkit::KernelOptions options, Under under) {
  options.start = mirror::prepare_thread;
  return [=] { return std::make_unique<GuardPlace>(options, under); };
}

conformance::Factory mounted(Under under) {
  return [=]() -> std::unique_ptr<Place> {
    const std::string why = mirror::test::no_mounts_here();
    if (why.empty()) return std::make_unique<GuardedMount>(under);
    [&] { GTEST_SKIP() << why; }();
    return nullptr;
  };
}

const Exceptions kPassing{
    {"roots_writes_keep_setuid",
     "what passes through is written without privileges, so that root's writes strip as well"}};

// A link count would tell of hidden directories.
const char* const kConcealed = "where something may be hidden a directory's link count is 1";
const Exceptions kConcealing{{"roots_writes_keep_setuid", kPassing.begin()->second},
                             {"directories_count_the_directories_in_them", kConcealed},
                             {"a_directory_takes_what_is_in_it_along", kConcealed},
                             {"exchange_swaps_a_file_and_a_directory", kConcealed}};

const std::string kAgent = "version = 1\n[[include]]\npreset = \"agent\"\n";
const guard::Options kAnyone{.subject = "anyone"};

const bool registered[] = {
    conformance::suite_for("Guard", by({}, {.options = kAnyone}), kPassing),
    conformance::suite_for("GuardByWorkers", by({.threads = 3}, {.options = kAnyone}), kPassing),
    conformance::suite_for("GuardTellingApart", by({}, {}), kPassing),
    conformance::suite_for("GuardedMount", mounted({.options = kAnyone}), kPassing),
    conformance::suite_for("GuardedMountAsAgent", mounted({kAgent, {.subject = "agent"}}),
                           kConcealing),
    conformance::suite_for("GuardedMountTellingApart", mounted({kAgent, {}}), kConcealing),
};

}  // namespace
