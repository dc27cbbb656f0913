// SPDX-License-Identifier: MIT
// What passes through: status, signals, streams, directory, environment; and what ends with it.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Run);

TEST_P(Run, the_command_sees_the_view_and_not_the_lower) {
  const Scratch scratch{GetParam()};
  const Ran ran = shell(scratch, "cat " + scratch.tree("shown.txt") + "; ls " + scratch.tree(),
                        setting());
  EXPECT_EQ(ran.status, 0) << ran.err << ran.error;
  EXPECT_EQ(ran.out, "shownin\nshown.txt\n");
}

TEST_P(Run, the_exit_status_is_the_commands_own) {
  const Scratch scratch{GetParam()};
  for (const int status : {0, 1, 42, 255}) {
    EXPECT_EQ(shell(scratch, "exit " + std::to_string(status), setting()).status, status);
  }
}

TEST_P(Run, a_command_that_a_signal_ended_gives_128_and_its_number) {
  const Scratch scratch{GetParam()};
  EXPECT_EQ(shell(scratch, "kill -TERM $$", setting()).status, 128 + SIGTERM);
  EXPECT_EQ(shell(scratch, "kill -KILL $$", setting()).status, 128 + SIGKILL);
}

TEST_P(Run, a_command_that_is_not_there_gives_127_and_one_that_is_no_program_126) {
  const Scratch scratch{GetParam()};
  const Ran absent = confined(scratch, {"/no/such/program"}, setting());
  EXPECT_EQ(absent.status, 127);
  EXPECT_EQ(absent.why,
            "cannot execute `/no/such/program` inside: no such file or directory");
  EXPECT_EQ(confined(scratch, {"/etc/passwd"}, setting()).status, 126);
  Setting plain = setting();
  plain.before = [] { ::setenv("PATH", "/usr/bin:/bin", 1); };
  EXPECT_EQ(confined(scratch, {"no-such-program-in-path"}, plain).status, 127);
}

TEST_P(Run, standard_input_and_output_are_the_callers_pipes) {
  const Scratch scratch{GetParam()};
  Setting piped = setting();
  piped.before = [] {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(97);
    static_cast<void>(!::write(ends[1], "through", 7));
    ::dup2(ends[0], 0);
    ::close(ends[0]);
    ::close(ends[1]);
  };
  const Ran ran = shell(scratch, "cat; echo no >&2", piped);
  EXPECT_EQ(ran.out, "through");
  EXPECT_EQ(ran.err, "no\n");
}

TEST_P(Run, a_signal_sent_to_the_caller_reaches_the_command) {
  const Scratch scratch{GetParam()};
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
    Running running{scratch,
                    {"/bin/bash", "-c",
                     "trap 'echo got; exit 5' TERM INT HUP USR1; echo ready; "
                     "while :; do sleep 0.05; done"},
                    setting()};
    ASSERT_TRUE(running.says("ready"));
    ::kill(running.pid(), number);
    const Ran ran = running.finish();
    EXPECT_EQ(ran.status, 5) << number << ran.error;
    EXPECT_EQ(ran.out, "ready\ngot\n");
  }
}

