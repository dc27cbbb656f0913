// SPDX-License-Identifier: MIT
// Files that are shown by what they contain, through the real programs: what is redacted, what
// happens as files change, and who writes.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "policy_fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr std::string_view kSecret = "sekret-0123456789abcdef";
constexpr std::string_view kHidden = "xxxxxxxxxxxxxxxxxxxxxxx";

constexpr std::string_view kRules = R"(
[default]
deadline = "20s"
[subject.agent]
run_as = true
[detector.sekret]
regex = 'sekret-[0-9a-f]{16}'
[[rule]]
id = "secrets"
who = "agent"
content = "sekret"
verdict = "redact"
)";

std::string with_secret(std::string_view what = kSecret) {
  return "port = 1\nkey = " + std::string{what} + "\nhost = a\n";
}

class Content : public PolicyMounts {
 protected:
  void mount_as_agent(const std::string& more = "") {
    const Words words{"mount", lower_, mnt_, "--policy", policy(more + std::string{kRules}),
                      "--as",  "agent"};
    const Finished mounted = sluice(words);
    ASSERT_EQ(mounted.status, 0) << mounted.err;
  }
  std::string in_lower(std::string_view below) const { return lower_ + "/" + std::string{below}; }
  std::string redacted() const { return with_secret(kHidden); }
  json contents() { return status_of(mnt_)["policy"]["contents"]; }
  // What was just written counts as being written to for a moment.
  static void settle() { ::usleep(60'000); }
};

TEST_F(Content, what_is_found_is_replaced_and_the_rest_is_as_it_was) {
  scratch_.file("lower/settings", with_secret());
  scratch_.file("lower/plain", "nothing of that kind\n");
  mount_as_agent();
  EXPECT_EQ(read_file(in_mnt("settings")), redacted());
  EXPECT_EQ(read_file(in_mnt("plain")), "nothing of that kind\n");
  struct stat shown {};
  struct stat lower {};
  ASSERT_EQ(::stat(in_mnt("settings").c_str(), &shown), 0);
  ASSERT_EQ(::stat(in_lower("settings").c_str(), &lower), 0);
  EXPECT_EQ(shown.st_size, lower.st_size);
  EXPECT_EQ(shown.st_mtim.tv_nsec, lower.st_mtim.tv_nsec);
  EXPECT_EQ(shown.st_ino, lower.st_ino);
  EXPECT_EQ(read_file(in_lower("settings")), with_secret());
}

TEST_F(Content, both_faces_are_handed_to_the_kernel) {
  scratch_.file("lower/settings", with_secret());
  scratch_.file("lower/plain", "plain");
  mount_as_agent();
  read_file(in_mnt("settings"));
  read_file(in_mnt("plain"));
  const json status = status_of(mnt_);
  EXPECT_EQ(status["served"], 0);
  EXPECT_EQ(status["passed_through"], 2);
  EXPECT_TRUE(soon([&] { return policy_status()["decisions"]["redacted"] == 1; }));
}

TEST_F(Content, what_is_redacted_is_not_to_be_changed_nor_its_name_taken) {
  scratch_.file("lower/settings", with_secret());
  scratch_.file("lower/other", "other");
  mount_as_agent();
  const std::string path = in_mnt("settings");
  EXPECT_EQ(::open(path.c_str(), O_WRONLY), -1);
  EXPECT_EQ(::open(path.c_str(), O_RDWR), -1);
  EXPECT_EQ(::open(path.c_str(), O_RDONLY | O_TRUNC), -1);
  EXPECT_EQ(::truncate(path.c_str(), 0), -1);
  EXPECT_EQ(::chmod(path.c_str(), 0600), -1);
  EXPECT_EQ(::unlink(path.c_str()), -1);
  EXPECT_EQ(::rename(path.c_str(), in_mnt("away").c_str()), -1);
  EXPECT_EQ(::rename(in_mnt("other").c_str(), path.c_str()), -1);
  EXPECT_EQ(::link(path.c_str(), in_mnt("link").c_str()), -1);
  EXPECT_EQ(read_file(in_lower("settings")), with_secret());
  EXPECT_EQ(read_file(in_lower("other")), "other");
}

TEST_F(Content, a_mark_says_by_which_rule_it_is_redacted) {
  scratch_.file("lower/settings", with_secret());
  scratch_.file("lower/plain", "plain");
  ASSERT_EQ(
      ::setxattr(in_lower("settings").c_str(), "user.note", kSecret.data(), kSecret.size(), 0), 0);
  mount_as_agent();
  std::array<char, 100> room{};
  const std::string path = in_mnt("settings");
  const ssize_t size = ::getxattr(path.c_str(), "user.sluice.redacted", room.data(), room.size());
  EXPECT_EQ(std::string_view(room.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))),
            "secrets");
  EXPECT_EQ(::getxattr(path.c_str(), "user.note", room.data(), room.size()), -1);
  EXPECT_EQ(::listxattr(path.c_str(), room.data(), room.size()), 21);
  EXPECT_EQ(::getxattr(in_mnt("plain").c_str(), "user.sluice.redacted", room.data(), room.size()),
            -1);
}

