// SPDX-License-Identifier: MIT
// The inspector as its users see it, with its real processes: answers, and whatever goes wrong.
#include "sluice/content/inspector.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "processes.h"
#include "support.h"

namespace sluice::content {
namespace {

using namespace std::chrono_literals;

const Asked kTokens{.contents = {"token"}, .detectors = {token_detector()}};
constexpr SetIndex kFirst{0};
constexpr std::uint64_t kEndless = std::uint64_t{1} << 42;

Findings found(Inspector& inspector, std::string_view text, std::string_view path = "file") {
  return inspector.find(kFirst, file_of(text).get(), text.size(), path);
}

// Something that takes longer than any test waits.
Redacted redact_endlessly(Inspector& inspector) {
  const Fd file = hole_of(kEndless);
  return inspector.redact({}, policy::With::all, file.get(), kEndless, "file");
}

bool answers(Inspector& inspector) {
  const Findings findings = found(inspector, "key tok_abcdefgh");
  return findings.outcome == Outcome::whole && findings.has("token");
}

TEST(Inspector, finds_what_is_there) {
  const auto inspector = inspector_of(kTokens);
  const Findings findings = found(*inspector, "a\nkey tok_abcdefgh");
  EXPECT_EQ(findings.outcome, Outcome::whole) << findings.why;
  EXPECT_EQ(findings.detectors, std::vector<std::string>{"token"});
  ASSERT_EQ(findings.spots.size(), 1u);
  EXPECT_EQ(findings.spots[0], (Spot{0, 6, 12, 2}));
  EXPECT_FALSE(found(*inspector, "nothing").found());
  EXPECT_FALSE(found(*inspector, "").found());
}

TEST(Inspector, redacts_what_is_asked_for) {
  const Asked asked{.contents = {"positions", "token"}, .detectors = {token_detector()}};
  const auto inspector = inspector_of(asked);
  const std::string_view text = "A=tok_abcdefgh\n";
  const auto redact = [&](policy::ContentSet contents, policy::With with) {
    const auto answer = inspector->redact(contents, with, file_of(text).get(), text.size(), ".env");
    EXPECT_EQ(answer.outcome, Outcome::whole) << answer.why;
    return redacted(text, answer.redaction);
  };
  EXPECT_EQ(redact({content_id(1)}, policy::With::nothing), "A=xxxxxxxxxxxx\n");
  EXPECT_EQ(redact({content_id(0)}, policy::With::nothing), text);
  EXPECT_EQ(redact({}, policy::With::values), "A=xxxxxxxxxxxx\n");
  EXPECT_EQ(redact({}, policy::With::all), "xxxxxxxxxxxxxx\n");
  EXPECT_EQ(redact({}, policy::With::nothing), text);
}

TEST(Inspector, gives_redactions_that_are_larger_than_a_packet) {
  const auto inspector = inspector_of(kTokens);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line of tok_abcdefgh\n";
  const auto answer = inspector->redact({content_id(0)}, policy::With::nothing, file_of(text).get(),
                                        text.size(), "file");
  ASSERT_EQ(answer.outcome, Outcome::whole) << answer.why;
  const std::string without = redacted(text, answer.redaction);
  EXPECT_EQ(without.find("tok_"), without.npos);
  EXPECT_EQ(answer.redaction.patched(), 20'000u * 12);
}

TEST(Inspector, does_not_read_what_is_too_big) {
  Asked asked = kTokens;
  asked.too_big_over = 10;
  const auto inspector = inspector_of(asked);
  const Findings findings = inspector->find(kFirst, -1, 11, "file");
  EXPECT_EQ(findings.outcome, Outcome::too_big);
  EXPECT_EQ(inspector->redact({content_id(0)}, policy::With::nothing, -1, 11, "").outcome,
            Outcome::too_big);
  EXPECT_EQ(found(*inspector, "0123456789").outcome, Outcome::whole);
}

TEST(Inspector, answers_for_sizes_without_a_file) {
  const auto inspector =
      inspector_of({.contents = {"large"}, .detectors = {larger_detector("large", 100)}});
  EXPECT_TRUE(inspector->find(kFirst, -1, 101, "").has("large"));
  EXPECT_EQ(inspector->find(kFirst, -1, 100, "").detectors.size(), 0u);
}

TEST(Inspector, refuses_what_is_no_file_and_what_is_no_set) {
  const auto inspector = inspector_of(kTokens);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Fd in{ends[0]}, out{ends[1]};
  EXPECT_EQ(inspector->find(kFirst, in.get(), 10, "").outcome, Outcome::failed);
  EXPECT_EQ(inspector->find(kFirst, -1, 10, "").outcome, Outcome::failed);
  EXPECT_EQ(inspector->find(SetIndex{7}, in.get(), 10, "").outcome, Outcome::failed);
  EXPECT_TRUE(answers(*inspector));
}

TEST(Inspector, tells_a_file_that_became_shorter) {
  const auto inspector = inspector_of(kTokens);
  const Fd file = file_of("short");
  const Findings findings = inspector->find(kFirst, file.get(), 1000, "file");
  EXPECT_EQ(findings.outcome, Outcome::failed);
  EXPECT_NE(findings.why.find("shorter"), std::string::npos) << findings.why;
}

TEST(Inspector, ends_a_worker_that_takes_too_long_and_answers_the_next) {
  const auto inspector = inspector_of(kTokens, {.workers = 1, .deadline = 100ms});
  const auto parent = inspector->processes().parent;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(redact_endlessly(*inspector).outcome, Outcome::timed_out);
    EXPECT_EQ(inspector->processes().workers.size(), 0u);
  }
  EXPECT_TRUE(becomes_true([&] { return answers(*inspector); }));
  EXPECT_EQ(inspector->processes().parent, parent);
  EXPECT_EQ(inspector->stats().timed_out >= 3, true);
  EXPECT_EQ(inspector->stats().restarted, 0u);
}

TEST(Inspector, a_killed_worker_is_a_failed_answer_and_the_next_is_good) {
  const auto inspector = inspector_of(kTokens, {.workers = 1});
  ASSERT_TRUE(answers(*inspector));
  const pid_t worker = inspector->processes().workers.at(0);
  Redacted answer;
  std::thread asking{[&] { answer = redact_endlessly(*inspector); }};
  EXPECT_TRUE(becomes_true([&] { return inspector->stats().asked == 2; }));
  EXPECT_EQ(::kill(worker, SIGKILL), 0);
  asking.join();
  EXPECT_EQ(answer.outcome, Outcome::failed);
  EXPECT_EQ(answer.why, "the inspector ended without an answer");
  EXPECT_TRUE(answers(*inspector));
  EXPECT_NE(inspector->processes().workers.at(0), worker);
}

TEST(Inspector, a_worker_that_was_killed_while_nobody_asked_is_replaced_unnoticed) {
  const auto inspector = inspector_of(kTokens, {.workers = 1});
  ASSERT_TRUE(answers(*inspector));
  const pid_t worker = inspector->processes().workers.at(0);
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(worker); }));
  EXPECT_TRUE(answers(*inspector));
}

