// SPDX-License-Identifier: MIT
// Verdicts: what is known is not asked again, and nothing is taken for known that may have changed
// while somebody looked.
#include "sluice/content/verdicts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "disk.h"
#include "support.h"

namespace sluice::content {
namespace {

using namespace std::chrono_literals;
using policy::ContentSet;

// Finds `token` where the bytes have kToken in them. What else is to happen meanwhile is said.
class FakeFinder : public Finder {
 public:
  Findings find(SetIndex, int fd, std::uint64_t size, std::string_view,
                const Interrupted&) override {
    int number = 0;
    std::function<void(int)> then;
    {
      const std::lock_guard lock{mutex_};
      number = ++asked_;
      then = meanwhile_;
    }
    std::string text = read_fd(fd);
    if (then) then(number);
    if (answer_) return *answer_;
    if (text.size() < size) return nothing_known(Outcome::failed, "it is shorter now");
    Findings found;
    found.outcome = Outcome::whole;
    if (text.find(kToken) != std::string::npos) found.detectors = {"token"};
    return found;
  }
  Redacted redact(ContentSet, policy::With, int, std::uint64_t, std::string_view,
                  const Interrupted&) override {
    return {};
  }

  int asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  // Called after the file was read and before the answer is given. number: of the question, from 1
  void meanwhile(std::function<void(int)> then) {
    const std::lock_guard lock{mutex_};
    meanwhile_ = std::move(then);
  }
  void answer(Outcome outcome) { answer_ = nothing_known(outcome, "as the test wants it"); }
  void answer_truly() { answer_.reset(); }

 private:
  mutable std::mutex mutex_;  // guards both
  int asked_ = 0;
  std::function<void(int)> meanwhile_;
  std::optional<Findings> answer_;
};

// As a policy has it.
ContentSet token() { return ContentSet{content_id(0)}; }

const std::shared_ptr<const Detection>& tokens() {
  static const auto kDetection =
      detection_of({.contents = {"token"}, .detectors = {token_detector()}});
  return kDetection;
}

class VerdictsTest : public testing::Test {
 protected:
  VerdictsTest() { write_settled(path, fmt::format("here is {}\n", kToken)); }

  std::unique_ptr<Verdicts> start(VerdictsOptions options = {}) {
    return std::make_unique<Verdicts>(tokens(), finder, std::move(options));
  }
  VerdictsOptions in_file() const { return {.cache_file = folder.path("cache/verdicts.sqlite")}; }
  Verdicts::Known ask(Verdicts& verdicts) const {
    const Fd fd = open_to_read(path);
    return verdicts.of(fd.get(), "a", token());
  }
  bool is_known(Verdicts& verdicts, const std::string& file) const {
    const Fd fd{::open(file.c_str(), O_PATH | O_CLOEXEC)};
    return verdicts.known(fd.get(), "a", token()).has_value();
  }

