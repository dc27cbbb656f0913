// SPDX-License-Identifier: MIT
// Real runs, tiny: the lower directory against itself, and whole runs of the entry point with a
// `sluice` that is a shell script over bind mounts.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "sluice/bench/bench.h"
#include "sluice/bench/fio.h"
#include "sluice/bench/interleave.h"
#include "sluice/bench/lower_target.h"
#include "sluice/bench/process.h"
#include "sluice/bench/session.h"
#include "sluice/bench/sluice_target.h"
#include "sluice/bench/tree.h"
#include "support.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

// Each look at its counters costs one STATFS, as if it had been asked through the mount.
constexpr std::string_view kFakeSluice = R"sh(#!/bin/sh
case "$1" in
  mount) mount --bind "$2" "$3" && echo "io_uring is off: not asked for" ;;
  unmount) umount "$2" ;;
  status) n=$(cat "$0.count" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$0.count"
    echo "{\"requests\":{\"STATFS\":$n,\"OPEN\":5},\"open_descriptors\":7,\"nodes\":100,\"node_bytes\":9600}" ;;
  --version) echo "sluice 0.0 (a script)" ;;
esac
)sh";

class LowerPair : public testing::Test {
 protected:
  LowerPair()
      : scratch_{std::move(*Scratch::make("/tmp"))}, source_{*scratch_.subdirectory("src")} {
    targets_.push_back(std::make_unique<LowerTarget>(source_));
    targets_.push_back(std::make_unique<LowerTarget>(source_, "again"));
  }

  Session session() {
    return {
        .settings = {.rounds = 2, .runtime = 50ms, .data_file_bytes = 4u << 20, .walk_files = 250},
        .scratch = scratch_,
        .source = source_,
        .targets = targets_,
        .report = report_};
  }

  void expect_both_measured(const Cell& cell, std::size_t rounds) {
    ASSERT_EQ(cell.series.size(), 2u);
    for (const Series& series : cell.series) {
      EXPECT_EQ(series.missing, Missing::nothing) << cell.name << ": " << series.reason;
      EXPECT_EQ(series.rounds.size(), rounds) << cell.name;
    }
    auto found = ratio_of(cell, 1);
    ASSERT_TRUE(found) << cell.name;
    // The same directory twice; how far apart two times are is nothing to rely on.
    EXPECT_GT(found->value, 0) << cell.name;
    EXPECT_TRUE(std::isfinite(found->value)) << cell.name;
  }

  Scratch scratch_;
  std::string source_;
  Targets targets_;
  Report report_;
};

TEST_F(LowerPair, data_moves_warm_and_cold) {
  if (!fio_version()) GTEST_SKIP() << "fio is not installed";
  Session all = session();
  ASSERT_TRUE(measure_data(all, {.pattern = Pattern::randread}));
  ASSERT_TRUE(measure_data(all, {.pattern = Pattern::write, .block_bytes = 65536}));
  ASSERT_EQ(report_.cells.size(), 2u);
  for (const Cell& cell : report_.cells) expect_both_measured(cell, 2);
  ASSERT_TRUE(measure_data(all, {.pattern = Pattern::read, .cache = Cache::cold}));
  const Cell& cold = report_.cells.back();
  if (cold.series[0].missing == Missing::skipped) GTEST_SKIP() << cold.series[0].reason;
  expect_both_measured(cold, 2);
}

TEST_F(LowerPair, every_operation_on_names_is_timed) {
  Session all = session();
  for (MetadataOp op : kMetadataOps) ASSERT_TRUE(measure_metadata(all, op)) << name(op);
  ASSERT_EQ(report_.cells.size(), kMetadataOps.size());
  for (const Cell& cell : report_.cells) {
    expect_both_measured(cell, 2);
    EXPECT_GT(cell.series[0].rounds[0], 50) << cell.name << " in less than any system call takes";
  }
}

TEST_F(LowerPair, new_files_are_opened_for_the_first_time_and_leave_nothing) {
  Session all = session();
  for (const FreshFiles& files : kFreshFiles) {
    ASSERT_TRUE(measure_first_open(all, files)) << files.name();
  }
  ASSERT_EQ(report_.cells.size(), kFreshFiles.size());
  for (const Cell& cell : report_.cells) expect_both_measured(cell, 2);
  EXPECT_TRUE(std::filesystem::is_empty(source_));
}

// A target of which it is known that nothing is written by it.
class ReadOnlyTarget : public Target {
 public:
  explicit ReadOnlyTarget(std::string directory) : Target{"again", std::move(directory)} {}
  Result<void, Error> setup() override { return {}; }
  Result<void, Error> teardown() override { return {}; }
  std::string why_read_only() const override { return "it is read only"; }
};