TEST(Inspector, starts_anew_when_the_process_that_forks_was_killed) {
  const auto inspector = inspector_of(kTokens, {.workers = 2});
  ASSERT_TRUE(answers(*inspector));
  const auto before = inspector->processes();
  ASSERT_EQ(::kill(before.parent, SIGKILL), 0);
  // Workers go with it.
  EXPECT_TRUE(becomes_true([&] { return !is_alive(before.workers.at(0)); }));
  EXPECT_TRUE(answers(*inspector));
  EXPECT_NE(inspector->processes().parent, before.parent);
  EXPECT_EQ(inspector->stats().restarted, 1u);
}

TEST(Inspector, answers_many_threads_at_once) {
  const auto inspector = inspector_of(kTokens, {.workers = 3});
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const bool has = (i + t) % 2 == 0;
        const std::string text = std::string(static_cast<std::size_t>(i * 50), 'a') +
                                 (has ? " tok_abcdefgh" : " nothing");
        const Findings findings = found(*inspector, text);
        if (findings.outcome == Outcome::whole && findings.found() == has) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 800);
  EXPECT_LE(inspector->processes().workers.size(), 3u);
  EXPECT_EQ(inspector->stats().died, 0u);
}

TEST(Inspector, tells_that_all_are_busy_when_none_becomes_free) {
  const auto inspector = inspector_of(kTokens, {.workers = 1, .queue_wait = 50ms});
  ASSERT_TRUE(answers(*inspector));
  const pid_t worker = inspector->processes().workers.at(0);
  Redacted answer;
  std::thread asking{[&] { answer = redact_endlessly(*inspector); }};
  EXPECT_TRUE(becomes_true([&] { return inspector->stats().asked == 2; }));
  const Findings findings = found(*inspector, "text");
  EXPECT_EQ(findings.outcome, Outcome::busy);
  EXPECT_EQ(findings.why, "all inspectors are busy");
  EXPECT_EQ(inspector->stats().busy, 1u);
  ::kill(worker, SIGKILL);
  asking.join();
}

