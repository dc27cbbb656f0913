// SPDX-License-Identifier: MIT
// Every way x every axis x both modes, through a real mount of the real daemon. The rows of files
// that are kept from nobody show that each way works; in all others it must not get what is kept.
#include <fmt/format.h>

#include "world.h"

namespace sluice::leaks {
namespace {

struct Case {
  Mode mode;
  Axis axis;
};

class Matrix : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "one caller at a time asks here, so that no threads meet";
#endif
    ASSERT_NO_FATAL_FAILURE(world_.start(GetParam().mode, options()));
  }
  virtual test::Words options() const { return {}; }
  const Axis& axis() const { return GetParam().axis; }

  // Whether a way must get somewhere, if nothing is kept from it.
  bool must(const Way& way) const {
    const bool alike = axis().same_as_owners || world_.mode() == Mode::bound;
    return way.can == Can::work || (way.can == Can::where_writable && axis().changed) ||
           (way.can == Can::where_alike && axis().changed && alike) ||
           (way.can == Can::where_free && std::string_view{axis().name} == kNative.name);
  }
  World world_;
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.axis.name << " " << name_of(each.mode);
}

std::string described(const Got& got) {
  return fmt::format("{} bytes, error {}{}", got.bytes.size(), got.error, got.told ? ", told" : "");
}

class Reading : public Matrix {};

TEST_P(Reading, no_way_gives_what_is_kept_and_each_way_gives_what_is_not) {
  for (const Way& way : reading_ways()) {
    Secret secret = world_.make(axis());
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    for (int turn = 0; turn < 2; ++turn) {
      const Got got = world_.as_agent(way, secret.target);
      // That a redacted file has holes or flags is nothing that is kept.
      const bool told = got.told && !axis().redacted;
      const bool leaked = has_part_of(secret.marker, got.bytes) || told;
      EXPECT_GE(got.error, 0) << way.name << " was ended by a signal";
      if (!axis().read || way.can == Can::never) {
        EXPECT_FALSE(leaked) << way.name << ": " << described(got) << ", turn " << turn;
      } else if (turn == 0 && must(way)) {
        EXPECT_TRUE(leaked) << way.name << ": " << described(got);
      }
    }
  }
}

class Changing : public Matrix {};

TEST_P(Changing, no_way_changes_what_is_kept_and_each_way_changes_what_is_not) {
  for (const Way& way : changing_ways()) {
    Secret secret = world_.make(axis());
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    const std::string before = state_of(secret.lower);
    const Got got = world_.as_agent(way, secret.target);
    const bool changed = state_of(secret.lower) != before;
    EXPECT_GE(got.error, 0) << way.name << " was ended by a signal";
    if (!axis().changed || way.can == Can::never) {
      EXPECT_FALSE(changed) << way.name << ": " << described(got);
    } else if (axis().read && must(way)) {
      EXPECT_TRUE(changed) << way.name << ": " << described(got);
    }
  }
}

class Seeing : public Matrix {};

TEST_P(Seeing, no_way_tells_what_is_hidden_from_what_is_not_there) {
  for (const Way& way : seeing_ways()) {
    Secret secret = world_.make(axis());
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    const Target nothing = world_.absent(axis());
    for (int turn = 0; turn < 2; ++turn) {
      const Got there = world_.as_agent(way, secret.target);
      const Got absent = world_.as_agent(way, nothing);
      EXPECT_GE(there.error, 0) << way.name << " was ended by a signal";
      if (axis().seen) {
        if (turn == 0) {
          EXPECT_NE(there, absent) << way.name << ": " << described(there);
        }
        continue;
      }
      EXPECT_EQ(there, absent) << way.name << ", turn " << turn << ": " << described(there)
                               << "; absent: " << described(absent);
      EXPECT_FALSE(has_part_of(secret.marker, there.bytes)) << way.name;
    }
  }
}

// The same files under the same rules, of which none is enforced: it is the rules that keep them.
class Observing : public Matrix {
 protected:
  test::Words options() const override { return {"--observe"}; }
};

TEST_P(Observing, each_way_works_on_what_would_be_kept) {
  for (const Way& way : reading_ways()) {
    if (way.can != Can::work) continue;
    Secret secret = world_.make(axis());
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    const Got got = world_.as_agent(way, secret.target);
    EXPECT_TRUE(has_part_of(secret.marker, got.bytes) || got.told)
        << way.name << ": " << described(got);
  }
  for (const Way& way : changing_ways()) {
    if (way.can != Can::work) continue;
    Secret secret = world_.make(axis());
    ASSERT_NO_FATAL_FAILURE(world_.warm(secret));
    const std::string before = state_of(secret.lower);
    const Got got = world_.as_agent(way, secret.target);
    EXPECT_NE(state_of(secret.lower), before) << way.name << ": " << described(got);
  }
  for (const Way& way : seeing_ways()) {
    const Secret secret = world_.make(axis());
    const Target nothing = world_.absent(axis());
    const Got there = world_.as_agent(way, secret.target);
    EXPECT_NE(there, world_.as_agent(way, nothing)) << way.name << ": " << described(there);
  }
}

auto cases(std::initializer_list<Axis> axes) {
  std::vector<Case> all;
  for (const Mode mode : {Mode::bound, Mode::apart}) {
    for (const Axis& axis : axes) all.push_back({mode, axis});
  }
  return testing::ValuesIn(all);
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  return fmt::format("{}_{}", info.param.axis.name, name_of(info.param.mode));
}

INSTANTIATE_TEST_SUITE_P(Leaks, Reading,
                         cases({kNative, kHidden, kHiddenFolder, kHiddenByPath, kDenied, kShut,
                                kKept, kServed, kAudited, kFound, kFoundDenied, kRedacted,
                                kSought}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Leaks, Changing,
                         cases({kNative, kHidden, kHiddenFolder, kHiddenByPath, kDenied, kShut,
                                kKept, kServed, kAudited, kFound, kFoundDenied, kRedacted,
                                kSought}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Leaks, Seeing, cases({kNative, kHidden, kHiddenFolder, kHiddenByPath}),
                         name_of_case);

INSTANTIATE_TEST_SUITE_P(Leaks, Observing,
                         cases({kHidden, kHiddenFolder, kHiddenByPath, kDenied, kShut, kFound,
                                kFoundDenied, kRedacted}),
                         name_of_case);

}  // namespace
}  // namespace sluice::leaks
