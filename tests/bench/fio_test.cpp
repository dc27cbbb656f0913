// SPDX-License-Identifier: MIT
#include "sluice/bench/fio.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::bench {
namespace {

bool has(const std::vector<std::string>& arguments, std::string_view wanted) {
  return std::ranges::find(arguments, wanted) != arguments.end();
}

// As fio prints it, less what is not read.
constexpr std::string_view kResult =
    R"(note: both iodepth >= 1 and synchronous I/O engine are selected
{
  "fio version" : "fio-3.33",
  "jobs" : [
    {
      "jobname" : "cell",
      "error" : 0,
      "read" : { "io_bytes" : 819200, "bw_bytes" : 4096000, "iops" : 1000.5, "runtime" : 200 },
      "write" : { "io_bytes" : 0, "bw_bytes" : 0, "iops" : 0.0, "runtime" : 0 }
    }
  ]
}
)";

TEST(ParseFio, gives_operations_for_small_blocks_and_bytes_for_large_ones) {
  EXPECT_EQ(parse_fio(kResult, {.pattern = Pattern::randread, .block_bytes = 4096}), 1000.5);
  EXPECT_EQ(parse_fio(kResult, {.pattern = Pattern::read, .block_bytes = 1u << 20}), 4096000.0);
}

TEST(ParseFio, takes_the_side_of_the_pattern) {
  auto rate = parse_fio(kResult, {.pattern = Pattern::write});
  ASSERT_FALSE(rate);
  EXPECT_EQ(rate.error().cause(), Errno{ENODATA});
}

TEST(ParseFio, a_job_that_failed_is_an_error_with_its_number) {
  auto rate = parse_fio(R"({"jobs":[{"error":28,"read":{"iops":5.0,"bw_bytes":1}}]})", {});
  ASSERT_FALSE(rate);
  EXPECT_EQ(rate.error().cause(), Errno{ENOSPC});
}

TEST(ParseFio, whatever_else_it_prints_is_an_error_and_no_crash) {
  for (std::string_view output :
       {"", "{", "[]", "\n{\"jobs\":1}", "{\"jobs\":[]}", "{\"jobs\":[1]}", "{\"jobs\":[{}]}",
        R"({"jobs":[{"error":"x","read":1}]})", R"({"jobs":[{"read":{"iops":"many"}}]})",
        R"({"jobs":[{"read":{"iops":null}}]})", "fio: command not understood"}) {
    auto rate = parse_fio(output, {});
    ASSERT_FALSE(rate) << output;
    EXPECT_EQ(rate.error().cause(), Errno{EPROTO}) << output;
  }
}

TEST(ParseFio, every_truncation_of_a_result_is_an_error) {
  std::size_t whole = kResult.find_last_of('}');
  for (std::size_t length = 0; length < whole; ++length) {
    EXPECT_FALSE(parse_fio(kResult.substr(0, length), {})) << length;
  }
}

TEST(FioArguments, name_the_cell_and_leave_the_caches_alone) {
  FioRun run{.cell = {.pattern = Pattern::randwrite,
                      .block_bytes = 65536,
                      .engine = Engine::io_uring,
                      .transfer = Transfer::direct,
                      .depth = 32},
             .file = "/a:b/data",
             .file_bytes = 1u << 20,
             .runtime = std::chrono::milliseconds{250}};
  auto arguments = fio_arguments(run);
  for (std::string_view wanted :
       {"--rw=randwrite", "--bs=65536", "--ioengine=io_uring", "--iodepth=32", "--direct=1",
        "--size=1048576", "--runtime=250ms", "--invalidate=0", "--fadvise_hint=0", "--time_based",
        "--output-format=json", "--filename=/a\\:b/data"}) {
    EXPECT_TRUE(has(arguments, wanted)) << wanted;
  }
}

TEST(FioArguments, a_cold_file_is_read_only_once) {
  FioRun run;
  run.cell.cache = Cache::cold;
  EXPECT_FALSE(has(fio_arguments(run), "--time_based"));
  EXPECT_FALSE(has(fio_arguments(run), "--norandommap"));
}

}  // namespace
}  // namespace sluice::bench
