// SPDX-License-Identifier: MIT
// Files that include others and presets.
#include <gtest/gtest.h>

#include <map>

#include "support.h"

namespace sluice::policy {
namespace {

using Files = std::map<std::string, std::string>;

Resolver files(const Files& texts) {
  return [texts](std::string_view, std::string_view file) -> Result<Source, Error> {
    const auto found = texts.find(std::string{file});
    if (found == texts.end())
      return fail(Error::of("cannot read `" + std::string{file} + "`", ENOENT));
    return Source{found->first, found->second};
  };
}

const std::string kBase = R"(version = 1
[default]
verdict = "served"
[subject.agent]
run_as = true
[[rule]]
id = "env"
who = "agent"
path = [".env", "*.env"]
verdict = "hide"
[[never]]
id = "never-env"
who = "agent"
path = ".env"
see = "yes"
[[test]]
as = "agent"
path = "a.env"
expect = { see = "no" }
)";

Program program_with(const std::string& text, const Files& texts) {
  auto document = load({"p.toml", text}, files(texts));
  EXPECT_TRUE(document.has_value()) << text_of(document.error());
  auto program = compile(std::move(*document));
  EXPECT_TRUE(program.has_value()) << text_of(program.error());
  return std::move(*program);
}

TEST(Include, brings_rules_subjects_and_defaults_but_no_tests) {
  const Program program =
      program_with("version = 1\n[[include]]\nfile = \"b.toml\"\n", {{"b.toml", kBase}});
  EXPECT_EQ(grant_at(program, "x/a.env", "agent"), "no deny deny deny");
  EXPECT_EQ(grant_at(program, "x/a.env"), "yes served served served");
  EXPECT_TRUE(program.document().tests.empty());
  EXPECT_EQ(program.document().rules.front().at.file, 1u);
  EXPECT_EQ(program.document().files, (std::vector<std::string>{"p.toml", "b.toml"}));
}

TEST(Include, what_the_file_itself_says_goes_first) {
  const Program program = program_with(
      "version = 1\n[default]\nread = \"native\"\n[subject.agent]\nuid = 7\n[[include]]\nfile = "
      "\"b.toml\"\n",
      {{"b.toml", kBase}});
  EXPECT_EQ(grant_at(program, "x"), "yes native native served");
  EXPECT_EQ(program.document().subjects.front().uids, std::vector<std::uint32_t>{7});
  EXPECT_FALSE(program.document().subjects.front().run_as.has_value());
}

TEST(Include, adds_what_commands_may_reach) {
  const Program program =
      program_with("version = 1\n[run]\nsockets = \"/a\"\n[[include]]\nfile = \"b.toml\"\n",
                   {{"b.toml", "version = 1\n[run]\nsockets = \"/b\"\nkeep_env = \"X\"\n"}});
  EXPECT_EQ(program.document().run, (RunSpec{.keep_env = {"X"},
                                             .drop_env = {},
                                             .sockets = {"/a", "/b"},
                                             .writable = {},
                                             .devices = {}}));
}

TEST(Include, can_disable_rules_and_make_exceptions) {
  const std::string head = "version = 1\n[[include]]\nfile = \"b.toml\"\n";
  const Program off =
      program_with(head + "disable = [\"env\", \"never-env\"]\n", {{"b.toml", kBase}});
  EXPECT_EQ(grant_at(off, ".env", "agent"), "yes served served served");
  const Program except = program_with(
      head + "disable = \"never-env\"\nexcept.\"env\" = [\"tests/a.env\"]\n", {{"b.toml", kBase}});
  EXPECT_EQ(grant_at(except, "tests/a.env", "agent"), "yes served served served");
  EXPECT_EQ(grant_at(except, "x/tests/a.env", "agent"), "no deny deny deny");
}

TEST(Include, a_never_of_the_included_file_still_holds_or_is_told) {
  const std::string wrong =
      wrong_with("version = 1\n[[include]]\nfile = \"b.toml\"\ndisable = [\"env\"]\n",
                 files({{"b.toml", kBase}}));
  EXPECT_EQ(wrong,
            "b.toml:11:1: the never `never-env`: it does not hold: as `agent`, `.env` can have"
            " `see = \"yes\"`\n");
}

TEST(Include, tells_what_cannot_be_included) {
  const Files texts{{"b.toml", kBase},
                    {"self.toml", "version = 1\n[[include]]\nfile = \"self.toml\"\n"},
                    {"one.toml", "version = 1\n[[include]]\nfile = \"two.toml\"\n"},
                    {"two.toml", "version = 1\n[[include]]\nfile = \"one.toml\"\n"},
                    {"bad.toml", "version = 1\nx = 1\n"}};
  const std::string head = "version = 1\n[[include]]\n";
  const auto wrong = [&](const std::string& text) { return wrong_with(head + text, files(texts)); };
  EXPECT_EQ(wrong("preset = \"agnet\"\n"),
            "p.toml:3:10: there is no preset `agnet`; did you mean `agent`?\n");
  EXPECT_EQ(wrong("file = \"none.toml\"\n"),
            "p.toml:3:8: cannot read `none.toml`: no such file or directory\n");
  EXPECT_EQ(wrong("disable = []\n"), "p.toml:2:1: an include needs either `preset` or `file`\n");
  EXPECT_EQ(wrong("file = \"b.toml\"\ndisable = [\"evn\"]\n"),
            "p.toml:4:12: there is no rule `evn` to disable; did you mean `env`?\n");
  EXPECT_EQ(wrong("file = \"b.toml\"\nexcept.\"evn\" = [\"x\"]\n"),
            "p.toml:4:8: there is no rule `evn` to make exceptions of; did you mean `env`?\n");
  EXPECT_EQ(wrong("file = \"b.toml\"\nexcept.env = [\"!x\"]\n"),
            "p.toml:4:15: an exception needs no `!`: it subtracts anyway\n");
  EXPECT_EQ(wrong("file = \"self.toml\"\n"),
            "self.toml:2:1: these files include each other: p.toml -> self.toml -> self.toml\n");
  EXPECT_EQ(
      wrong("file = \"one.toml\"\n"),
      "two.toml:2:1: these files include each other: p.toml -> one.toml -> two.toml -> one.toml\n");
  EXPECT_EQ(wrong("file = \"b.toml\"\n[[include]]\nfile = \"b.toml\"\n"),
            "p.toml:4:1: `b.toml` is included already\n");
  EXPECT_EQ(wrong("file = \"bad.toml\"\n"), "bad.toml:2:1: unknown key `x` in a policy\n");
}

TEST(Include, of_two_that_disagree_is_told_unless_the_file_decides) {
  const Files texts{{"a.toml", "version = 1\n[default]\nread = \"served\"\n[subject.s]\nuid = 1\n"},
                    {"b.toml", "version = 1\n[default]\nread = \"deny\"\n[subject.s]\nuid = 2\n"}};
  const std::string both = "[[include]]\nfile = \"a.toml\"\n[[include]]\nfile = \"b.toml\"\n";
  EXPECT_EQ(wrong_with("version = 1\n" + both, files(texts)),
            "p.toml:4:1: two included files differ about the subject `s`; say here who it is\n"
            "p.toml:4:1: two included files differ in [default]; say here what holds\n");
  const Program program = program_with(
      "version = 1\n[default]\nread = \"native\"\n[subject.s]\nuid = 3\n" + both, texts);
  EXPECT_EQ(grant_at(program, "x"), "yes native native native");
}

TEST(Include, changes_the_content_hash) {
  const auto hash = [](const std::string& included) {
    return load({"p.toml", "version = 1\n[[include]]\nfile = \"b.toml\"\n"},
                files({{"b.toml", included}}))
        ->content_hash;
  };
  EXPECT_EQ(hash(kBase), hash(kBase));
  EXPECT_NE(hash(kBase), hash(kBase + "\n"));
}

TEST(Include, without_a_resolver_takes_presets_only) {
  EXPECT_EQ(wrong_with("version = 1\n[[include]]\npreset = \"dataset\"\n"), "");
  EXPECT_EQ(wrong_with("version = 1\n[[include]]\nfile = \"x\"\n"),
            "p.toml:3:8: cannot include `x`: this policy must stand alone\n");
}

}  // namespace
}  // namespace sluice::policy
