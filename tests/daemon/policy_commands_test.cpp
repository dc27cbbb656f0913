// SPDX-License-Identifier: MIT
// The commands that read policies: check, test, explain, diff. They need neither root nor mounts.
#include <nlohmann/json.hpp>
#include <set>

#include "support.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr std::string_view kPolicy = R"(version = 1

[subject.agent]
run_as = true

[[rule]]
id = "keys"
who = "agent"
path = ["*.pem", ".ssh/"]
verdict = "hide"

[[rule]]
id = "hooks"
who = "agent"
path = ["hooks/"]
verdict = "readonly"

[[test]]
as = "agent"
path = "a/server.pem"
expect = { see = "no" }
)";

class PolicyCommands : public testing::Test {
 protected:
  std::string policy(std::string_view name, std::string_view text = kPolicy) {
    scratch_.file(name, text);
    return scratch_.path(name);
  }
  Scratch scratch_;
};

TEST_F(PolicyCommands, presets_can_be_used_as_they_are) {
  for (const char* preset : {"agent", "gallery", "share", "dataset"}) {
    const Finished checked = sluice({"check", preset});
    EXPECT_EQ(checked.status, 0) << checked.err;
    EXPECT_NE(checked.out.find("can be used"), std::string::npos) << checked.out;
    const Finished tested = sluice({"test", "--json", preset});
    EXPECT_EQ(tested.status, 0) << tested.err << tested.out;
  }
}

TEST_F(PolicyCommands, what_is_wrong_has_its_place_and_the_word_that_was_meant) {
  const std::string wrong =
      policy("wrong.toml", "version = 1\n[[rule]]\nid = \"a\"\nverdikt = \"hide\"\n");
  const Finished checked = sluice({"check", wrong});
  EXPECT_EQ(checked.status, 1);
  EXPECT_NE(checked.err.find(wrong + ":4:1: "), std::string::npos) << checked.err;
  EXPECT_NE(checked.err.find("did you mean `verdict`?"), std::string::npos) << checked.err;
  const json data = json::parse(sluice({"check", "--json", wrong}).out);
  EXPECT_EQ(data["ok"], false);
  EXPECT_EQ(data["diagnostics"][0]["line"], 4);
}

TEST_F(PolicyCommands, what_is_no_policy_is_refused_in_one_line) {
  scratch_.folder("folder");
  for (const std::string& name : {scratch_.path("none.toml"), scratch_.path("folder"),
                                  std::string{"/dev/zero"}, std::string{"agnt"}}) {
    const Finished checked = sluice({"check", name});
    EXPECT_EQ(checked.status, 1) << name;
    EXPECT_EQ(checked.err.find('\n'), checked.err.size() - 1) << checked.err;
    EXPECT_NE(checked.err.find(name), std::string::npos) << checked.err;
  }
}

TEST_F(PolicyCommands, included_files_are_found_beside_the_one_that_includes_them) {
  scratch_.folder("sub");
  policy("sub/base.toml");
  const std::string outer =
      policy("outer.toml", "version = 1\n[[include]]\nfile = \"sub/base.toml\"\n");
  EXPECT_EQ(sluice({"explain", "--policy", outer, "--as", "agent", "--json", "x.pem"}).status, 0);
  const Finished lost =
      sluice({"check", policy("lost.toml", "version = 1\n[[include]]\nfile = \"none.toml\"\n")});
  EXPECT_EQ(lost.status, 1);
  EXPECT_NE(lost.err.find("lost.toml:"), std::string::npos) << lost.err;
}

TEST_F(PolicyCommands, a_test_that_fails_is_told_and_makes_the_policy_unusable) {
  std::string text{kPolicy};
  text.replace(text.find("see = \"no\""), 10, "see = \"yes\"");
  const std::string name = policy("failing.toml", text);
  for (const char* command : {"test", "check"}) {
    const Finished finished = sluice({command, name});
    EXPECT_EQ(finished.status, 1);
    EXPECT_NE(finished.err.find("failing.toml:18:"), std::string::npos) << finished.err;
  }
}

TEST_F(PolicyCommands, check_warns_of_whom_this_machine_cannot_prove) {
  const std::string name = policy("p.toml",
                                  "version = 1\n[subject.ghost]\nuser = \"no-such-user-here\"\n"
                                  "[subject.idle]\nuser = \"nor-this-one\"\n"
                                  "[[rule]]\nid = \"r\"\nwho = \"ghost\"\nverdict = \"deny\"\n");
  const Finished checked = sluice({"check", name});
  EXPECT_EQ(checked.status, 0);
  EXPECT_NE(checked.err.find(name + ":2:"), std::string::npos) << checked.err;
  EXPECT_NE(checked.err.find("there is no user `no-such-user-here` here"), std::string::npos);
  EXPECT_EQ(checked.err.find("nor-this-one"), std::string::npos) << "no rule names it";
}