TEST_F(Content, a_file_is_shown_by_what_it_contains_now) {
  scratch_.file("lower/file", "nothing");
  mount_as_agent();
  EXPECT_EQ(read_file(in_mnt("file")), "nothing");
  scratch_.file("lower/file", with_secret());
  EXPECT_EQ(read_file(in_mnt("file")), redacted());
  settle();
  EXPECT_EQ(read_file(in_mnt("file")), redacted());
  scratch_.file("lower/file", "nothing again");
  EXPECT_EQ(read_file(in_mnt("file")), "nothing again");
}

TEST_F(Content, who_has_it_open_keeps_what_he_has_and_who_comes_later_gets_the_other_face) {
  scratch_.file("lower/file", with_secret());
  mount_as_agent();
  const Fd old{::open(in_mnt("file").c_str(), O_RDONLY)};
  ASSERT_TRUE(old);
  scratch_.file("lower/file", "nothing to be hidden in it, not at all, and a few bytes longer");
  EXPECT_EQ(read_file(in_mnt("file")),
            "nothing to be hidden in it, not at all, and a few bytes longer");
  std::array<char, 100> room{};
  const ssize_t size = ::pread(old.get(), room.data(), room.size(), 0);
  EXPECT_EQ(std::string_view(room.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))),
            redacted());
}

TEST_F(Content, who_writes_is_left_alone_until_he_is_done) {
  mount_as_agent();
  const std::string path = in_mnt("new");
  {
    const Fd writer{::open(path.c_str(), O_RDWR | O_CREAT, 0644)};
    ASSERT_TRUE(writer);
    ASSERT_EQ(::pwrite(writer.get(), with_secret().data(), with_secret().size(), 0),
              static_cast<ssize_t>(with_secret().size()));
    // Another open of the same grant, and the writer's own.
    EXPECT_EQ(read_file(path), with_secret());
    std::array<char, 100> room{};
    EXPECT_EQ(::pread(writer.get(), room.data(), room.size(), 0),
              static_cast<ssize_t>(with_secret().size()));
    EXPECT_EQ(::fchmod(writer.get(), 0600), 0);
  }
  EXPECT_TRUE(soon([&] { return cat(path) == redacted(); }));
}