TEST_F(LowerPair, what_cannot_be_written_is_left_out_and_has_not_failed) {
  if (!fio_version()) GTEST_SKIP() << "fio is not installed";
  targets_[1] = std::make_unique<ReadOnlyTarget>(source_);
  Session all = session();
  ASSERT_TRUE(measure_data(all, {.pattern = Pattern::write, .block_bytes = 65536}));
  EXPECT_EQ(report_.cells.at(0).series[1].missing, Missing::skipped);
  EXPECT_EQ(report_.cells.at(0).series[1].reason, "it is read only");
  ASSERT_TRUE(measure_data(all, {.pattern = Pattern::read, .block_bytes = 65536}));
  expect_both_measured(report_.cells.at(1), 2);
}

TEST_F(LowerPair, a_walk_is_timed_first_and_again) {
  Session all = session();
  ASSERT_TRUE(measure_walk(all));
  ASSERT_EQ(report_.cells.size(), 2u);
  for (const Cell& cell : report_.cells) expect_both_measured(cell, 2);
}

TEST_F(LowerPair, a_walk_that_misses_a_file_is_no_result) {
  std::string other = *scratch_.subdirectory("other");
  ASSERT_TRUE(make_wide_tree(other + "/tree", 249));
  targets_[1] = std::make_unique<LowerTarget>(other, "again");
  Session all = session();
  ASSERT_TRUE(measure_walk(all));
  const Series& series = report_.cells.at(0).series[1];
  EXPECT_EQ(series.missing, Missing::failed);
  EXPECT_EQ(series.reason, "find saw 253 of 254 files");
}

TEST_F(LowerPair, a_build_builds_or_says_what_is_missing) {
  Session all = session();
  all.settings.rounds = 1;
  ASSERT_TRUE(measure_build(all));
  const Cell& cell = report_.cells.at(0);
  if (cell.series[0].missing == Missing::skipped) GTEST_SKIP() << cell.series[0].reason;
  expect_both_measured(cell, 1);
  EXPECT_TRUE(std::filesystem::exists(source_ + "/build-1/program"));
}

TEST_F(LowerPair, a_target_that_fails_is_marked_and_not_asked_again) {
  int asked = 0;
  Cell cell{.name = "cell"};
  auto done =
      interleave({&cell, 1}, {.targets = targets_, .rounds = 3},
                 [&](Target&, std::size_t index) -> Result<Numbers, Error> {
                   if (index == 0) return Numbers{10};
                   return ++asked == 2 ? Result<Numbers, Error>{fail(Error{"broke"})} : Numbers{5};
                 });
  ASSERT_TRUE(done);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(cell.series[0].rounds.size(), 3u);
  EXPECT_EQ(cell.series[1].missing, Missing::failed);
  EXPECT_EQ(cell.series[1].reason, "broke");
  EXPECT_FALSE(ratio_of(cell, 1));
}

TEST_F(LowerPair, targets_take_turns) {
  std::string order;
  Cell cell{.name = "cell"};
  ASSERT_TRUE(interleave({&cell, 1}, {.targets = targets_, .rounds = 3},
                         [&](Target&, std::size_t index) -> Result<Numbers, Error> {
                           order += static_cast<char>('A' + index);
                           return Numbers{1};
                         }));
  EXPECT_EQ(order, "ABABAB");
}

TEST(ParseStatus, reads_counters_and_what_else_is_known) {
  auto status = parse_status(R"({"requests":{"LOOKUP":3},"nodes":7,"node_bytes":-1,"more":[]})");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->requests.at("LOOKUP"), 3u);
  EXPECT_EQ(status->nodes, 7u);
  EXPECT_FALSE(status->node_bytes);
  EXPECT_FALSE(status->open_descriptors);
}

TEST(ParseStatus, anything_else_is_an_error) {
  for (std::string_view text : {"", "[]", "{}", "{\"requests\":1}", "{\"requests\":{\"OPEN\":-1}}",
                                "{\"requests\":{\"OPEN\":\"x\"}}", "{\"requests\":{"}) {
    auto status = parse_status(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().cause(), Errno{EPROTO}) << text;
  }
}

class WholeRun : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "mounting is not permitted here";
    sluice_ = directory_.path() + "/sluice";
    write_text(sluice_, std::string{kFakeSluice});
    std::filesystem::permissions(sluice_, std::filesystem::perms::owner_all);
    config_ = {.sluice_program = sluice_,
               .directory = directory_.make("work"),
               .json_path = directory_.path() + "/out.json",
               .html_path = directory_.path() + "/out.html",
               .extent = Extent::quick,
               .runtime = 50ms,
               .repeat = 1};
  }

  bool nothing_left() const {
    return !mount_below(directory_.path()) &&
           std::filesystem::is_empty(directory_.path() + "/work");
  }

  TestDirectory directory_;
  std::string sluice_;
  Config config_;
};

