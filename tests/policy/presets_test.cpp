// SPDX-License-Identifier: MIT
// The shipped policies: they load, pass their own tests, and hold nothing dead.
#include "sluice/policy/presets.h"

#include <gtest/gtest.h>

#include "sluice/policy/check.h"
#include "support.h"

namespace sluice::policy {
namespace {

TEST(Presets, load_and_pass_their_own_tests) {
  EXPECT_EQ(presets().size(), 2u);
  for (const Preset& preset : presets()) {
    const Program program = program_of(preset.text);
    const auto results = run_tests(program);
    EXPECT_FALSE(results.empty()) << preset.name;
    EXPECT_EQ(text_of(failures_of(program, results)), "") << preset.name;
    EXPECT_EQ(text_of(dead_rules(program)), "") << preset.name;
  }
}

TEST(Presets, are_found_by_name_only) {
  EXPECT_TRUE(preset("agent").has_value());
  EXPECT_FALSE(preset("agents").has_value());
  EXPECT_FALSE(preset("").has_value());
}

TEST(Presets, agent_hides_secrets_and_keeps_hooks_but_not_the_project) {
  const Program program = program_of(preset("agent")->text);
  for (const char* path :
       {".ssh/", ".ssh/id_rsa", "p/deploy.pem", ".env", "p/.env.local", "p/prod.env",
        ".aws/credentials", ".config/gcloud/x", ".netrc", ".npmrc", ".kube/config",
        ".docker/config.json", ".mozilla/firefox/p/logins.json", ".bash_history", ".gnupg/",
        ".password-store/x.gpg", "home/u/.config/google-chrome/Default/Cookies",
        "infra/terraform.tfstate"}) {
    EXPECT_EQ(grant_at(program, path, "agent"), "no deny deny deny") << path;
    EXPECT_EQ(grant_at(program, path, "anyone"), "yes native native native") << path;
  }
  for (const char* path :
       {".git/hooks/pre-commit", "p/.git/config", ".git/modules/a/b/hooks/x",
        ".git/modules/a/config", "p/.envrc", ".husky/pre-push", ".vscode/tasks.json",
        ".github/workflows/ci.yml", ".bashrc", ".config/systemd/user/x.service",
        ".config/autostart/x.desktop", "var/spool/cron/root"}) {
    EXPECT_EQ(grant_at(program, path, "agent"), "yes native native deny") << path;
  }
  for (const char* path :
       {"src/a.c", ".git/index", ".git/objects/", "p/.env.example", "id_rsa.pub", "environment.ts",
        "keys/README", "package.json", "node_modules/x/cacert.pem", ".github/CODEOWNERS"}) {
    EXPECT_EQ(grant_at(program, path, "agent"), "yes native native native") << path;
  }
}

TEST(Presets, agent_can_be_loosened_from_outside) {
  const Program program = program_of(
      "version = 1\n[[include]]\npreset = \"agent\"\ndisable = [\"agent-history\"]\n"
      "except.\"agent-env\" = [\"tests/*.env\"]\n");
  EXPECT_EQ(grant_at(program, ".bash_history", "agent"), "yes native native native");
  EXPECT_EQ(grant_at(program, "tests/a.env", "agent"), "yes native native native");
  EXPECT_EQ(grant_at(program, "a.env", "agent"), "no deny deny deny");
}

}  // namespace
}  // namespace sluice::policy