TEST(Inspector, leaks_no_descriptors_and_no_processes) {
  const auto inspector = inspector_of(kTokens, {.workers = 2});
  ASSERT_TRUE(answers(*inspector));
  const auto processes = inspector->processes();
  const std::size_t own = own_files(), of_parent = files_of(processes.parent).size(),
                    of_worker = files_of(processes.workers.at(0)).size();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(answers(*inspector));
  for (int i = 0; i < 20; ++i) {
    ::kill(inspector->processes().workers.at(0), SIGKILL);
    ASSERT_TRUE(becomes_true([&] { return answers(*inspector); }));
  }
  EXPECT_EQ(own_files(), own);
  EXPECT_EQ(files_of(processes.parent).size(), of_parent);
  EXPECT_EQ(files_of(inspector->processes().workers.at(0)).size(), of_worker);
}

TEST(Inspector, takes_its_processes_with_it) {
  auto inspector = inspector_of(kTokens, {.workers = 2});
  ASSERT_TRUE(answers(*inspector));
  const auto processes = inspector->processes();
  inspector.reset();
  EXPECT_EQ(status_of(processes.parent, "State"), "");
  EXPECT_TRUE(becomes_true([&] { return !is_alive(processes.workers.at(0)); }));
}

TEST(Inspector, ends_when_whoever_started_it_is_killed) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd in{ends[0]};
  Fd out{ends[1]};
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    const auto inspector = inspector_of(kTokens);
    answers(*inspector);
    const auto processes = inspector->processes();
    const std::array<pid_t, 2> pids{processes.parent, processes.workers.at(0)};
    if (::write(out.get(), pids.data(), sizeof pids) < 0) ::_exit(1);
    redact_endlessly(*inspector);
    ::_exit(0);
  }
  out.reset();
  std::array<pid_t, 2> pids{};
  ASSERT_EQ(::read(in.get(), pids.data(), sizeof pids), static_cast<ssize_t>(sizeof pids));
  EXPECT_TRUE(is_alive(pids[0]) && is_alive(pids[1]));
  ASSERT_EQ(::kill(daemon, SIGKILL), 0);
  ::waitpid(daemon, nullptr, 0);
  for (const pid_t pid : pids) EXPECT_TRUE(becomes_true([&] { return !is_alive(pid); })) << pid;
  ::waitpid(pids[0], nullptr, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

TEST(Inspector, says_what_is_wrong_with_a_program_that_is_not_it) {
  const policy::Program program = program_of(kTokens);
  const auto start = [&](const std::string& path) {
    const auto inspector = Inspector::start(*Detection::make(program), program, {.program = path});
    return inspector ? "" : inspector.error().line();
  };
  EXPECT_EQ(start("/nowhere/sluice-inspector"),
            "cannot start `/nowhere/sluice-inspector`: no such file or directory");
  EXPECT_NE(start("/bin/true").find("`/bin/true`"), std::string::npos);
}

}  // namespace
}  // namespace sluice::content