TEST_F(WholeRun, measures_counts_prints_and_leaves_nothing) {
  config_.only = "*: [rg]e*";  // rename, getxattr, and the requests
  config_.peers = {"mount --bind {src} {mnt}; exec sleep 300"};
  testing::internal::CaptureStdout();
  auto code = run(config_);
  std::string out = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(code) << code.error().line();
  EXPECT_EQ(*code, 0) << out;
  EXPECT_TRUE(nothing_left());
  EXPECT_NE(out.find("sluice: io_uring is off: not asked for\n"), std::string::npos) << out;
  EXPECT_NE(out.find("rename"), std::string::npos) << out;
  auto root = nlohmann::json::parse(read_text(config_.json_path), nullptr, false);
  ASSERT_TRUE(root.is_object());
  EXPECT_EQ(root["environment"]["sluice"], "sluice 0.0 (a script)");
  EXPECT_EQ(root["targets"],
            (std::vector<std::string>{"lower", "sluice", "no passthrough", "mount"}));
  EXPECT_TRUE(read_text(config_.html_path).starts_with("<!DOCTYPE html>"));
}

TEST_F(WholeRun, what_looking_at_the_counters_costs_is_taken_off) {
  config_.only = "Requests";
  testing::internal::CaptureStdout();
  auto code = run(config_);
  testing::internal::GetCapturedStdout();
  ASSERT_TRUE(code) << code.error().line();
  auto root = nlohmann::json::parse(read_text(config_.json_path), nullptr, false);
  ASSERT_EQ(root["requests"].size(), 9u);
  for (const auto& counted : root["requests"]) {
    for (const auto& seen : counted["seen"]) {
      // Direct I/O is not for every lower file system; all else must have been counted.
      if (seen.contains("failed") && counted["what"].get<std::string>().contains("direct"))
        continue;
      ASSERT_TRUE(seen.contains("requests")) << counted;
      EXPECT_TRUE(seen["requests"].empty()) << counted;
    }
  }
}

TEST_F(WholeRun, refuses_what_makes_no_sense_before_making_anything) {
  auto cause = [&](auto change) {
    Config config = config_;
    change(config);
    auto code = run(config);
    EXPECT_TRUE(nothing_left());
    return code ? Errno{EOVERFLOW} : code.error().cause();
  };
  EXPECT_EQ(cause([](Config& c) { c.only = "no such cell"; }), Errno{EINVAL});
  EXPECT_EQ(cause([](Config& c) { c.repeat = 0; }), Errno{EINVAL});
  EXPECT_EQ(cause([](Config& c) { c.runtime = 1h; }), Errno{EINVAL});
  EXPECT_EQ(cause([](Config& c) { c.peers = {"bindfs {src}"}; }), Errno{EINVAL});
  EXPECT_EQ(cause([](Config& c) { c.json_path = "/nonexistent/x"; }), Errno{ENOENT});
  EXPECT_EQ(cause([](Config& c) {
              c.directory = "/nonexistent";
              c.only = "rename";
            }),
            Errno{ENOENT});
  EXPECT_EQ(cause([](Config& c) {
              c.sluice_program = "/nonexistent/sluice";
              c.only = "rename";
            }),
            Errno{ENOENT});
}

TEST_F(WholeRun, fio_that_is_missing_is_one_line_with_its_package) {
  std::string path = ::getenv("PATH");
  ::setenv("PATH", directory_.path().c_str(), 1);
  auto code = run(config_);
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().line(), "`fio` is missing, and it moves the data: apt-get install fio");
}

TEST_F(WholeRun, a_peer_that_fails_ends_it_with_nothing_left) {
  config_.only = "rename";
  config_.peers = {"echo 'bad {src} {mnt}' >/dev/null; echo broken >&2; exit 1"};
  auto code = run(config_);
  ASSERT_FALSE(code);
  EXPECT_NE(code.error().line().find("it said: broken"), std::string::npos);
  EXPECT_TRUE(nothing_left());
}

TEST_F(WholeRun, a_signal_ends_it_soon_with_nothing_left) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    config_.only = "rename";
    config_.runtime = 300s;
    config_.peers = {"mount --bind {src} {mnt}; echo $$ >" + directory_.path() +
                     "/pid; exec sleep 300"};
    std::filesystem::remove(directory_.path() + "/pid");
    pid_t runner = ::fork();
    ASSERT_GE(runner, 0);
    if (runner == 0) {
      if (::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(98);
      auto code = run(config_);
      ::_exit(code ? *code : 99);
    }
    for (int i = 0; i < 1000 && read_text(directory_.path() + "/pid").empty(); ++i) {
      std::this_thread::sleep_for(10ms);
    }
    std::this_thread::sleep_for(300ms);
    auto begin = Clock::now();
    ::kill(runner, signal);
    int status = 0;
    ASSERT_EQ(::waitpid(runner, &status, 0), runner);
    EXPECT_LT(Clock::now() - begin, 20s);
    EXPECT_EQ(WEXITSTATUS(status), 128 + signal);
    EXPECT_TRUE(nothing_left()) << signal;
    EXPECT_TRUE(gone_soon(std::stoi(read_text(directory_.path() + "/pid"))));
  }
}

}  // namespace
}  // namespace sluice::bench