TEST_P(Run, a_stopped_command_stops_the_caller_and_goes_on_with_it) {
  const Scratch scratch{GetParam()};
  Running running{scratch, {"/bin/sh", "-c", "echo ready; kill -STOP $$; echo on"}, setting()};
  ASSERT_TRUE(running.says("ready"));
  int status = 0;
  ASSERT_EQ(::waitpid(running.pid(), &status, WUNTRACED), running.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  // As a shell does: the whole group, of which the command is one.
  const pid_t group = ::getpgid(running.pid());
  ASSERT_EQ(group, ::getpgrp());
  ::kill(0, SIGCONT);
  EXPECT_EQ(running.finish().out, "ready\non\n");
}

// Gives the pids that hold the scratch folder's mark in their command line.
std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> pids;
  for (pid_t pid = 2; pid < 4'194'304; ++pid) {
    if (pid > 65'536) break;
    const std::string words = read_file("/proc/" + std::to_string(pid) + "/cmdline");
    if (words.find(mark) != std::string::npos && pid != ::getpid()) pids.push_back(pid);
  }
  return pids;
}

bool all_gone_soon(const std::string& mark) {
  for (int turn = 0; turn < 200; ++turn) {
    if (marked(mark).empty()) return true;
    ::usleep(50'000);
  }
  return false;
}

TEST_P(Run, all_inside_dies_when_the_caller_is_killed) {
  const Scratch scratch{GetParam()};
  const std::string mark = "mark-" + scratch.path().substr(18);
  Running running{scratch,
                  {"/bin/sh", "-c", "(setsid sleep 1000; :) & echo ready; sleep 1000; :", mark},
                  setting()};
  ASSERT_TRUE(running.says("ready"));
  ASSERT_FALSE(marked(mark).empty());
  ::kill(running.pid(), SIGKILL);
  EXPECT_TRUE(all_gone_soon(mark));
}

TEST_P(Run, what_the_command_leaves_running_dies_with_it) {
  const Scratch scratch{GetParam()};
  const std::string mark = "mark-" + scratch.path().substr(18);
  const Ran ran = confined(
      scratch, {"/bin/bash", "-c", "setsid bash -c 'sleep 1000; :' \"$0\" >&- 2>&- & sleep 0.1",
                mark},
      setting());
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(marked(mark).empty());
}

TEST_P(Run, nothing_that_was_mounted_is_seen_outside_and_none_of_it_stays) {
  const Scratch scratch{GetParam()};
  const std::string before = read_file("/proc/self/mountinfo");
  Running running{scratch, {"/bin/sh", "-c", "echo ready; sleep 1000"}, setting()};
  ASSERT_TRUE(running.says("ready"));
  const std::string tree = read_file("/proc/self/mountinfo");
  EXPECT_EQ(tree.find(scratch.path()), std::string::npos);
  EXPECT_EQ(read_file(scratch.tree("secret.txt")), "secret");
}

TEST_P(Run, the_working_directory_is_looked_up_again_inside) {
  const Scratch scratch{GetParam()};
  Setting in = setting();
  in.plan = [](Plan& plan) { plan.directory.clear(); };
  in.before = [&] {
    if (::chdir(scratch.tree("in").c_str()) != 0) ::_exit(97);
  };
  const Ran ran = shell(scratch, "pwd; ls; ls ..; cat ../secret.txt deep.txt", in);
  EXPECT_EQ(ran.out, scratch.tree("in") + "\nin\nshown.txt\n");
  EXPECT_NE(ran.status, 0);
}

TEST_P(Run, a_working_directory_that_is_not_there_inside_is_refused_in_one_line) {
  const Scratch scratch{GetParam()};
  ASSERT_EQ(::mkdir(scratch.tree("only-lower").c_str(), 0755), 0);
  Setting in = setting();
  in.plan = [&](Plan& plan) { plan.directory = scratch.tree("only-lower"); };
  const Ran ran = shell(scratch, "echo ran", in);
  EXPECT_EQ(ran.status, -2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.error, "the working directory `" + scratch.tree("only-lower") +
                           "` cannot be entered inside: no such file or directory; start from "
                           "another one");
}

TEST_P(Run, the_environment_is_filtered_and_the_report_names_what_was_removed) {
  const Scratch scratch{GetParam()};
  Setting with = setting();
  with.before = [] {
    ::clearenv();
    ::setenv("PATH", "/usr/bin:/bin", 1);
    ::setenv("HOME", "/", 1);
    ::setenv("GITHUB_TOKEN", "x", 1);
    ::setenv("AWS_PROFILE", "x", 1);
    ::setenv("MINE", "x", 1);
    ::setenv("PLAIN", "kept", 1);
  };
  with.plan = [](Plan& plan) {
    plan.environment.keep = {"AWS_PROFILE"};
    plan.environment.remove = {"MI*"};
  };
  with.starting = [](const Report& report) {
    for (const std::string& name : report.removed_variables)
      static_cast<void>(!::write(2, (name + "\n").data(), name.size() + 1));
  };
  const Ran ran = shell(scratch, "env | grep -v -e ^_ -e ^PWD -e ^SHLVL -e ^OLDPWD | sort", with);
  EXPECT_EQ(ran.out, "AWS_PROFILE=x\nHOME=/\nPATH=/usr/bin:/bin\nPLAIN=kept\n");
  EXPECT_EQ(ran.err, "GITHUB_TOKEN\nMINE\n");
}

TEST_P(Run, ids_inside_are_those_outside) {
  const Scratch scratch{GetParam()};
  const std::string id = GetParam() == Who::root ? "0" : std::to_string(kUser);
  const Ran ran = shell(scratch, "id -u; id -g; stat -c %u " + scratch.path(), setting());
  EXPECT_EQ(ran.out, id + "\n" + id + "\n" + id + "\n");
}

TEST_P(Run, what_mounting_the_views_answers_is_the_error) {
  const Scratch scratch{GetParam()};
  Setting broken = setting();
  broken.mount_views = [] { return fail(Error{"the view is out of order", EIO}); };
  const Ran ran = shell(scratch, "echo ran", broken);
  EXPECT_EQ(ran.status, -2);
  EXPECT_EQ(ran.error, "the view is out of order");
  EXPECT_EQ(ran.out, "");
}

TEST_P(Run, a_view_that_nobody_mounted_is_refused) {
  const Scratch scratch{GetParam()};
  Setting none = setting();
  none.mount_views = [] { return Result<void, Error>{}; };
  const Ran ran = shell(scratch, "echo ran", none);
  EXPECT_EQ(ran.error, "nothing was mounted over `" + scratch.tree() + "`");
  EXPECT_EQ(ran.out, "");
}

TEST_P(Run, a_start_that_hangs_is_given_up) {
  const Scratch scratch{GetParam()};
  Setting stuck = setting();
  stuck.plan = [](Plan& plan) { plan.start_limit = 300ms; };
  stuck.mount_views = []() -> Result<void, Error> {
    for (;;) ::pause();
  };
  EXPECT_EQ(shell(scratch, "echo ran", stuck).error,
            "the command could not be started in time; is a file system stuck?");
}

TEST_P(Run, bad_plans_are_refused_before_anything_is_done) {
  const Scratch scratch{GetParam()};
  const auto error_of = [&](const std::function<void(Plan&)>& change) {
    Setting bad = setting();
    bad.plan = change;
    const Ran ran = shell(scratch, "echo ran", bad);
    EXPECT_EQ(ran.out, "");
    return ran.error;
  };
  EXPECT_EQ(error_of([](Plan& plan) { plan.command.clear(); }), "there is no command to run");
  EXPECT_NE(error_of([](Plan& plan) { plan.views = {"/"}; }), "");
  EXPECT_NE(error_of([](Plan& plan) { plan.views = {"relative"}; }), "");
  EXPECT_NE(error_of([](Plan& plan) { plan.views = {"/no/such/place"}; }), "");
  EXPECT_NE(error_of([](Plan& plan) { plan.directory = "relative"; }), "");
  EXPECT_NE(error_of([](Plan& plan) { plan.allow_sockets = {"relative"}; }), "");
  EXPECT_NE(error_of([](Plan& plan) { plan.devices = {"/etc/passwd"}; }), "");
}

}  // namespace
}  // namespace sluice::confine::test
