// SPDX-License-Identifier: MIT
// What is wrong with a policy, told line by line: where, what, and which word was meant.
#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"

namespace sluice::policy {
namespace {

struct Case {
  std::string text;
  std::string wrong;
};

void expect_all(std::initializer_list<Case> cases) {
  for (const Case& each : cases) EXPECT_EQ(wrong_with(each.text), each.wrong) << each.text;
}

const std::string kHead = "version = 1\n";
const std::string kAgent = "version = 1\n[subject.agent]\nrun_as = true\n";

TEST(Load, takes_a_policy_with_everything_in_it) {
  const Program program = program_of(R"(version = 1
[default]
verdict = "native"
unknown_subject = "deny"
hardlinks = "path"
[run]
keep_env = "CI_*"
drop_env = ["A", "B"]
sockets = ["/run/a.sock", "@name"]
writable = "/cache"
devices = "/dev/dri/renderD128"
[subject.agent]
run_as = "agent"
[subject.backup]
uid = [0, 34]
unit = "backup.service"
[[rule]]
id = "keys"
who = ["agent", "backup"]
path = ["*.pem", "!pub.pem"]
verdict = "hide"
why = "keys"
[[rule]]
id = "x"
mode = "x"
path = "bin/"
read = "served"
log = "alarm"
[[never]]
who = "agent"
path = ["*.pem", "!pub.pem"]
mode = "r"
read = ["native", "served"]
[[test]]
as = "agent"
open = "a.pem"
file = "what it holds"
expect = { see = "no", rule = "keys" }
)");
  const Document& document = program.document();
  EXPECT_EQ(document.rules.size(), 2u);
  EXPECT_EQ(document.rules[0].why, "keys");
  EXPECT_EQ(document.run, (RunSpec{.keep_env = {"CI_*"},
                                   .drop_env = {"A", "B"},
                                   .sockets = {"/run/a.sock", "@name"},
                                   .writable = {"/cache"},
                                   .devices = {"/dev/dri/renderD128"}}));
  EXPECT_EQ(document.nevers.size(), 1u);
  EXPECT_EQ(document.tests.size(), 1u);
  EXPECT_EQ(document.hard_links, HardLinks::path);
}

TEST(Load, tells_what_is_no_toml_with_its_line) {
  const std::string wrong = wrong_with("version = 1\nrule = [\n");
  EXPECT_TRUE(wrong.starts_with("p.toml:")) << wrong;
  EXPECT_NE(wrong.find("not TOML: "), wrong.npos) << wrong;
}

TEST(Load, wants_a_version_that_it_knows) {
  expect_all({{"", "p.toml:1:1: `version = 1` is missing\n"},
              {"version = 2", "p.toml:1:11: version 2 is not known here; this is version 1\n"},
              {"version = \"1\"", "p.toml:1:11: `version` must be a number, not a string\n"}});
}

TEST(Load, suggests_the_key_or_word_that_was_meant) {
  expect_all({
      {kHead + "[[rule]]\nid = \"r\"\npth = \"a\"\nverdict = \"hide\"",
       "p.toml:4:1: unknown key `pth` in a rule; did you mean `path`?\n"},
      {kHead + "[defualt]\nverdict = \"native\"",
       "p.toml:2:2: unknown key `defualt` in a policy; did you mean `default`?\n"},
      {kHead + "[[rule]]\nid = \"r\"\nverdict = \"hidden\"",
       "p.toml:4:11: unknown verdict `hidden`; did you mean `hide`?\n"},
      {kHead + "[[rule]]\nid = \"r\"\nread = \"natvie\"",
       "p.toml:4:8: `read` cannot be `natvie`; it is one of `native`, `served`, `redact`, `deny`; "
       "did "
       "you mean `native`?\n"},
      {kHead + "[[rule]]\nid = \"r\"\nzzzzzz = 1\nverdict = \"hide\"",
       "p.toml:4:1: unknown key `zzzzzz` in a rule\n"},
      {kAgent + "[[rule]]\nid = \"r\"\nwho = \"agnet\"\nverdict = \"hide\"",
       "p.toml:5:6: no subject `agnet` is declared; did you mean `agent`?\n"},
      {kAgent + "[[rule]]\nid = \"r\"\nwho = \"!agnet\"\nverdict = \"hide\"",
       "p.toml:5:6: no subject `agnet` is declared; did you mean `agent`?\n"},
      {kHead + "[[rule]]\nid = \"r\"\nwho = \"bot\"\nverdict = \"hide\"",
       "p.toml:3:6: no subject `bot` is declared; declare it by [subject.bot]\n"},
  });
}

TEST(Load, tells_what_is_wrong_with_a_rule) {
  expect_all({
      {kHead + "[[rule]]\nverdict = \"hide\"",
       "p.toml:2:1: a rule needs an `id`, by which it is told of and can be disabled\n"},
      {kHead + "[[rule]]\nid = \"a b\"\nverdict = \"hide\"",
       "p.toml:3:6: `a b` cannot be a name: 1 to 64 letters, digits, `.`, `_` and `-`\n"},
      {kHead + "[[rule]]\nid = \"r\"",
       "p.toml:2:1: a rule needs a `verdict`, or one of `see`, `read`, `write` and `log`\n"},
      {kHead + "[[rule]]\nid = \"r\"\npath = []\nverdict = \"hide\"",
       "p.toml:4:8: `path` is empty; leave it out to mean every path\n"},
      {kHead + "[[rule]]\nid = \"r\"\nwho = []\nverdict = \"hide\"",
       "p.toml:4:7: `who` names no subject; leave it out to mean everyone\n"},
      {kAgent + "[[rule]]\nid = \"r\"\nwho = [\"!agent\", \"agent\"]\nverdict = \"hide\"",
       "p.toml:6:7: `who` either names subjects, or takes them out by `!`\n"},
      {kHead + "[[rule]]\nid = \"r\"\nwho = \"anyone\"\nverdict = \"hide\"",
       "p.toml:4:7: `who` cannot be `anyone`; leave it out to mean everyone\n"},
      {kHead + "[[rule]]\nid = \"r\"\nmode = \"q\"\nread = \"deny\"",
       "p.toml:4:8: `mode` is made of r, w and x, not `q`\np.toml:4:1: with this `mode` the rule "
       "says nothing\n"},
      {kHead + "[[rule]]\nid = \"r\"\nmode = \"w\"\nread = \"deny\"",
       "p.toml:4:1: with this `mode` the rule says nothing\n"},
      {kHead + "[[rule]]\nid = \"r\"\nmode = \"r\"\nverdict = \"hide\"",
       "p.toml:4:1: `mode` cannot stand beside hiding: a file is seen in every mode or in none\n"},
      {kHead + "[[rule]]\nid = \"r\"\nverdict = \"readonly\"\nwrite = \"native\"",
       "p.toml:5:9: `verdict` says `write = \"deny\"` already\n"},
      {kHead + "[[rule]]\nid = 7\nverdict = \"hide\"",
       "p.toml:3:6: `id` must be a string, not a number\n"},
      {kHead + "[[rule]]\nid = \"r\"\npath = [1]\nverdict = \"hide\"",
       "p.toml:4:9: `path` must be a string or a list of strings, not a number\n"},
      {kHead + "rule = 1", "p.toml:2:8: `rule` must be tables, each begun by [[rule]]\n"},
  });
}

TEST(Load, tells_an_id_that_is_given_twice) {
  EXPECT_EQ(
      wrong_with(
          kHead +
          "[[rule]]\nid = \"r\"\nverdict = \"hide\"\n[[rule]]\nid = \"r\"\nverdict = \"deny\""),
      "p.toml:6:6: the id `r` is taken by the rule at p.toml:3\n");
}

TEST(Load, takes_the_defaults_that_are_about_content_and_checks_them) {
  EXPECT_EQ(
      wrong_with(kHead +
                 "[default]\nverdict = \"served\"\non_error = \"deny\"\non_timeout = \"deny\"\n"
                 "deadline = \"2s\"\ntoo_big = { over = \"64MiB\", verdict = \"served\" }"),
      "");
  expect_all({
      {kHead + "[default]\ndeadline = \"soon\"",
       "p.toml:3:12: `soon` is no time from 1ms to 60min; write one like `200ms`\n"},
      {kHead + "[default]\ntoo_big = { over = \"64M\" }",
       "p.toml:3:20: `64M` is no size; write one like `64MiB`\n"},
      {kHead + "[default]\non_error = \"hide\"",
       "p.toml:3:12: `on_error` cannot hide: that a file is there is known before it is looked "
       "into\n"},
      {kHead + "[default]\ntoo_big = { over = \"1GiB\", verdict = \"redact\" }",
       "p.toml:3:38: `verdict` cannot redact: nobody knows what is in the file then\n"},
      {kHead + "[default]\non_error = \"dney\"",
       "p.toml:3:12: unknown verdict `dney`; did you mean `deny`?\n"},
      {kHead + "[default]\nhardlinks = \"no\"",
       "p.toml:3:13: `hardlinks` cannot be `no`; it is `inspect` or `path`\n"},
  });
}

TEST(Load, tells_what_is_wrong_with_a_subject) {
  expect_all({
      {kHead + "[subject.agent]",
       "p.toml:2:10: nothing proves the subject `agent`; say `run_as = true`, or one of uid, gid, "
       "user,"
       " group, unit, cgroup, exe\n"},
      {kHead + "[subject.anyone]\nrun_as = true",
       "p.toml:2:10: the name `anyone` is taken: it stands for callers who are no subject\n"},
      {kHead + "[subject.a]\nuid = -1",
       "p.toml:3:7: `uid` must be a number from 0 to 4294967294\n"},
      {kHead + "[subject.a]\nexe = \"rsync\"", "p.toml:3:7: `rsync` is no absolute path\n"},
      {kHead + "[run]\nwritable = \"cache\"", "p.toml:3:12: `cache` is no absolute path\n"},
      {kHead + "[run]\nsockets = [\"/a\", \"b\"]",
       "p.toml:3:18: `b` is no absolute path, nor `@` and a name\n"},
      {kHead + "[run]\nsocket = \"/a\"",
       "p.toml:3:1: unknown key `socket` in [run]; did you mean `sockets`?\n"},
      {kHead + "[subject.a]\nrun_as = 3",
       "p.toml:3:10: `run_as` must be a name, or true for the subject's own, not a number\n"},
  });
}

TEST(Load, gives_subjects_with_their_strongest_proof) {
  const Program program = program_of(
      kHead +
      "[subject.a]\nrun_as = true\nuid = 5\n[subject.b]\ncgroup = \"/x\"\n"
      "gid = 3\n[subject.c]\nuser = [\"u\", \"v\"]\nexe = \"/e\"\n[subject.d]\nexe = \"/e\"\n");
  const auto& subjects = program.document().subjects;
  ASSERT_EQ(subjects.size(), 4u);
  EXPECT_EQ(subjects[0].run_as, "a");
  EXPECT_EQ(subjects[0].uids, std::vector<std::uint32_t>{5});
  EXPECT_EQ(subjects[0].strongest(), Proof::run_as);
  EXPECT_EQ(subjects[1].strongest(), Proof::group_of_processes);
  EXPECT_EQ(subjects[2].strongest(), Proof::credentials);
  EXPECT_EQ(subjects[2].users, (std::vector<std::string>{"u", "v"}));
  EXPECT_EQ(subjects[3].strongest(), Proof::executable);
}

TEST(Load, tells_everything_at_once) {
  EXPECT_EQ(wrong_with("version = 3\n[[rule]]\nid = \"r\"\nverdict = \"no\"\nx = 1\n"),
            "p.toml:1:11: version 3 is not known here; this is version 1\n"
            "p.toml:5:1: unknown key `x` in a rule\n"
            "p.toml:4:11: unknown verdict `no`\n");
}

TEST(Load, tells_at_most_a_hundred_things) {
  std::string text = kHead;
  for (int i = 0; i < 500; ++i) text += "k" + std::to_string(i) + " = 1\n";
  const std::string wrong = wrong_with(text);
  EXPECT_EQ(std::count(wrong.begin(), wrong.end(), '\n'), 101);
}

TEST(Load, refuses_what_is_not_utf8_or_too_large) {
  EXPECT_EQ(wrong_with("version = 1\n# \xff"), "p.toml:2:3: this byte is not UTF-8\n");
  EXPECT_EQ(wrong_with(std::string((std::size_t{4} << 20) + 1, '\n')),
            "p.toml: the file is larger than 4 MiB\n");
}

TEST(Load, takes_letters_beyond_ascii_in_strings_and_comments_only) {
  const std::string letters = "\xc3\xa4\xce\xb1\xd0\xb6\xe2\x80\x83\xf0\x9f\x98\x80";
  EXPECT_EQ(wrong_with("\xef\xbb\xbf" + kHead + "# " + letters +
                       "\n[[rule]]\nid = \"r\"\nverdict = \"deny\"\nwhy = \"\"\"" + letters +
                       "\\\n " + letters + "\"\"\"\npath = '" + letters + "'\n"),
            "");
  EXPECT_EQ(wrong_with(kHead + letters + " = 1\n"),
            "p.toml:2: not TOML: a character beyond ASCII outside of strings and comments\n");
}

TEST(Load, refuses_nesting_that_could_exhaust_the_stack) {
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) dotted += ".a";
  for (const std::string& text : {dotted + " = 1", "[" + dotted + "]", "x = { " + dotted + " = 1 }",
                                  std::string(100'000, '['), "x = " + std::string(100'000, '['),
                                  "x = " + std::string(100'000, '{')}) {
    EXPECT_NE(wrong_with(text), "");
  }
}

TEST(Load, reads_dots_in_strings_and_comments_as_no_keys) {
  const std::string dots(50, '.');
  EXPECT_EQ(wrong_with(kHead + "# " + dots +
                       "\n[[rule]]\nid = \"r\"\nverdict = \"deny\"\nwhy = \"\"\"\n" + dots +
                       "\\\"\"\" \n\"\"\"\npath = ['" + dots + "', \"" + dots + "\"]\n"),
            "");
}

TEST(Load, tells_what_is_wrong_with_a_test) {
  expect_all({
      {kHead + "[[test]]\nexpect = { see = \"yes\" }", "p.toml:2:1: a test needs a `path`\n"},
      {kHead + "[[test]]\npath = \"a/../b\"\nexpect = { see = \"yes\" }",
       "p.toml:3:8: `a/../b` is no path from the mounted root: names between single `/`, none of "
       "them"
       " `.` or `..`\n"},
      {kHead + "[[test]]\npath = \"a\"", "p.toml:2:1: a test needs `expect`\n"},
      {kHead + "[[test]]\npath = \"a\"\nmode = \"rw\"\nexpect = { see = \"yes\" }",
       "p.toml:4:8: the `mode` of a test is one of `r`, `w` and `x`\n"},
      {kHead + "[[test]]\npath = \"a\"\nas = \"bot\"\nexpect = { see = \"yes\" }",
       "p.toml:2:1: no subject `bot` is declared; declare it by [subject.bot]\n"},
      {kHead + "[[test]]\npath = \"a\"\nexpect = { rule = \"r\" }",
       "p.toml:2:1: a test expects the rule `r`, which is not there\n"},
  });
}

TEST(Load, shows_bytes_of_a_policy_in_messages_harmlessly) {
  EXPECT_EQ(wrong_with(kHead + "\"a\\u001b[31m\" = 1"),
            "p.toml:2:1: unknown key `a\\x1b[31m` in a policy\n");
}

}  // namespace
}  // namespace sluice::policy
