// SPDX-License-Identifier: MIT
// A policy as people write it, with imports, detectors and tests of its own that look into files.
#include <gtest/gtest.h>

#include "sluice/content/local_looker.h"
#include "sluice/policy/check.h"
#include "sluice/policy/load.h"
#include "support.h"

namespace sluice::content {
namespace {

constexpr const char* kPolicy = R"(version = 1
[default]
verdict = "native"

[[import]]
gitleaks = "secrets.toml"
as = "secrets"

[detector.card]
regex = '\b[0-9]{16}\b'
validate = "luhn"

[[rule]]
id = "no-secrets"
content = ["secrets", "card", "positions"]
verdict = "redact"

[[test]]
open = "src/main.c"
file = "char key[] = \"one_abcdefgh\"; // 4111111111111111\n"
expect = { read = "redact", same_size = true, content = ["secrets", "card"], has = ["char key[]"], lacks = ["one_abcdefgh", "4111111111111111"] }

[[test]]
open = "src/main.c"
file = "int a; // 4111111111111112\n"
expect = { read = "native", content = [], has = ["4111111111111112"] }

[[test]]
open = "tests/main.c"
file = "one_abcdefgh"
expect = { read = "native" }
)";

constexpr const char* kRules =
    "[[rules]]\nid = \"one\"\nregex = '''one_[a-z]{8}'''\n"
    "[[allowlists]]\npaths = ['''^tests/''']\n";

Result<policy::Source, Error> resolve(std::string_view, std::string_view file) {
  if (file != "secrets.toml") return fail(Error{"there is no such file", ENOENT});
  return policy::Source{"secrets.toml", kRules};
}

// Gives what the policy's own tests say; "" if all is well.
std::string failures(const std::string& text) {
  auto document = policy::load({"policy", text}, resolve);
  if (!document) return policy::text_of(document.error());
  const auto program = policy::compile(std::move(*document));
  if (!program) return policy::text_of(program.error());
  const auto detection = Detection::make(*program);
  if (!detection) return policy::text_of(detection.error());
  LocalLooker looker{*detection, *program};
  return policy::text_of(policy::failures_of(*program, policy::run_tests(*program, &looker)));
}

TEST(Policy, tests_of_its_own_look_into_files) { EXPECT_EQ(failures(kPolicy), ""); }

TEST(Policy, tests_of_its_own_fail_where_they_are_wrong) {
  const std::string text = std::string{kPolicy} +
                           "[[test]]\nopen = \"a\"\nfile = \"one_abcdefgh\"\n"
                           "expect = { read = \"native\" }\n";
  const std::string said = failures(text);
  EXPECT_NE(said.find("redact"), said.npos) << said;
}

}  // namespace
}  // namespace sluice::content