TEST_F(Content, while_somebody_else_writes_the_inspected_bytes_are_shown) {
  scratch_.file("lower/log", "one line\n" + std::string(8000, 'a'));
  mount_as_agent();
  const Fd writer{::open(in_lower("log").c_str(), O_RDWR)};
  ASSERT_TRUE(writer);
  void* map = ::mmap(nullptr, 8000, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  const Fd reader{::open(in_mnt("log").c_str(), O_RDONLY)};
  ASSERT_TRUE(reader);
  // After the inspection: by a store that no call tells of.
  std::memcpy(static_cast<char*>(map) + 4000, kSecret.data(), kSecret.size());
  std::string shown(9000, '\0');
  const ssize_t size = ::pread(reader.get(), shown.data(), shown.size(), 0);
  EXPECT_EQ(size, 8009);
  EXPECT_EQ(shown.find("sekret"), shown.npos);
  ::munmap(map, 8000);
  EXPECT_NE(read_file(in_lower("log")).find(kSecret), std::string::npos);
  EXPECT_EQ(status_of(mnt_)["served"], 0);
}

TEST_F(Content, a_large_file_is_looked_into_as_it_is_read) {
  std::string text(3 << 20, 'a');
  // At the end, and across the borders of pieces that the kernel asks for.
  for (const std::size_t at :
       {std::size_t{131072 - 9}, std::size_t{1 << 20} - 3, text.size() - 30}) {
    text.replace(at, kSecret.size(), kSecret);
  }
  scratch_.file("lower/large", text);
  const std::string big = policy(
      "[default]\ntoo_big = { over = \"1MiB\", verdict = \"served\" }\ndeadline = \"20s\"\n" +
      std::string{kRules.substr(kRules.find("[subject"))});
  const Finished mounted = sluice({"mount", lower_, mnt_, "--policy", big, "--as", "agent"});
  ASSERT_EQ(mounted.status, 0) << mounted.err;
  const std::string shown = read_file(in_mnt("large"));
  EXPECT_EQ(shown.size(), text.size());
  EXPECT_EQ(shown.find("sekret"), shown.npos);
  EXPECT_NE(shown.find(kHidden), shown.npos);
  EXPECT_EQ(::open(in_mnt("large").c_str(), O_RDWR), -1);
}

TEST_F(Content, holes_take_no_time_to_look_into) {
  scratch_.file("lower/large", "");
  ASSERT_EQ(::truncate(in_lower("large").c_str(), off_t{100} << 30), 0);  // no block of it is there
  mount_as_agent();
  const Fd opened{::open(in_mnt("large").c_str(), O_RDONLY)};
  EXPECT_TRUE(opened);
}

TEST_F(Content, what_is_too_large_is_refused_where_nobody_says_otherwise) {
  scratch_.file("lower/large", "");
  ASSERT_EQ(::truncate(in_lower("large").c_str(), off_t{100} << 30), 0);
  const std::string rules = policy("[default]\ntoo_big = { over = \"64MiB\" }\n" +
                                   std::string{kRules.substr(kRules.find("[subject"))});
  const Finished mounted = sluice({"mount", lower_, mnt_, "--policy", rules, "--as", "agent"});
  ASSERT_EQ(mounted.status, 0) << mounted.err;
  EXPECT_EQ(::open(in_mnt("large").c_str(), O_RDONLY), -1);
}

TEST_F(Content, what_it_costs_is_measured) {
  const std::string record = scratch_.path("bench.json");
  for (const char* only : {"First open of new files: 4 KiB*", "Data: 1 MiB read, psync*"}) {
    const Finished done = sluice({"bench", "--quick", "--contents", "--repeat", "1", "--runtime",
                                  "0.05", "--only", only, "--json", record});
    EXPECT_EQ(done.status, 0) << done.err << done.out;
    EXPECT_NE(done.out.find("redacted"), std::string::npos) << done.out;
    EXPECT_EQ(done.out.find("failed"), std::string::npos) << done.out;
    EXPECT_EQ(done.out.find("skipped"), std::string::npos) << done.out;
  }
}

TEST_F(Content, a_scan_spares_the_mount_from_looking) {
  scratch_.file("lower/settings", with_secret());
  scratch_.file("lower/plain", "plain");
  settle();
  const Finished scanned = sluice({"scan", "--policy", policy(kRules), lower_});
  EXPECT_EQ(scanned.status, 0) << scanned.err;
  EXPECT_NE(scanned.out.find("settings:2: sekret"), std::string::npos) << scanned.out;
  EXPECT_NE(scanned.out.find("3 looked into, 0 known before"), std::string::npos) << scanned.out;
  EXPECT_EQ(scanned.out.find(kSecret), std::string::npos);
  const Finished again = sluice({"scan", "--policy", policy(kRules), "--fail", lower_});
  EXPECT_EQ(again.status, 1);
  EXPECT_NE(again.out.find("0 looked into, 3 known before"), std::string::npos) << again.out;
  mount_as_agent();
  EXPECT_EQ(read_file(in_mnt("settings")), redacted());
  EXPECT_EQ(read_file(in_mnt("plain")), "plain");
  EXPECT_EQ(contents()["inspected"], 0);
}

TEST_F(Content, scan_and_explain_tell_programs_where_it_is) {
  std::string many;
  for (int i = 0; i < 20; ++i) many += with_secret();
  scratch_.file("lower/settings", many);
  const std::string rules = policy(kRules);
  const json scanned = json::parse(sluice({"scan", "--policy", rules, "--json", lower_}).out);
  ASSERT_EQ(scanned["list"].size(), 1u) << scanned;
  const json& file = scanned["list"][0];
  EXPECT_EQ(file["path"], "settings");
  ASSERT_EQ(file["places"].size(), 20u) << file;
  const std::size_t place = many.rfind(kSecret);
  EXPECT_EQ(
      file["places"][19],
      (json{{"detector", "sekret"}, {"line", 59}, {"offset", place}, {"bytes", kSecret.size()}}));
  EXPECT_EQ(file["more"], 0);
  EXPECT_EQ(file["trouble"], "");
  const json why = json::parse(sluice({"explain", "--policy", rules, "--as", "agent", "--json",
                                       "--over", lower_, lower_ + "/settings"})
                                   .out);
  EXPECT_EQ(why["places"], file["places"]) << why;
}

TEST_F(Content, an_inspector_that_dies_is_replaced) {
  scratch_.file("lower/a", with_secret());
  scratch_.file("lower/b", with_secret());
  mount_as_agent();
  EXPECT_EQ(read_file(in_mnt("a")), redacted());
  // All of them, whatever they are doing.
  shell("for p in $(pgrep -P " + std::to_string(status_of(mnt_)["pid"].get<int>()) +
        "); do pkill -KILL -P $p; kill -KILL $p; done");
  EXPECT_TRUE(soon([&] { return cat(in_mnt("b")) == redacted(); }));
}

// Lets the workers stand still or go on.
void signal_workers(int daemon, const char* signal) {
  shell("for p in $(pgrep -P " + std::to_string(daemon) + "); do pkill -" + signal +
        " -P $p; done");
}

TEST_F(Content, a_signal_that_ends_nobody_does_not_disturb_an_open) {
  scratch_.file("lower/a", with_secret());
  scratch_.file("lower/b", with_secret());
  mount_as_agent();
  EXPECT_EQ(read_file(in_mnt("a")), redacted());
  const int daemon = status_of(mnt_)["pid"].get<int>();
  signal_workers(daemon, "STOP");
  const int before = contents()["inspected"].get<int>();
  const std::string out = scratch_.path("out");
  // Its handler does not have the call begun again.
  Running reading{{"perl", "-e",
                   "$SIG{USR1} = sub {}; open(F, '<', $ARGV[0]) or die; open(O, '>', $ARGV[1]);"
                   " print O <F>;",
                   in_mnt("b"), out}};
  EXPECT_TRUE(soon([&] { return contents()["inspected"].get<int>() > before; }));
  ::kill(reading.pid(), SIGUSR1);
  ::usleep(100'000);
  signal_workers(daemon, "CONT");
  EXPECT_EQ(reading.wait(), 0);
  EXPECT_EQ(read_file(out), redacted());
}

TEST_F(Content, whoever_waits_for_an_inspection_can_be_interrupted) {
  scratch_.file("lower/a", with_secret());
  scratch_.file("lower/b", with_secret());
  std::string rules{kRules};
  rules.replace(rules.find("20s"), 3, "60s");
  const Finished mounted =
      sluice({"mount", lower_, mnt_, "--policy", policy(rules), "--as", "agent"});
  ASSERT_EQ(mounted.status, 0) << mounted.err;
  EXPECT_EQ(read_file(in_mnt("a")), redacted());
  signal_workers(status_of(mnt_)["pid"].get<int>(), "STOP");
  const int before = contents()["inspected"].get<int>();
  Running reading{{"cat", in_mnt("b")}};
  EXPECT_TRUE(soon([&] { return contents()["inspected"].get<int>() > before; }));
  ::kill(reading.pid(), SIGINT);
  EXPECT_EQ(reading.wait(), 128 + SIGINT);
  // The one that it waited for is gone, and another one answers.
  EXPECT_EQ(read_file(in_mnt("b")), redacted());
}

std::ptrdiff_t threads_of(int process) {
  const auto threads = "/proc/" + std::to_string(process) + "/task";
  return std::distance(std::filesystem::directory_iterator{threads}, {});
}

TEST_F(Content, who_waits_for_inspections_does_not_hold_up_others) {
  constexpr int kMany = 100;  // more than there are threads to serve
  scratch_.file("lower/first", with_secret());
  scratch_.file("lower/other", "");
  for (int i = 0; i < kMany; ++i) {
    scratch_.file("lower/" + std::to_string(i), with_secret() + std::to_string(i) + "\n");
  }
  std::string rules{kRules};
  rules.replace(rules.find("20s"), 3, "60s");
  const Finished mounted =
      sluice({"mount", lower_, mnt_, "--policy", policy(rules), "--as", "agent"});
  ASSERT_EQ(mounted.status, 0) << mounted.err;
  EXPECT_EQ(read_file(in_mnt("first")), redacted());
  const int daemon = status_of(mnt_)["pid"].get<int>();
  // Those that would start more workers as well.
  const auto signal_all = [&](const std::string& signal) {
    shell("for p in $(pgrep -P " + std::to_string(daemon) + "); do kill -" + signal +
          " $p; pkill -" + signal + " -P $p; done");
  };
  signal_all("STOP");
  Running reading{{"sh", "-c",
                   "for i in $(seq 0 " + std::to_string(kMany - 1) + "); do cat " + mnt_ +
                       "/$i >/dev/null & done; wait"}};
  EXPECT_TRUE(soon([&] { return threads_of(daemon) > kMany; })) << threads_of(daemon);
  struct stat stat {};
  EXPECT_EQ(::stat(in_mnt("other").c_str(), &stat), 0);
  signal_all("CONT");
  EXPECT_EQ(reading.wait(), 0);
}

TEST_F(Content, explain_tells_what_was_found_and_where_never_what) {
  scratch_.file("lower/settings", with_secret());
  const Finished told = sluice({"explain", "--policy", policy(kRules), "--as", "agent", "--over",
                                lower_, in_lower("settings")});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_NE(told.out.find("read redact"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("found: line 2: sekret"), std::string::npos) << told.out;
  EXPECT_EQ(told.out.find(kSecret), std::string::npos);
}

}  // namespace
}  // namespace sluice::test
