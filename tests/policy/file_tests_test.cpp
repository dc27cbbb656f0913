// SPDX-License-Identifier: MIT
// A policy's tests that bring a file, with somebody to look into it who knows two words.
#include <gtest/gtest.h>

#include "sluice/policy/check.h"
#include "support.h"

namespace sluice::policy {
namespace {

// Finds `secret`, as the content `x`, and `card`, as the content `y`; `broken` cannot be looked
// into.
class Words : public Looker {
 public:
  explicit Words(const Program& program) : program_{program} {}

  Result<ContentSet, Error> find(std::string_view path, Bytes file) override {
    const std::string_view text = sluice::text_of(file);
    if (path == "gone") return fail(Error{"nobody is there", EIO});
    ContentSet found;
    if (text.find("broken") != text.npos) found.add(kFailed);
    if (text.find("secret") != text.npos) found.add(content_of(program_, "x"));
    if (text.find("card") != text.npos) found.add(content_of(program_, "y"));
    return found;
  }

  Result<std::vector<std::byte>, Error> redacted(std::string_view path, Bytes file,
                                                 ContentSet contents, With with) override {
    if (path == "sealed") return fail(Error{"it is inside a container", EIO});
    std::string text{sluice::text_of(file)};
    const auto hide = [&](std::string_view word) {
      for (std::size_t at; (at = text.find(word)) != text.npos;)
        text.replace(at, word.size(), word.size(), '*');
    };
    if (contents.has(content_of(program_, "x"))) hide("secret");
    if (contents.has(content_of(program_, "y"))) hide("card");
    if (with == With::all) text.assign(text.size(), '*');
    if (with == With::values) hide("value");
    const Bytes bytes = bytes_of(std::string_view{text});
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }

 private:
  const Program& program_;
};

const std::string kRules = R"(version = 1
[detector.x]
regex = "secret"
[detector.y]
regex = "card"
[[rule]]
id = "x"
content = "x"
verdict = "redact"
[[rule]]
id = "y"
content = "y"
path = "cards/"
verdict = "deny"
[[rule]]
id = "env"
path = ".env"
verdict = "redact"
)";

std::string failures(const std::string& test) {
  const Program program = program_of(kRules + "[[test]]\n" + test + "\n");
  Words words{program};
  const auto results = run_tests(program, &words);
  EXPECT_EQ(results.size(), 1u);
  std::string all;
  for (const std::string& line : results.front().differences) all += line + "\n";
  EXPECT_EQ(results.front().passed, all.empty());
  return all;
}

TEST(FileTests, pass_where_a_reader_gets_what_is_expected) {
  for (const char* test :
       {"open = \"a\"\nfile = \"my secret\"\nexpect = { read = \"redact\", write = \"deny\", rule ="
        " \"x\", has = \"my \", lacks = \"secret\", same_size = true, content = \"x\" }",
        "open = \"a\"\nfile = \"mine\"\nexpect = { read = \"native\", has = \"mine\", content = [] "
        "}",
        "open = \"a\"\nfile = \"secret card\"\nexpect = { has = \"card\", lacks = \"secret\","
        " content = [\"x\", \"y\"] }",
        "open = \".env\"\nfile = \"value secret\"\nexpect = { rule = \"env\", lacks = [\"value\","
        " \"secret\"] }",
        "open = \"cards/a\"\nfile = \"card\"\nexpect = { read = \"deny\", lacks = \"card\" }",
        "open = \"a\"\nfile = \"broken\"\nexpect = { read = \"deny\", rule = \"on_error\" }",
        "open = \"a\"\nexpect = { read = \"native\" }"}) {
    EXPECT_EQ(failures(test), "") << test;
  }
}

TEST(FileTests, say_what_came_instead) {
  EXPECT_EQ(failures("open = \"a\"\nfile = \"my secret\"\nexpect = { read = \"native\", has ="
                     " \"secret\", lacks = \"my\", same_size = false, content = \"y\" }"),
            "expected `read = \"native\"`, got \"redact\" by `x`\n"
            "expected `y` to be found, got `x`\n"
            "expected a reader to see `secret`, got `my ******`\n"
            "expected a reader not to see `my`, got it\n"
            "expected `same_size = false`, got 9 bytes of 9\n");
  EXPECT_EQ(failures("open = \"a\"\nfile = \"secret\"\nexpect = { content = [] }"),
            "expected nothing to be found, got `x`\n");
  EXPECT_EQ(failures("open = \"cards/a\"\nfile = \"card\"\nexpect = { has = \"card\" }"),
            "expected bytes of the file, got none by `y`\n");
  EXPECT_EQ(failures("open = \"sealed\"\nfile = \"secret\"\nexpect = { lacks = \"secret\" }"),
            "its file cannot be redacted: it is inside a container\n");
  EXPECT_EQ(failures("open = \"gone\"\nfile = \"\"\nexpect = { read = \"native\" }"),
            "its file was not looked into: nobody is there\n");
}

TEST(FileTests, fail_where_nobody_can_look) {
  const Program program =
      program_of(kRules +
                 "[[test]]\nopen = \"a\"\nfile = \"\"\nexpect = { read = \"native\" }\n"
                 "[[test]]\nopen = \"b\"\nexpect = { read = \"native\" }\n");
  const auto results = run_tests(program);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[1].passed);
  EXPECT_EQ(text_of(failures_of(program, results)),
            "p.toml:19:1: test of `a` as `anyone`: it has a `file`, and nothing here can look into"
            " files\n");
}

}  // namespace
}  // namespace sluice::policy
