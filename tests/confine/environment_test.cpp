// SPDX-License-Identifier: MIT
#include "sluice/confine/environment.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::confine {
namespace {

TEST(Pattern, a_star_stands_for_any_number_of_bytes) {
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("A*", "A"));
  EXPECT_TRUE(matches("*_TOKEN", "MY_TOKEN"));
  EXPECT_TRUE(matches("a*b*c", "a--b-b--c"));
  EXPECT_TRUE(matches("**x**", "x"));
  EXPECT_FALSE(matches("", "x"));
  EXPECT_FALSE(matches("A", "AB"));
  EXPECT_FALSE(matches("*_TOKEN", "MY_TOKENS"));
  EXPECT_FALSE(matches("a*b*c", "a-c-b"));
  EXPECT_FALSE(matches("token", "TOKEN"));
}

// Against the plain definition, on every pattern and name up to four letters of two.
bool plainly(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*')
    return plainly(pattern.substr(1), name) || (!name.empty() && plainly(pattern, name.substr(1)));
  return !name.empty() && pattern[0] == name[0] && plainly(pattern.substr(1), name.substr(1));
}

std::vector<std::string> all_words(std::string_view letters, std::size_t longest) {
  std::vector<std::string> words{""};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() == longest) continue;
    for (const char letter : letters) words.push_back(words[i] + letter);
  }
  return words;
}

TEST(Pattern, agrees_with_the_definition_on_all_short_words) {
  for (const std::string& pattern : all_words("ab*", 5)) {
    for (const std::string& name : all_words("ab", 5)) {
      ASSERT_EQ(matches(pattern, name), plainly(pattern, name)) << pattern << " " << name;
    }
  }
}

std::vector<std::string> kept(std::vector<std::string> names, const EnvironmentRules& rules = {}) {
  for (std::string& name : names) name += "=value";
  std::vector<std::string> left = filter_environment(names, rules).variables;
  for (std::string& variable : left) variable.resize(variable.find('='));
  return left;
}

TEST(Environment, secrets_and_ways_to_services_are_removed_by_default) {
  EXPECT_EQ(kept({"SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST", "TMUX", "STY",
                  "GPG_AGENT_INFO", "GITHUB_TOKEN", "NPM_TOKEN_2", "MY_SECRET", "DB_PASSWORD",
                  "OPENAI_API_KEY", "AWS_ACCESS_KEY_ID", "DATABASE_URL", "SENTRY_DSN"}),
            std::vector<std::string>{});
}

TEST(Environment, what_commands_need_is_kept_by_default) {
  const std::vector<std::string> needed{"PATH", "HOME",  "LANG",       "LC_ALL",  "TERM",
                                        "USER", "SHELL", "LD_PRELOAD", "CFLAGS",  "EDITOR",
                                        "PWD",  "CI",    "TOKENIZERS_PARALLELISM", "COLORTERM"};
  EXPECT_EQ(kept(needed), needed);
}

TEST(Environment, keep_wins_over_remove_and_both_over_the_default) {
  EXPECT_EQ(kept({"A_TOKEN", "B_TOKEN", "PLAIN", "OTHER"},
                 {.keep = {"A_*", "OTHER"}, .remove = {"PLAIN", "OTHER"}}),
            (std::vector<std::string>{"A_TOKEN", "OTHER"}));
}

TEST(Environment, names_that_were_removed_are_told_sorted_and_once) {
  const std::vector<std::string> variables{"Z_TOKEN=1", "A_TOKEN=2", "Z_TOKEN=3", "X=4"};
  const auto filtered = filter_environment(variables, {});
  EXPECT_EQ(filtered.removed, (std::vector<std::string>{"A_TOKEN", "Z_TOKEN"}));
  EXPECT_EQ(filtered.variables, std::vector<std::string>{"X=4"});
}

TEST(Environment, what_is_no_variable_is_dropped) {
  const std::vector<std::string> variables{"", "=x", "noequals", "OK=", "X=a=b"};
  EXPECT_EQ(filter_environment(variables, {}).variables, (std::vector<std::string>{"OK=", "X=a=b"}));
}

TEST(Environment, the_default_list_is_what_is_applied) {
  for (const std::string_view pattern : variables_removed_by_default()) {
    std::string name{pattern};
    std::erase(name, '*');
    EXPECT_EQ(kept({name}), std::vector<std::string>{}) << pattern;
  }
}

}  // namespace
}  // namespace sluice::confine