  const Folder folder;
  const std::string path = folder.path("a");
  FakeFinder finder;
};

TEST_F(VerdictsTest, are_found_out_once_and_known_from_then_on) {
  const auto verdicts = start();
  EXPECT_FALSE(is_known(*verdicts, path));
  const auto first = ask(*verdicts);
  EXPECT_EQ(first.contents, token());
  EXPECT_FALSE(first.kept);
  EXPECT_FALSE(first.writers);
  const auto second = ask(*verdicts);
  EXPECT_EQ(second.contents, token());
  EXPECT_TRUE(second.kept);
  EXPECT_EQ(second.version, first.version);
  ASSERT_EQ(second.findings.size(), 1u);
  EXPECT_TRUE(second.findings[0].second->has("token"));
  EXPECT_TRUE(is_known(*verdicts, path));
  EXPECT_EQ(finder.asked(), 1);
}

TEST_F(VerdictsTest, of_nothing_are_had_without_looking) {
  const auto verdicts = start();
  const Fd fd = open_to_read(path);
  const auto known = verdicts->of(fd.get(), "a", {});
  EXPECT_TRUE(known.contents.empty());
  EXPECT_EQ(known.version, *Version::of(fd.get())) << "a face is made of that version";
  EXPECT_TRUE(verdicts->known(fd.get(), "a", {}));
  EXPECT_EQ(finder.asked(), 0);
}

TEST_F(VerdictsTest, of_what_cannot_be_told_apart_have_failed) {
  const auto verdicts = start();
  const Fd directory = open_to_read(folder.path());
  EXPECT_EQ(verdicts->of(directory.get(), "a", token()).contents, ContentSet{policy::kFailed});
  EXPECT_EQ(verdicts->of(-1, "a", token()).contents, ContentSet{policy::kFailed});
  EXPECT_FALSE(verdicts->known(-1, "a", token()));
}

TEST_F(VerdictsTest, outlive_the_process_in_their_file) {
  ask(*start(in_file()));
  ASSERT_EQ(finder.asked(), 1);
  const auto verdicts = start(in_file());
  EXPECT_EQ(verdicts->trouble(), "");
  const auto known = ask(*verdicts);
  EXPECT_EQ(known.contents, token());
  EXPECT_TRUE(known.kept);
  EXPECT_TRUE(is_known(*verdicts, path));
  EXPECT_EQ(finder.asked(), 1);
  EXPECT_EQ(verdicts->stats().from_file, 1u);
}

TEST_F(VerdictsTest, of_another_set_of_detectors_are_found_out_anew) {
  ask(*start(in_file()));
  auto spec = token_detector();
  spec.regex = "tok_[a-z]{9}";
  const auto other = detection_of({.contents = {"token"}, .detectors = {spec}});
  Verdicts verdicts{other, finder, in_file()};
  EXPECT_FALSE(is_known(verdicts, path));
  ask(verdicts);
  EXPECT_EQ(finder.asked(), 2);
}

TEST_F(VerdictsTest, of_a_changed_file_are_found_out_anew) {
  const auto verdicts = start(in_file());
  EXPECT_EQ(ask(*verdicts).contents, token());
  write_settled(path, "here is not_abcdefgh\n");
  EXPECT_FALSE(is_known(*verdicts, path));
  EXPECT_TRUE(ask(*verdicts).contents.empty());
  EXPECT_EQ(finder.asked(), 2);
}

TEST_F(VerdictsTest, are_not_had_by_who_was_interrupted_and_nothing_is_taken_for_known) {
  const auto verdicts = start();
  bool interrupted = false;
  finder.meanwhile([&](int) { interrupted = true; });
  finder.answer(Outcome::failed);
  const Fd fd = open_to_read(path);
  const auto known = verdicts->of(fd.get(), "a", token(), [&] { return interrupted; });
  EXPECT_EQ(known.unanswered, Errno{EINTR});
  EXPECT_FALSE(is_known(*verdicts, path));
  finder.answer_truly();
  const auto again = ask(*verdicts);
  EXPECT_FALSE(again.unanswered);
  EXPECT_EQ(again.contents, token());
}

TEST_F(VerdictsTest, are_not_had_while_nobody_has_time_and_asked_for_again) {
  const auto verdicts = start();
  finder.answer(Outcome::busy);
  EXPECT_EQ(ask(*verdicts).unanswered, Errno{EAGAIN});
  EXPECT_FALSE(is_known(*verdicts, path));
  finder.answer_truly();
  const auto again = ask(*verdicts);
  EXPECT_FALSE(again.unanswered);
  EXPECT_EQ(again.contents, token());
}

// Whoever waited for the one who was interrupted finds it out himself.
TEST_F(VerdictsTest, are_had_by_others_when_the_one_who_looked_was_interrupted) {
  const auto verdicts = start();
  std::atomic<bool> interrupted{false};
  std::thread other;
  Verdicts::Known others;
  finder.meanwhile([&](int number) {
    if (number != 1) return finder.answer_truly();
    other = std::thread{[&] { others = ask(*verdicts); }};
    std::this_thread::sleep_for(20ms);
    interrupted = true;
  });
  finder.answer(Outcome::failed);
  const Fd fd = open_to_read(path);
  const auto known = verdicts->of(fd.get(), "a", token(), [&] { return interrupted.load(); });
  EXPECT_EQ(known.unanswered, Errno{EINTR});
  other.join();
  EXPECT_EQ(others.contents, token());
  EXPECT_FALSE(others.unanswered);
}

TEST_F(VerdictsTest, are_waited_for_no_longer_than_until_an_interrupt) {
  const auto verdicts = start();
  std::atomic<bool> waits{false}, answered{false};
  Verdicts::Known others;
  finder.meanwhile([&](int) {
    std::thread other{[&] {
      const Fd fd = open_to_read(path);
      others = verdicts->of(fd.get(), "a", token(), [&] { return waits.exchange(true); });
      answered = true;
    }};
    EXPECT_TRUE(comes_true([&] { return answered.load(); })) << "before the one who looks is done";
    other.join();
  });
  EXPECT_EQ(ask(*verdicts).contents, token());
  EXPECT_EQ(others.unanswered, Errno{EINTR});
}

TEST_F(VerdictsTest, are_found_out_by_one_for_all_who_ask_at_once) {
  const auto verdicts = start();
  std::atomic<int> ready{0};
  finder.meanwhile([&](int) {
    // Until all have asked, and a little more: those who come later find it known.
    comes_true([&] { return ready == 8; });
    std::this_thread::sleep_for(20ms);
  });
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Fd fd = open_to_read(path);
      ++ready;
      if (verdicts->of(fd.get(), "a", token()).contents == token()) ++right;
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(finder.asked(), 1);
}

TEST_F(VerdictsTest, of_a_file_that_is_open_for_writing_are_not_kept) {
  const auto verdicts = start(in_file());
  {
    const Fd writer{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    const auto known = ask(*verdicts);
    EXPECT_TRUE(known.writers);
    EXPECT_EQ(known.contents, token());
    EXPECT_FALSE(is_known(*verdicts, path));
  }
  const auto known = ask(*verdicts);
  EXPECT_FALSE(known.writers);
  EXPECT_FALSE(known.kept);
  EXPECT_TRUE(is_known(*verdicts, path));
  EXPECT_EQ(finder.asked(), 2);
}

TEST_F(VerdictsTest, of_a_file_that_is_mapped_to_be_written_are_not_kept) {
  const auto verdicts = start(in_file());
  Fd writer{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  void* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  writer.reset();
  // Only the first write to a page changes the file's times.
  std::memcpy(map, "h", 1);
  wait_until_settled(open_to_read(path).get());
  EXPECT_TRUE(ask(*verdicts).writers);
  const Version before = *Version::of(open_to_read(path).get());
  std::memcpy(static_cast<char*>(map) + 8, "not_", 4);
  EXPECT_FALSE(is_known(*verdicts, path));
  const Version after = *Version::of(open_to_read(path).get());
  EXPECT_EQ(after, before) << "if it shows, this test tests nothing";
  EXPECT_TRUE(ask(*verdicts).contents.empty()) << "what is there now is not what was there";
  ::munmap(map, 4096);
}

TEST_F(VerdictsTest, let_whoever_wants_to_write_do_so_at_once_and_are_not_kept_then) {
  if (!Lease::take(open_to_read(path).get())) GTEST_SKIP() << "no leases in /tmp";
  const auto verdicts = start(in_file());
  std::atomic<bool> opened{false};
  std::thread writer;
  finder.meanwhile([&](int number) {
    if (number != 1) return;
    writer = std::thread{[&] {
      const Fd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
      opened = static_cast<bool>(fd);
    }};
    // The answer is not given before he has it open: he does not wait for the answer.
    EXPECT_TRUE(comes_true([&] { return opened.load(); }));
  });
  const auto known = ask(*verdicts);
  writer.join();
  EXPECT_EQ(known.contents, token());
  EXPECT_FALSE(is_known(*verdicts, path)) << "he may have written";
  ask(*verdicts);
  EXPECT_EQ(finder.asked(), 2);
}

TEST_F(VerdictsTest, of_a_file_that_changes_meanwhile_are_of_the_new_version) {
  const auto verdicts = start();
  write_settled(path, "here is nothing yet\n");
  finder.meanwhile([&](int number) {
    if (number == 1) write_text(path, fmt::format("now it is {}\n", kToken));
  });
  const auto known = ask(*verdicts);
  EXPECT_EQ(known.contents, token());
  EXPECT_EQ(known.version, *Version::of(open_to_read(path).get()));
  EXPECT_EQ(finder.asked(), 2);
}

TEST_F(VerdictsTest, of_a_file_that_never_stops_changing_have_failed) {
  const auto verdicts = start();
  finder.meanwhile([&](int number) {
    write_text(path, std::string(static_cast<std::size_t>(number + 50), 'x'));
  });
  const auto known = ask(*verdicts);
  EXPECT_TRUE(known.contents.has(policy::kFailed));
  EXPECT_EQ(finder.asked(), 3);
  EXPECT_FALSE(is_known(*verdicts, path));
}

// Between the change and the look no tick of the clock may lie: a change after the look would give
// the same time. However long looking takes.
TEST_F(VerdictsTest, of_a_file_that_was_changed_just_before_are_not_kept) {
  const auto verdicts = start();
  finder.meanwhile([](int) { std::this_thread::sleep_for(3 * Version::kGrain); });
  for (int i = 0; i < 3; ++i) {
    write_text(path, fmt::format("{} {}\n", kToken, i));
    EXPECT_EQ(ask(*verdicts).contents, token());
    EXPECT_FALSE(is_known(*verdicts, path));
  }
}

TEST_F(VerdictsTest, that_took_too_long_are_tried_again) {
  const auto verdicts = start(in_file());
  finder.answer(Outcome::timed_out);
  EXPECT_TRUE(ask(*verdicts).contents.has(policy::kTimedOut));
  finder.answer_truly();
  EXPECT_EQ(ask(*verdicts).contents, token());
  EXPECT_EQ(finder.asked(), 2);
}

TEST_F(VerdictsTest, of_what_is_too_big_are_kept_in_memory_alone) {
  finder.answer(Outcome::too_big);
  {
    const auto verdicts = start(in_file());
    EXPECT_TRUE(ask(*verdicts).contents.has(policy::kTooBig));
    EXPECT_TRUE(ask(*verdicts).contents.has(policy::kTooBig));
    EXPECT_EQ(finder.asked(), 1);
  }
  finder.answer_truly();
  EXPECT_EQ(ask(*start(in_file())).contents, token());
}

// Workers may be there again, and what one died of may have been something else.
TEST_F(VerdictsTest, that_failed_are_tried_again_after_a_while) {
  const auto verdicts = start(in_file());
  finder.answer(Outcome::failed);
  EXPECT_TRUE(ask(*verdicts).contents.has(policy::kFailed));
  EXPECT_TRUE(ask(*verdicts).contents.has(policy::kFailed));
  EXPECT_EQ(finder.asked(), 1) << "not with every open";
  finder.answer_truly();
  EXPECT_TRUE(comes_true([&] { return ask(*verdicts).contents == token(); }));
}

TEST_F(VerdictsTest, depend_on_the_path_only_where_the_set_does) {
  const auto listed =
      detection_of({.contents = {"list"}, .detectors = {manifest_detector("list", "a\t0\t4\n")}});
  const auto both = {&tokens(), &listed};
  std::vector<int> asked;
  for (const auto* detection : both) {
    FakeFinder own;
    Verdicts verdicts{*detection, own, {}};
    const Fd fd = open_to_read(path);
    for (const char* name : {"a", "b", "a", "b"}) verdicts.of(fd.get(), name, token());
    asked.push_back(own.asked());
  }
  EXPECT_EQ(asked, (std::vector<int>{1, 2}));
}

TEST_F(VerdictsTest, are_found_out_later_without_anybody_waiting) {
  const auto verdicts = start(in_file());
  write_text(path, fmt::format("just written {}\n", kToken));
  verdicts->later(open_to_read(path), "a", token());
  EXPECT_TRUE(comes_true([&] { return is_known(*verdicts, path); }))
      << "it is settled by the time it is looked into";
  const int asked = finder.asked();
  verdicts->later(open_to_read(path), "a", token());
  EXPECT_TRUE(comes_true([&] { return verdicts->stats().later >= 1; }));
  EXPECT_TRUE(ask(*verdicts).kept);
  EXPECT_EQ(finder.asked(), asked);
}

TEST_F(VerdictsTest, wanted_later_are_forgotten_where_there_are_too_many) {
  const auto verdicts = start();
  std::atomic<bool> go{false};
  finder.meanwhile([&](int) { comes_true([&] { return go.load(); }); });
  for (int i = 0; i < 3000; ++i) {
    const std::string each = folder.path(fmt::format("f{}", i % 10));
    if (i < 10) write_text(each, "text");
    verdicts->later(open_to_read(each), fmt::format("f{}", i), token());
  }
  const auto descriptors = std::distance(std::filesystem::directory_iterator{"/proc/self/fd"},
                                         std::filesystem::directory_iterator{});
  EXPECT_LT(descriptors, 1000) << "each that waits has a descriptor";
  go = true;
}

TEST_F(VerdictsTest, in_memory_are_those_of_late) {
  constexpr int kMany = 2000;
  constexpr int kRows = 1024;
  const auto verdicts = start({.memory_rows = kRows});
  const auto file = [&](int i) { return folder.path(fmt::format("many{}", i)); };
  for (int i = 0; i < kMany; ++i) write_text(file(i), "text");
  wait_until_settled(open_to_read(file(kMany - 1)).get());
  for (int i = 0; i < kMany; ++i) {
    const Fd fd = open_to_read(file(i));
    verdicts->of(fd.get(), "a", token());
    ask(*verdicts);  // of the one file that is always in use
  }
  EXPECT_EQ(finder.asked(), kMany + 1) << "what is in use stays";
  int known = 0;
  for (int i = 0; i < kMany; ++i) known += is_known(*verdicts, file(i)) ? 1 : 0;
  EXPECT_LE(known, kRows);
  for (int i = kMany - 32; i < kMany; ++i) EXPECT_TRUE(is_known(*verdicts, file(i))) << i;
}

}  // namespace
}  // namespace sluice::content
