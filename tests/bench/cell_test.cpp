// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <set>

#include "sluice/bench/data_cell.h"
#include "sluice/bench/plan.h"

namespace sluice::bench {
namespace {

TEST(DataCells, have_names_of_their_own_in_every_extent) {
  for (Extent extent : {Extent::quick, Extent::standard, Extent::full}) {
    std::set<std::string> names;
    for (const DataCell& cell : data_cells(extent)) {
      EXPECT_TRUE(names.insert(cell.name()).second) << cell.name();
    }
  }
}

TEST(DataCells, are_as_many_as_a_person_wants_to_wait_for) {
  EXPECT_EQ(data_cells(Extent::quick).size(), 8u);
  EXPECT_EQ(data_cells(Extent::standard).size(), 27u);
  // 8 ways x 3 sizes x 4 patterns, and the buffered reads once more, cold.
  EXPECT_EQ(data_cells(Extent::full).size(), 8u * 3 * 4 + 4 * 3 * 2);
}

TEST(DataCells, are_cold_only_where_there_is_a_cache_to_read_from) {
  for (const DataCell& cell : data_cells(Extent::full)) {
    if (cell.cache == Cache::warm) continue;
    EXPECT_TRUE(cell.reads()) << cell.name();
    EXPECT_EQ(cell.transfer, Transfer::buffered) << cell.name();
  }
}

TEST(DataCells, know_their_cause_where_the_kernel_is_one) {
  DataCell cell{.pattern = Pattern::randwrite, .engine = Engine::io_uring, .depth = 32};
  EXPECT_EQ(cell.cause(), Cause::ring_write_punted);
  cell.pattern = Pattern::randread;
  EXPECT_EQ(cell.cause(), Cause::read_call);
  cell.transfer = Transfer::direct;
  EXPECT_EQ(cell.cause(), Cause::none);
  cell = {.pattern = Pattern::randwrite};
  cell.engine = Engine::psync;
  EXPECT_EQ(cell.cause(), Cause::write_call);
  cell.block_bytes = 1u << 20;
  EXPECT_EQ(cell.cause(), Cause::none);
}

TEST(Causes, each_has_a_phrase_and_an_explanation) {
  for (int i = 1; i <= static_cast<int>(Cause::first_sight); ++i) {
    EXPECT_FALSE(phrase(static_cast<Cause>(i)).empty()) << i;
    EXPECT_FALSE(explanation(static_cast<Cause>(i)).empty()) << i;
  }
  EXPECT_TRUE(phrase(Cause::none).empty());
}

TEST(Chosen, takes_a_part_of_the_label_or_a_pattern_of_the_whole) {
  EXPECT_TRUE(chosen("Data: 4 KiB read, mmap", ""));
  EXPECT_TRUE(chosen("Data: 4 KiB read, mmap", "MMAP"));
  EXPECT_TRUE(chosen("Data: 4 KiB read, mmap", "data:*read*"));
  EXPECT_FALSE(chosen("Data: 4 KiB read, mmap", "read*"));
  EXPECT_FALSE(chosen("Data: 4 KiB read, mmap", "psync"));
  EXPECT_TRUE(chosen("a\\b", "\\"));
}

TEST(Plan, counts_requests_only_where_someone_can) {
  auto labels = [](Counting counting) {
    std::set<std::string> all;
    for (const Step& step : plan(Extent::quick, "", Settings{}, 2, counting))
      all.insert(step.label);
    return all;
  };
  EXPECT_TRUE(labels(Counting::yes).contains("Requests: counted"));
  EXPECT_FALSE(labels(Counting::no).contains("Requests: counted"));
}

TEST(Plan, opens_new_files_where_contents_are_asked_for) {
  const auto steps = [](bool contents) {
    return plan(Extent::quick, "First open of new files*", Settings{.contents = contents}, 2,
                Counting::no);
  };
  EXPECT_EQ(steps(false).size(), 0u);
  EXPECT_EQ(steps(true).size(), kFreshFiles.size());
}

TEST(Plan, needs_fio_for_data_alone) {
  for (const Step& step : plan(Extent::standard, "", Settings{}, 2, Counting::yes)) {
    bool data = step.label.starts_with("Data") || step.label.starts_with("Workloads: large");
    EXPECT_EQ(step.needs_fio, data) << step.label;
  }
}

}  // namespace
}  // namespace sluice::bench
