// SPDX-License-Identifier: MIT
// `sluice run` in a repository: what was committed once is found by its path and by what it
// contains.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "run_fixture.h"

namespace sluice::test {
namespace {

class RunInRepository : public Run {
 protected:
  void SetUp() override {
    Run::SetUp();
    if (IsSkipped()) return;
    git("init -q -b main .");
    commit("file", "one");
  }
  void git(const std::string& words) const {
    const Finished done = shell("export HOME=" + scratch_.path() + "; cd " + project_ +
                                " && git -c user.name=a -c user.email=b " + words);
    ASSERT_EQ(done.status, 0) << done.err;
  }
  void commit(const std::string& files, const std::string& subject) const {
    git("add -f " + files);
    git("commit -q -m " + subject);
  }
  void expect_start() const {
    const Finished ran = as_agent("cat file");
    EXPECT_EQ(ran.out, "content\n") << ran.err;
  }
  void expect_refusal(const std::string& path, const std::string& why) const {
    const Finished ran = as_agent("echo ran");
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.err.find("`" + path + "`"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find(why), std::string::npos) << ran.err;
  }
};

TEST_F(RunInRepository, a_history_without_secrets_is_no_hindrance) {
  expect_start();
  expect_start();  // as it was found before
  git("commit -q --allow-empty -m two");
  expect_start();
}

TEST_F(RunInRepository, a_secret_that_was_committed_and_removed_refuses_the_start) {
  expect_start();
  put("home/project/conf/.netrc", "TOKEN=1\n");
  commit("conf/.netrc", "leak");
  git("rm -q conf/.netrc");
  git("commit -q -m mended");
  expect_refusal("conf/.netrc", " leak");
  expect_refusal("conf/.netrc", " mended");
  const Finished shown = as_agent("git show HEAD~1:conf/.netrc", {"-q", "--history", "allow"});
  EXPECT_EQ(shown.out, "TOKEN=1\n") << shown.err;
  const Finished hidden = as_agent("ls -A; git log", {"-q", "--history", "hide"});
  EXPECT_EQ(hidden.out, "file\n") << hidden.err;
  EXPECT_EQ(as_agent("exit 3", {"--observe"}).status, 3);
}

TEST_F(RunInRepository, a_secret_that_is_staged_or_stashed_refuses_the_start) {
  git("add -f .netrc");
  expect_refusal(".netrc", "it is staged");
  git("stash -q");
  expect_refusal(".netrc", "index on main");
}

// A token as a service issues them, which is nobody's.
std::string a_token() { return std::string{"gh"} + "p_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX"; }

TEST_F(RunInRepository, a_secret_in_a_file_that_was_committed_and_mended_refuses_the_start) {
  put("home/project/deploy.py", "REGION = 1\nTOKEN = \"" + a_token() + "\"\n");
  commit("deploy.py", "leak");
  put("home/project/deploy.py", "REGION = 1\n");
  commit("deploy.py", "mended");
  for (int packed = 0; packed < 2; ++packed) {
    expect_refusal("deploy.py", "line 2: builtin:github-token");
    expect_refusal("deploy.py", " leak");
    EXPECT_EQ(as_agent("echo ran").err.find(a_token()), std::string::npos);
    const Finished shown = as_agent("git show HEAD~1:deploy.py", {"-q", "--history", "allow"});
    EXPECT_NE(shown.out.find(a_token()), std::string::npos) << shown.err;
    // What is not of the history is kept from it all the same.
    const Finished other = as_agent("cat token", {"-q", "--history", "allow"});
    EXPECT_EQ(other.out.find(a_token()), std::string::npos) << other.out;
    const Finished hidden = as_agent("ls -A; git log", {"-q", "--history", "hide"});
    EXPECT_EQ(hidden.out.find(".git"), std::string::npos) << hidden.out;
    git("gc -q");
    put("home/project/token", a_token() + "\n");
  }
}

TEST_F(RunInRepository, a_secret_that_nothing_refers_to_any_more_refuses_the_start) {
  put("home/project/deploy.py", "TOKEN = \"" + a_token() + "\"\n");
  git("hash-object -w deploy.py");
  const Finished ran = as_agent("echo ran");
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("`.git/objects/"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("no commit has it"), std::string::npos) << ran.err;
}

TEST_F(RunInRepository, a_secret_in_a_message_refuses_the_start) {
  put("home/project/deploy.py", "TOKEN = \"" + a_token() + "\"\n");
  commit("deploy.py", "'token " + a_token() + "'");
  for (int packed = 0; packed < 2; ++packed) {
    expect_refusal("deploy.py", "line 1: builtin:github-token");
    const Finished ran = as_agent("echo ran");
    EXPECT_NE(ran.err.find("it is the message of a commit"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find(a_token()), std::string::npos) << ran.err;
    git("gc -q");
  }
}

TEST_F(RunInRepository, a_secret_in_the_message_of_a_tag_refuses_the_start) {
  git("tag -a -m 'with " + a_token() + "' v1");
  git("gc -q");
  const Finished ran = as_agent("echo ran");
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("it is the message of a tag"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find(a_token()), std::string::npos) << ran.err;
}

TEST_F(RunInRepository, what_was_looked_into_is_not_looked_into_again_and_packs_can_be_read) {
  put("home/project/notes", "nothing of note\n");
  commit("notes", "two");
  git("gc -q");
  const std::string wrapper = scratch_.file(
      "git", "#!/bin/sh\necho \"$*\" >>" + scratch_.path() + "/asked\nexec /usr/bin/git \"$@\"\n");
  ASSERT_EQ(::chmod(wrapper.c_str(), 0755), 0);
  const auto start = [&] {
    static_cast<void>(::unlink((scratch_.path() + "/asked").c_str()));
    const Finished ran =
        shell("PATH=" + scratch_.path() + ":$PATH " + SLUICE_PROGRAM + " run -q --policy agent" +
                  " --over " + project_ + " -- git -C " + project_ + " log --oneline",
              how());
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2) << ran.err;
    return read_file(scratch_.path() + "/asked");
  };
  EXPECT_NE(start().find("cat-file --batch --buffer"), std::string::npos);
  EXPECT_EQ(start().find("cat-file"), std::string::npos);
  // The same objects, in another history.
  git("branch other");
  const std::string asked = start();
  EXPECT_NE(asked.find("cat-file --batch-all-objects"), std::string::npos) << asked;
  EXPECT_EQ(asked.find("cat-file --batch --buffer"), std::string::npos) << asked;
}

TEST_F(RunInRepository, what_the_repository_says_is_to_be_run_is_not) {
  put("home/project/notes", "nothing of note\n");
  commit("notes", "two");
  const std::string evil = scratch_.file("evil", "#!/bin/sh\ntouch " + scratch_.path() + "/ran\n");
  ASSERT_EQ(::chmod(evil.c_str(), 0755), 0);
  git("config core.fsmonitor " + evil);
  git("config diff.external " + evil);
  git("config diff.x.textconv " + evil);
  git("config core.pager " + evil);
  git("config core.sshCommand " + evil);
  git("config filter.x.smudge " + evil);
  write_file(project_ + "/.git/info/attributes", "* diff=x filter=x\n");
  static_cast<void>(as_agent("true"));
  EXPECT_NE(::access((scratch_.path() + "/ran").c_str(), F_OK), 0);
}

// What a clone has left out is not there to be read, and nothing is fetched to look at it.
TEST_F(RunInRepository, a_clone_without_all_objects_is_looked_into_as_it_is) {
  put("home/project/notes", "nothing of note\n");
  commit("notes", "two");
  git("config uploadpack.allowFilter true");
  const std::string partial = scratch_.path("home/partial");
  const Finished cloned =
      shell("git -c safe.directory='*' clone -q --filter=blob:none --no-checkout file://" +
            project_ + " " + partial);
  ASSERT_EQ(cloned.status, 0) << cloned.err;
  const Finished ran = run({"-q", "--policy", "agent", "--over", partial},
                           {"git", "-C", partial, "log", "--oneline"});
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2) << ran.err;
  const Finished missing =
      shell("git -C " + partial + " rev-list --objects --all --missing=print | grep -c '^?'");
  EXPECT_EQ(missing.out, "2\n") << "something was fetched";
}

TEST_F(RunInRepository, an_object_that_cannot_be_read_refuses_the_start) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  put("home/project/notes", text);
  commit("notes", "two");
  const Finished hash = shell("git -C " + project_ + " -c safe.directory='*' rev-parse HEAD:notes");
  ASSERT_EQ(hash.out.size(), 41u) << hash.err;
  const std::string object =
      project_ + "/.git/objects/" + hash.out.substr(0, 2) + "/" + hash.out.substr(2, 38);
  ASSERT_EQ(::chmod(object.c_str(), 0644), 0);
  // Its beginning tells its kind and its length.
  const std::string stored = read_file(object);
  write_file(object, stored.substr(0, stored.size() / 2) + "nonsense" +
                         stored.substr(stored.size() / 2 + 8));
  const Finished ran = as_agent("echo ran");
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  EXPECT_NE(ran.err.find("fsck"), std::string::npos) << ran.err;
}

TEST_F(RunInRepository, what_cannot_be_looked_into_refuses_the_start) {
  write_file(project_ + "/.git/refs/heads/main", "nonsense\n");
  const Finished ran = as_agent("echo ran");
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("cannot look into the history"), std::string::npos) << ran.err;
}

TEST_F(RunInRepository, the_choice_has_three_words) {
  const Finished ran = as_agent("echo ran", {"--history", "maybe"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("`refuse`, `hide` or `allow`"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace sluice::test
