// SPDX-License-Identifier: MIT
// `sluice run` from outside: what a command sees, what passes through, and that nothing is left.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "run_fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr uid_t kUser = 4321;

class RunByUser : public Run {
 protected:
  uid_t user() const override { return kUser; }
};

// The servers of the runs that this process has started are children of processes that are gone.
std::vector<std::string> processes_below(const std::string& folder) {
  std::vector<std::string> found;
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    const std::string pid{entry->d_name};
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    // It may end at any time.
    const Fd file{::open(("/proc/" + pid + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC)};
    std::string words(4096, ' ');
    const ssize_t size = ::read(file.get(), words.data(), words.size());
    words.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    std::ranges::replace(words, '\0', ' ');
    if (words.find(folder) != std::string::npos) found.push_back(pid + " " + words);
  }
  ::closedir(proc);
  return found;
}

TEST_F(Run, a_command_sees_the_project_without_its_secrets) {
  const Finished ran = as_agent("pwd; cat file; cat .netrc; cat ../.ssh/id_rsa; ls -A . ..");
  EXPECT_EQ(ran.out, project_ + "\ncontent\n.:\n.git\nconf\nfile\n\n..:\nproject\n");
  EXPECT_NE(ran.err.find(".netrc: No such file"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("id_rsa: No such file"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("TOKEN"), std::string::npos);
}

TEST_F(Run, what_it_writes_is_there_afterwards) {
  EXPECT_EQ(as_agent("echo new > made && mkdir d && mv made d/ && ln -s d/made link").status, 0);
  EXPECT_EQ(read_file(project_ + "/d/made"), "new\n");
}

TEST_F(Run, the_exit_status_is_the_commands) {
  EXPECT_EQ(as_agent("exit 42").status, 42);
  EXPECT_EQ(as_agent("kill -TERM $$").status, 128 + SIGTERM);
  EXPECT_EQ(run({"-q", "--policy", "agent"}, {"/no/such/program"}).status, 127);
  EXPECT_EQ(run({"-q", "--policy", "agent"}, {project_ + "/file"}).status, 126);
}

TEST_F(Run, standard_input_passes_through) {
  const Finished ran = shell("echo words | " SLUICE_PROGRAM " run -q --policy agent -- cat", how());
  EXPECT_EQ(ran.out, "words\n") << ran.err;
}

TEST_F(Run, extended_attributes_are_there) {
  const std::string file = project_ + "/file";
  if (shell("setfattr -n user.colour -v red " + file).status != 0) GTEST_SKIP() << "no user xattrs";
  EXPECT_EQ(as_agent("getfattr --only-values -n user.colour file").out, "red");
  const Finished listed = as_agent("ls -la");
  EXPECT_EQ(listed.err, "");
}

TEST_F(Run, the_start_and_the_end_are_told) {
  const Finished ran = as_agent("cat file .netrc; true", {});
  EXPECT_NE(ran.err.find("`" + home_ + "`, `" + project_ + "` as `agent` of policy `agent`"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("`agent-credentials` hid 1; last `.netrc`"), std::string::npos) << ran.err;
  EXPECT_NE(
      ran.err.find("1 hidden, 0 refused, 0 redacted, 0 logged; 1 files opened natively, 0 served"),
      std::string::npos)
      << ran.err;
}

TEST_F(Run, a_policy_that_had_to_be_compiled_is_told_the_first_time) {
  const std::string policy =
      scratch_.file("p.toml", "version = 1\n# " + scratch_.path() + ", which is new\n");
  const auto told = [&] {
    return run({"--policy", policy, "--over", project_}, {"true"}).err.find("was compiled, in");
  };
  EXPECT_NE(told(), std::string::npos);
  EXPECT_EQ(told(), std::string::npos);
}

TEST_F(Run, the_summary_for_programs_counts_and_names_rules) {
  const Finished ran = as_agent("cat file; cat .netrc; : > .git/config", {"--json"});
  const json told = json::parse(ran.err.substr(ran.err.rfind("{\"views\"")), nullptr, false);
  ASSERT_FALSE(told.is_discarded()) << ran.err;
  ASSERT_EQ(told["views"].size(), 2U);
  const json& project = told["views"][1];
  EXPECT_EQ(project["view"], project_);
  EXPECT_EQ(project["passed_through"], 1);
  EXPECT_EQ(project["decisions"]["hidden"], 1);
  EXPECT_EQ(project["decisions"]["refused"], 1) << project.dump();
}

TEST_F(Run, records_have_paths_of_refused_and_logged_files) {
  const std::string policy =
      scratch_.file("p.toml",
                    "version = 1\n"
                    "[subject.it]\nrun_as = true\n"
                    "[[rule]]\nid = \"log\"\npath = [\"*\"]\nlog = \"open\"\n"
                    "[[rule]]\nid = \"no\"\npath = [\"d/kept\"]\nread = \"deny\"\n");
  scratch_.folder("home/project/d");
  put("home/project/d/kept", "kept");
  const std::string log = scratch_.path("log");
  const Finished ran = run({"-q", "--policy", policy, "--over", project_, "--log", log},
                           {"sh", "-c", "cat file; cat d/kept; true"});
  EXPECT_EQ(ran.out, "content\n");
  std::vector<std::pair<std::string, std::string>> opens;
  const std::string text = read_file(log);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const json line = json::parse(text.substr(at, end - at));
    if (line["operation"] == "OPEN") opens.emplace_back(line["path"], line["error"]);
    at = end + 1;
  }
  const std::pair<std::string, std::string> native{"file", ""};
  const std::pair<std::string, std::string> kept{"d/kept", "EACCES"};
  EXPECT_NE(std::ranges::find(opens, native), opens.end()) << text;
  EXPECT_NE(std::ranges::find(opens, kept), opens.end()) << text;
}

TEST_F(Run, observing_shows_all_and_tells_what_would_be_kept) {
  const Finished ran = as_agent("cat .netrc", {"--observe"});
  EXPECT_EQ(ran.out, "TOKEN=1\n");
  EXPECT_NE(ran.err.find("observed and not enforced"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("`agent-credentials` would have hidden "), std::string::npos) << ran.err;
}

TEST_F(Run, the_mounts_are_the_commands_alone) {
  const Finished ran =
      as_agent("grep -c fuse.sluice /proc/self/mountinfo; grep -c fuse.sluice /proc/" +
               std::to_string(::getpid()) + "/mountinfo");
  EXPECT_EQ(ran.out, "2\n");
  EXPECT_FALSE(is_mounted(home_));
  EXPECT_TRUE(processes_below(scratch_.path()).empty());
}

TEST_F(Run, a_killed_run_leaves_nothing) {
  const std::string ready = scratch_.path("home/project/ready");
  Running running{{SLUICE_PROGRAM, "run", "-q", "--policy", "agent", "--", "sh", "-c",
                   "touch ready; sleep 1000"},
                  how()};
  for (int i = 0; i < 1000 && ::access(ready.c_str(), F_OK) != 0; ++i) ::usleep(10'000);
  ASSERT_EQ(::access(ready.c_str(), F_OK), 0);
  std::vector<pid_t> children;
  const std::string pid = std::to_string(running.pid());
  const std::string listed = read_file("/proc/" + pid + "/task/" + pid + "/children");
  for (const char* at = listed.data(); at < listed.data() + listed.size();) {
    pid_t child = 0;
    const auto [next, error] = std::from_chars(at, listed.data() + listed.size(), child);
    if (error != std::errc{}) break;
    children.push_back(child);
    at = next + 1;
  }
  EXPECT_EQ(children.size(), 3U) << listed;  // two servers and the stage
  running.signal(SIGKILL);
  for (const pid_t child : children) EXPECT_TRUE(ends_soon(child)) << child;
}

TEST_F(Run, several_writers_of_one_database_agree) {
  if (shell("command -v sqlite3").status != 0) GTEST_SKIP() << "needs sqlite3";
  const Finished ran = as_agent(
      "sqlite3 db 'pragma journal_mode = wal; create table t (n);' >/dev/null;"
      "write() { for i in $(seq 50); do echo \"insert into t values ($i);\"; done |"
      " sqlite3 -cmd '.timeout 20000' db; };"
      "write & write & write & wait;"
      "sqlite3 db 'pragma integrity_check; select count(*) from t;'");
  EXPECT_EQ(ran.out, "ok\n150\n") << ran.err;
  EXPECT_EQ(shell("sqlite3 " + project_ + "/db 'select count(*) from t;'").out, "150\n");
}

TEST_F(Run, the_policy_says_which_variables_are_passed_on) {
  const std::string policy = scratch_.file(
      "p.toml", "version = 1\n[run]\nkeep_env = \"MY_TOKEN\"\ndrop_env = [\"LEFT_*\"]\n");
  How how = this->how();
  how.before = [before = how.before] {
    before();
    ::setenv("MY_TOKEN", "kept", 1);
    ::setenv("OTHER_TOKEN", "taken", 1);
    ::setenv("LEFT_OUT", "taken", 1);
  };
  const Finished ran = sluice({"run", "-q", "--policy", policy, "--over", project_, "--", "sh",
                               "-c", "echo $MY_TOKEN $OTHER_TOKEN $LEFT_OUT"},
                              how);
  EXPECT_EQ(ran.out, "kept\n") << ran.err;
}

TEST_F(Run, the_policy_it_runs_under_is_not_the_commands_to_change) {
  put("home/project/conf/base.toml", "version = 1\n");
  put("home/project/conf/rules.toml", "[extend]\npath = \"more.toml\"\n");
  put("home/project/conf/more.toml", "# none\n");
  put("home/project/conf/m.tsv", "# none\n");
  put("home/project/conf/it [1].toml",
      "version = 1\n[[include]]\nfile = \"base.toml\"\n"
      "[[import]]\ngitleaks = \"rules.toml\"\nas = \"rules\"\n[detector.m]\nmanifest = "
      "\"m.tsv\"\n");
  const std::string policy = project_ + "/conf/it [1].toml";
  const std::string link = project_ + "/conf/link.toml";
  ASSERT_EQ(::symlink(policy.c_str(), link.c_str()), 0);
  const std::string log = project_ + "/log";
  const Finished ran =
      run({"-q", "--policy", link, "--over", project_, "--log", log},
          {"sh", "-c",
           "for f in conf/base.toml 'conf/it [1].toml' conf/rules.toml conf/more.toml conf/m.tsv "
           "log; do"
           " (: >> \"$f\") && echo wrote $f;"
           " rm -f \"$f\" && echo removed $f; done; rm conf/link.toml && echo removed;"
           " mv conf other && mkdir conf && touch conf/base.toml && echo replaced; cat "
           "conf/base.toml"});
  EXPECT_EQ(ran.out, "version = 1\n") << ran.err;
  EXPECT_EQ(read_file(project_ + "/conf/base.toml"), "version = 1\n");
  EXPECT_EQ(::access(policy.c_str(), F_OK), 0);
}

TEST_F(RunByUser, policies_kept_by_the_user_are_not_the_commands_to_change) {
  // The first run keeps it; the folder is there for the second.
  EXPECT_EQ(as_agent("true").status, 0);
  const Finished ran = as_agent(
      "cd ../.cache/sluice; for f in *; do (: >> $f) && echo wrote; done; touch x && echo made");
  EXPECT_EQ(ran.out, "") << ran.err;
}

TEST_F(Run, a_server_that_dies_is_told) {
  Running running{{SLUICE_PROGRAM, "run", "--policy", "agent", "--over", project_, "--", "sh", "-c",
                   "touch ready; while test -e ready; do sleep 0.1; done"},
                  how()};
  const std::string ready = project_ + "/ready";
  for (int i = 0; i < 1000 && ::access(ready.c_str(), F_OK) != 0; ++i) ::usleep(10'000);
  const std::string pid = std::to_string(running.pid());
  const std::string listed = read_file("/proc/" + pid + "/task/" + pid + "/children");
  // The first child is the server of the one view.
  ::kill(static_cast<pid_t>(std::stol(listed)), SIGKILL);
  EXPECT_EQ(running.wait(), 0);  // the file cannot be seen any more
}

TEST_F(Run, a_view_below_what_another_one_hides_cannot_be) {
  const std::string policy = scratch_.file(
      "p.toml", "version = 1\n[[rule]]\nid = \"no\"\npath = [\"/project/\"]\nverdict = \"hide\"\n");
  const Finished ran =
      run({"--policy", policy, "--over", home_, "--over", project_}, {"cat", "file"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.err.find("`" + project_ + "`"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.out, "");
}

TEST_F(Run, wrong_usage_is_one_line) {
  for (const Words& words :
       {Words{"run", "--policy", "agent"}, Words{"run", "--", "true"},
        Words{"run", "--policy", "agent", "--as", "nobody", "--", "true"},
        Words{"run", "--policy", "agnet", "--", "true"},
        Words{"run", "--policy", "agent", "--over", "/", "--", "true"},
        Words{"run", "--policy", "agent", "--over", project_ + "/file", "--", "true"}}) {
    const Finished ran = sluice(words, how());
    EXPECT_NE(ran.status, 0);
    EXPECT_TRUE(ran.err.starts_with("sluice: ")) << ran.err;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  }
}

TEST_F(RunByUser, a_user_gets_the_same_without_passthrough) {
  const Finished ran = as_agent("cat file; cat .netrc; echo new > new; id -u", {});
  EXPECT_EQ(ran.out, "content\n" + std::to_string(kUser) + "\n") << ran.err;
  EXPECT_NE(ran.err.find("passthrough is off"), std::string::npos) << ran.err;
  EXPECT_EQ(read_file(project_ + "/new"), "new\n");
  struct stat stat {};
  ASSERT_EQ(::stat((project_ + "/new").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_uid, kUser);
}

TEST_F(RunByUser, nothing_stays_mounted) {
  EXPECT_EQ(as_agent("exit 3").status, 3);
  EXPECT_FALSE(is_mounted(home_));
  EXPECT_TRUE(processes_below(scratch_.path()).empty());
}

}  // namespace
}  // namespace sluice::test
