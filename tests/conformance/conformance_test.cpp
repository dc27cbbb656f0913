// SPDX-License-Identifier: MIT
// The suite against worlds that prove it: the machine's own file system, and testkit's Vfs over a
// file system in memory, served and passing through, by each kernel that testkit plays.
#include "conformance/places.h"

namespace {

using conformance::MemoryFs;
using conformance::MemoryPlace;
using sluice::testkit::KernelOptions;
using sluice::testkit::KernelProfile;
using sluice::testkit::Spans;
using InitFlag = sluice::wire::InitFlag;

conformance::Factory memory(KernelOptions options, MemoryFs::Options fs,
                            MemoryPlace::Data data = MemoryPlace::Data::served) {
  return [=] { return std::make_unique<MemoryPlace>(options, fs, data); };
}

MemoryFs::Options without_help() {
  MemoryFs::Options options;
  options.valid = std::chrono::seconds{0};
  options.refused = {InitFlag::handle_killpriv_v2, InitFlag::atomic_o_trunc, InitFlag::dont_mask,
                     InitFlag::do_readdirplus};
  return options;
}

MemoryFs::Options shared_locks() {
  MemoryFs::Options options;
  options.locks = MemoryFs::Locks::shared;
  return options;
}

const bool registered[] = {
    conformance::suite_for("Lower", [] { return std::make_unique<conformance::LowerPlace>(); }),
    conformance::suite_for("Vfs", memory({}, {})),
    conformance::suite_for("VfsPassing", memory({}, {}, MemoryPlace::Data::passing)),
    conformance::suite_for("VfsByWorkers", memory({.threads = 3}, shared_locks())),
    conformance::suite_for(
        "VfsTwoSpans", memory({.spans = Spans::two}, shared_locks(), MemoryPlace::Data::passing)),
    conformance::suite_for("VfsNothingRemembered", memory({}, without_help())),
    conformance::suite_for("VfsOldKernel", memory({.profile = KernelProfile::linux_5_4()}, {})),
    conformance::suite_for("VfsSeriesV10", memory({.profile = KernelProfile::series_v10()}, {},
                                                  MemoryPlace::Data::passing)),
    conformance::suite_for("VfsAndroid", memory({.profile = KernelProfile::android_v2()}, {},
                                                MemoryPlace::Data::passing)),
};

TEST(Suite, is_not_empty) { EXPECT_GE(conformance::size_of_suite(), 60U); }

}  // namespace
