// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sluice/bench/html.h"
#include "sluice/bench/json.h"
#include "sluice/bench/progress.h"
#include "sluice/bench/quote.h"
#include "sluice/bench/table.h"

namespace sluice::bench {
namespace {

Report small_report() {
  Report report{.rounds = 3,
                .runtime = std::chrono::milliseconds{500},
                .data_file_bytes = 128u << 20,
                .targets = {"lower", "sluice", "no passthrough"}};
  report.environment = {.kernel = "6.18", .cpu = "<CPU & co>", .cpus = 2, .lower_type = "ext4"};
  report.cells.push_back(
      {.group = Group::data,
       .name = "4 KiB randread, psync, cached",
       .unit = Unit::operations,
       .cause = Cause::read_call,
       .series = {{.target = "lower", .rounds = {800e3, 812e3, 820e3}},
                  {.target = "sluice", .rounds = {700e3, 714.56e3, 730e3}},
                  {.target = "no passthrough", .rounds = {80e3, 81.2e3, 90e3}}}});
  report.cells.push_back({.group = Group::data,
                          .name = "1 MiB read, mmap, cached",
                          .unit = Unit::bytes,
                          .series = {{.target = "lower", .rounds = {2e9}},
                                     {.target = "sluice", .rounds = {2e9}},
                                     {.target = "no passthrough",
                                      .missing = Missing::failed,
                                      .reason = "bad <luck> | EIO"}}});
  report.requests.push_back(
      {.what = "read 4 KiB",
       .times = 1000,
       .seen = {{.target = "sluice"},
                {.target = "no passthrough", .by_operation = {{"GETATTR", 0}, {"READ", 32}}}}});
  report.footprints.push_back(
      {.target = "sluice", .files = 1000, .descriptors = 20, .nodes = 1000, .node_bytes = 91'500});
  return report;
}

TEST(TextTable, aligns_its_columns_and_explains_what_is_slower) {
  auto tables = tables_of(small_report());
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(
      as_text(tables[0]),
      "Data                                lower  sluice  no passthrough  below 0.95 because\n"
      "-----------------------------  ----------  ------  --------------  "
      "----------------------------\n"
      "4 KiB randread, psync, cached     812 k/s    0.88        0.10 ~5%  kernel: FUSE's cost per "
      "read\n"
      "1 MiB read, mmap, cached       1.86 GiB/s    1.00          failed\n"
      "  * kernel: FUSE's cost per read: A small read from the page cache is done in a fraction of "
      "a\n"
      "    microsecond, and FUSE adds the call through to the lower file and its credentials to "
      "each. No\n"
      "    request is sent.\n"
      "  * 1 MiB read, mmap, cached, no passthrough: failed: bad <luck> | EIO\n");
}

TEST(TextTable, has_no_column_of_causes_where_all_is_native) {
  Report report = small_report();
  report.cells.erase(report.cells.begin());
  EXPECT_EQ(as_text(tables_of(report)[0]).find("because"), std::string::npos);
}

TEST(TextTable, a_slow_cell_without_a_known_cause_says_so) {
  Report report = small_report();
  report.cells[0].cause = Cause::none;
  EXPECT_NE(as_text(tables_of(report)[0]).find("  not known\n"), std::string::npos);
  report.cells[0].series[1].rounds = {714e3, 700e3, 820e3};
  EXPECT_NE(as_text(tables_of(report)[0]).find("not known; within the noise"), std::string::npos);
}

TEST(TextTable, counts_requests_by_operation_and_memory_by_node) {
  auto tables = tables_of(small_report());
  EXPECT_EQ(as_text(tables[1]),
            "Held after the walk  files  descriptors  nodes  bytes per node\n"
            "-------------------  -----  -----------  -----  --------------\n"
            "sluice                1000           20   1000            91.5\n");
  EXPECT_EQ(as_text(tables[2]),
            "Requests that reached the daemon  times  sluice  no passthrough\n"
            "--------------------------------  -----  ------  --------------\n"
            "read 4 KiB                         1000  0       32 READ\n");
}

TEST(MarkdownTable, has_one_line_a_row_and_no_bar_from_outside) {
  std::string text = as_markdown(tables_of(small_report())[0]);
  EXPECT_TRUE(
      text.starts_with("| Data | lower | sluice | no passthrough | below 0.95 because |\n"
                       "|:--|--:|--:|--:|:--|\n"
                       "| 4 KiB randread, psync, cached | 812 k/s | 0.88 |"))
      << text;
  EXPECT_NE(text.find("bad \\<luck\\> \\| EIO"), std::string::npos) << text;
}

TEST(Print, says_that_a_stopped_run_is_a_part) {
  Report report = small_report();
  EXPECT_EQ(print(report, Format::text).find("Stopped"), std::string::npos);
  report.stopped_by = 2;
  EXPECT_NE(print(report, Format::text).find("Stopped before its end"), std::string::npos);
  report.cells.clear();
  EXPECT_NE(print(report, Format::text).find("Stopped before any cell was"), std::string::npos);
}

TEST(Print, keeps_its_sentences_within_the_line) {
  Report report = small_report();
  report.notes["sluice"] = {std::string(90, 'x') + " " + std::string(90, 'y')};
  std::string text = print(report, Format::text);
  EXPECT_NE(text.find(std::string(90, 'x') + "\n" + std::string(90, 'y') + "\n"),
            std::string::npos);
}

TEST(Html, escapes_what_comes_from_outside) {
  Report report = small_report();
  report.targets[2] = report.cells[0].series[2].target = "<script>alert(\"1\")</script>";
  report.requests[0].what = "a&b<i>";
  std::string page = as_html(report);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<luck>"), std::string::npos);
  EXPECT_EQ(page.find("<i>"), std::string::npos);
  EXPECT_NE(page.find("&lt;CPU &amp; co&gt;"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(&quot;1&quot;)"), std::string::npos);
}

TEST(Html, fetches_nothing_from_anywhere) {
  std::string page = as_html(small_report());
  for (std::string_view outside : {"http:", "https:", "src=", "url(", "@import", "<link"}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
}

TEST(Html, draws_a_bar_as_long_as_the_ratio) {
  std::string page = as_html(small_report());
  EXPECT_NE(page.find("class=\"slower\" x=\"0\" y=\"3\" width=\"88.0\""), std::string::npos);
  EXPECT_NE(page.find("class=\"native\" x=\"0\" y=\"3\" width=\"100.0\""), std::string::npos);
  EXPECT_NE(page.find("class=\"slow\" x=\"0\" y=\"3\" width=\"10.0\""), std::string::npos);
}

TEST(Json, keeps_every_round_and_the_place) {
  auto root = nlohmann::json::parse(as_json(small_report()), nullptr, false);
  ASSERT_TRUE(root.is_object());
  EXPECT_EQ(root["environment"]["kernel"], "6.18");
  EXPECT_EQ(root["settings"]["runtime_ms"], 500);
  const auto& cell = root["cells"][0];
  EXPECT_EQ(cell["series"][1]["rounds"], (std::vector<double>{700e3, 714.56e3, 730e3}));
  EXPECT_DOUBLE_EQ(cell["series"][1]["ratio"].get<double>(), 0.88);
  EXPECT_EQ(cell["cause"], "kernel: FUSE's cost per read");
  EXPECT_EQ(root["cells"][1]["series"][2]["failed"], "bad <luck> | EIO");
  EXPECT_EQ(root["walk"][0]["node_bytes"], 91'500);
  EXPECT_EQ(root["requests"][0]["seen"][1]["requests"]["READ"], 32);
}

TEST(Json, survives_text_that_is_no_utf8) {
  Report report = small_report();
  report.notes["sluice"] = {"\xff\xfe"};
  EXPECT_TRUE(nlohmann::json::parse(as_json(report), nullptr, false).is_object());
}

TEST(ShellQuoted, is_one_word_whatever_it_holds) {
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's $(x)"), "'it'\\''s $(x)'");
}

TEST(Replaced, puts_the_value_at_every_marker_and_only_there) {
  EXPECT_EQ(replaced("{src} {mnt} {src}", "{src}", "{mnt}"), "{mnt} {mnt} {mnt}");
  EXPECT_EQ(replaced("abc", "", "x"), "abc");
}

TEST(FormatRemaining, is_coarse_where_it_cannot_be_fine) {
  using std::chrono::seconds;
  EXPECT_EQ(format_remaining(seconds{-5}), "about 1 s");
  EXPECT_EQ(format_remaining(seconds{42}), "about 42 s");
  EXPECT_EQ(format_remaining(seconds{185}), "about 3 min 10 s");
  EXPECT_EQ(format_remaining(seconds{178}), "about 3 min");
}

}  // namespace
}  // namespace sluice::bench