TEST_F(PolicyCommands, explain_names_the_rule_and_asks_by_subject_and_mode) {
  const std::string name = policy("p.toml");
  const auto ask = [&](const Words& more) {
    Words words{"explain", "--policy", name, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished finished = sluice(words);
    EXPECT_EQ(finished.status, 0) << finished.err;
    return json::parse(finished.out);
  };
  const json hidden = ask({"--as", "agent", "a/b.pem"});
  EXPECT_EQ(hidden["terms"]["see"], "no");
  EXPECT_EQ(hidden["terms"]["by"]["see"], "keys");
  EXPECT_EQ(ask({"a/b.pem"})["terms"]["see"], "yes");
  const json hook = ask({"--as", "agent", "--mode", "w", "hooks/pre-commit"});
  EXPECT_EQ(hook["terms"]["write"], "deny");
  EXPECT_EQ(hook["terms"]["read"], "native");
  const json absolute = ask({"--as", "agent", "--over", "/srv/tree", "/srv/tree/.ssh/id"});
  EXPECT_EQ(absolute["terms"]["see"], "no");
}

TEST_F(PolicyCommands, check_says_what_is_not_looked_into) {
  const std::string head = "version = 1\n[detector.x]\nregex = 'x-[a-z]";
  const std::string rule = "'\n[[rule]]\nid = \"s\"\ncontent = \"x\"\nverdict = \"redact\"\n";
  const Finished bounded = sluice({"check", policy("bounded.toml", head + "{3}" + rule)});
  EXPECT_EQ(bounded.status, 0) << bounded.err;
  EXPECT_NE(bounded.out.find("nothing is found inside of bzip2"), std::string::npos) << bounded.out;
  EXPECT_EQ(bounded.out.find("any length"), std::string::npos) << bounded.out;
  const std::string endless = policy("endless.toml", head + "+" + rule);
  const Finished any = sluice({"check", endless});
  EXPECT_EQ(any.status, 0) << any.err;
  EXPECT_NE(
      any.out.find("files over 256 MiB get what `on_error` says: what `x` of `x` finds may be "
                   "of any length"),
      std::string::npos)
      << any.out;
  EXPECT_EQ(json::parse(sluice({"check", "--json", endless}).out)["limits"].size(), 2u);
  const Finished none = sluice({"check", policy("none.toml", "version = 1\n")});
  EXPECT_EQ(std::ranges::count(none.out, '\n'), 1) << none.out;
}

TEST_F(PolicyCommands, explain_and_diff_say_what_depends_on_contents) {
  const std::string plain = policy("plain.toml", "version = 1\n");
  const std::string looks =
      policy("looks.toml",
             "version = 1\n[[rule]]\nid = \"s\"\ncontent = \"builtin\"\nverdict = \"redact\"\n");
  const json why = json::parse(sluice({"explain", "--policy", looks, "--json", "a.c"}).out);
  EXPECT_EQ(why["terms"]["read"], "native");
  EXPECT_EQ(why["terms"]["if_found"]["builtin"]["read"], "redact");
  EXPECT_EQ(why["matches"][0]["role"], "if_found");
  EXPECT_EQ(why["matches"][0]["contents"], json::array({"builtin"}));
  const std::string tree = scratch_.folder("tree");
  scratch_.folder("tree/sub");
  scratch_.file("tree/sub/a.c", "");
  const Finished changed = sluice({"diff", plain, looks, "--tree", tree});
  EXPECT_EQ(changed.out,
            "sub/a.c  as anyone: native -> native (`builtin` found: read redact, write deny)\n"
            "1 of 2 names change\n");
}

TEST_F(PolicyCommands, explain_refuses_what_it_cannot_answer) {
  const std::string name = policy("p.toml");
  const std::vector<std::pair<Words, std::string>> cases{
      {{"--as", "agnet", "x"}, "did you mean `agent`?"},
      {{"--mode", "q", "x"}, "`q` is no mode"},
      {{"/etc/passwd"}, "--over"},
      {{"../x"}, "is not below"},
      {{"--over", "/srv/tree", "/srv/other"}, "is not below"},
  };
  for (const auto& [more, said] : cases) {
    Words words{"explain", "--policy", name};
    words.insert(words.end(), more.begin(), more.end());
    const Finished finished = sluice(words);
    EXPECT_EQ(finished.status, 2) << said;
    EXPECT_NE(finished.err.find(said), std::string::npos) << finished.err;
  }
}

TEST_F(PolicyCommands, diff_names_the_files_for_which_a_change_matters) {
  scratch_.folder("tree");
  scratch_.folder("tree/.ssh");
  scratch_.file("tree/.ssh/id", "");
  scratch_.file("tree/a.pem", "");
  scratch_.file("tree/b.key", "");
  const std::string before = policy("before.toml");
  std::string text{kPolicy};
  text.replace(text.find("\"*.pem\""), 7, "\"*.key\"");
  text.erase(text.find("[[test]]"));
  const std::string after = policy("after.toml", text);
  const std::string tree = scratch_.path("tree");
  EXPECT_EQ(sluice({"diff", before, before, "--tree", tree}).status, 0);
  const Finished finished = sluice({"diff", before, after, "--tree", tree, "--json"});
  EXPECT_EQ(finished.status, 1) << finished.err;
  std::set<std::string> paths;
  const json data = json::parse(finished.out);
  for (const json& change : data["changes"]) paths.insert(change["path"]);
  EXPECT_EQ(paths, (std::set<std::string>{"a.pem", "b.key"}));
}

}  // namespace
}  // namespace sluice::test
