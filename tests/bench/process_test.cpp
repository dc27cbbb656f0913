// SPDX-License-Identifier: MIT
#include "sluice/bench/process.h"

#include <gtest/gtest.h>

#include "sluice/bench/worker.h"
#include "support.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

Command shell(std::string line) { return {.arguments = {"/bin/sh", "-c", std::move(line)}}; }

TEST(RunProcess, gives_what_was_written_and_the_exit_code) {
  auto finished = run_process(shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(finished) << finished.error().line();
  EXPECT_EQ(finished->out, "out\n");
  EXPECT_EQ(finished->err, "err\n");
  EXPECT_EQ(finished->exit_code, 7);
}

TEST(RunProcess, a_death_by_signal_is_told_as_shells_tell_it) {
  auto finished = run_process(shell("kill -TERM $$"));
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 128 + SIGTERM);
}

TEST(RunProcess, a_program_that_is_missing_is_enoent) {
  auto finished = run_process({.arguments = {"sluice-no-such-program"}});
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().cause(), Errno{ENOENT});
  EXPECT_EQ(finished.error().line(),
            "cannot run `sluice-no-such-program`: no such file or directory");
}

TEST(RunProcess, one_that_takes_too_long_is_killed_with_its_children) {
  std::string file = testing::TempDir() + "/bench-child-pid";
  Command command = shell("sleep 60 & echo $! >" + file + "; wait");
  command.timeout = 300ms;
  auto begin = Clock::now();
  auto finished = run_process(command);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().cause(), Errno{ETIMEDOUT});
  EXPECT_LT(Clock::now() - begin, 10s);
  auto pid = run_process({.arguments = {"cat", file}});
  ASSERT_TRUE(pid);
  EXPECT_TRUE(gone_soon(std::stoi(pid->out)));
  ::unlink(file.c_str());
}

TEST(RunProcess, does_not_wait_for_a_daemon_that_kept_its_output_and_does_not_kill_it) {
  Command command = shell("sleep 60 & echo $!");
  command.timeout = 30s;
  auto begin = Clock::now();
  auto finished = run_process(command);
  ASSERT_TRUE(finished) << finished.error().line();
  EXPECT_LT(Clock::now() - begin, 10s);
  pid_t daemon = std::stoi(finished->out);
  EXPECT_EQ(::kill(daemon, 0), 0);
  ::kill(daemon, SIGKILL);
}

TEST(RunProcess, reads_on_when_more_is_written_than_is_kept) {
  auto finished = run_process(shell("head -c 9000000 /dev/zero; echo end >&2"));
  ASSERT_TRUE(finished) << finished.error().line();
  EXPECT_EQ(finished->out.size(), 4u << 20);
  EXPECT_EQ(finished->err, "end\n");
}

TEST(RunProcess, passes_variables_in_place_of_those_that_are_there) {
  ::setenv("SLUICE_BENCH_TEST", "old", 1);
  Command command = shell("echo $SLUICE_BENCH_TEST; env | grep -c SLUICE_BENCH_TEST");
  command.environment = {"SLUICE_BENCH_TEST=new"};
  auto finished = run_process(command);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->out, "new\n1\n");
}

TEST(RunProcess, a_stop_ends_it_unless_it_is_not_to_be_heeded) {
  StopSignals signals;
  ::raise(SIGTERM);
  auto finished = run_process(shell("sleep 60"));
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().cause(), Errno{EINTR});
  EXPECT_EQ(StopSignals::received(), SIGTERM);
  Command teardown = shell("echo done");
  teardown.heed = Heed::nothing;
  EXPECT_EQ(run_process(teardown)->out, "done\n");
}

TEST(RunProcess, children_have_default_signals_although_we_take_them) {
  StopSignals signals;
  auto finished = run_process(shell("kill -PIPE $$; echo alive"));
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 128 + SIGPIPE);
}

TEST(RunWell, gives_the_programs_own_last_line_as_the_reason) {
  auto finished = run_well(shell("echo first >&2; echo 'disk on fire' >&2; exit 1"));
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().line(), "`/bin/sh` failed: disk on fire");
}

TEST(LastLine, is_short_and_printable) {
  EXPECT_EQ(last_line("a\n  b\x1b[1mc \n\n"), "b [1mc");
  EXPECT_EQ(last_line(" \n\t\n"), "");
  EXPECT_EQ(last_line(std::string(500, 'x')).size(), 200u);
}

TEST(RunApart, gives_numbers_or_the_error_with_its_cause) {
  Work work{.body = [](const Steps&) -> Result<Numbers, Error> { return Numbers{1.5, -2}; }};
  EXPECT_EQ(run_apart(work), (Numbers{1.5, -2}));
  work.body = [](const Steps&) -> Result<Numbers, Error> { return fail(Error{"no luck", ESTALE}); };
  auto result = run_apart(work);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().line(), "no luck");
  EXPECT_EQ(result.error().cause(), Errno{ESTALE});
}

TEST(RunApart, pauses_are_seen_between_the_steps) {
  int pauses = 0;
  Work work;
  work.body = [](const Steps& steps) -> Result<Numbers, Error> {
    steps.pause();
    steps.pause();
    return Numbers{};
  };
  work.at_pause = [&]() -> Result<void, Error> {
    ++pauses;
    return {};
  };
  EXPECT_TRUE(run_apart(work));
  EXPECT_EQ(pauses, 2);
}

TEST(RunApart, one_that_dies_or_hangs_is_an_error_in_time) {
  Work work;
  work.body = [](const Steps&) -> Result<Numbers, Error> { ::_exit(3); };
  auto died = run_apart(work);
  ASSERT_FALSE(died);
  EXPECT_EQ(died.error().cause(), Errno{EIO});
  work.timeout = 200ms;
  work.body = [](const Steps&) -> Result<Numbers, Error> {
    std::this_thread::sleep_for(60s);
    return Numbers{};
  };
  auto hung = run_apart(work);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().cause(), Errno{ETIMEDOUT});
}

}  // namespace
}  // namespace sluice::bench
