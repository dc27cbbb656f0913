// SPDX-License-Identifier: MIT
// The shipped policies: they load, pass their own tests, and hold nothing dead.
#include "sluice/policy/presets.h"

#include <gtest/gtest.h>

#include "sluice/policy/check.h"
#include "support.h"

namespace sluice::policy {
namespace {

TEST(Presets, load_and_pass_their_own_tests) {
  EXPECT_EQ(presets().size(), 4u);
  for (const Preset& preset : presets()) {
    const Program program = program_of(preset.text);
    auto results = run_tests(program);
    EXPECT_FALSE(results.empty()) << preset.name;
    // Those that have a file need somebody who can look into it.
    std::erase_if(results, [](const TestResult& each) { return each.test->file.has_value(); });
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
       {".ssh/", ".ssh/id_rsa", "p/deploy.pem", ".aws/credentials", ".config/gcloud/x", ".netrc",
        ".npmrc", ".kube/config", ".docker/config.json", ".mozilla/firefox/p/logins.json",
        ".bash_history", ".gnupg/", ".password-store/x.gpg",
        "home/u/.config/google-chrome/Default/Cookies", "infra/terraform.tfstate"}) {
    EXPECT_EQ(grant_at(program, path, "agent"), "no deny deny deny") << path;
    EXPECT_EQ(grant_at(program, path, "anyone"), "yes native native native") << path;
  }
  for (const char* path : {".env", "p/.env.local", "p/prod.env"}) {
    EXPECT_EQ(grant_at(program, path, "agent"), "yes redact redact deny") << path;
    EXPECT_EQ(terms_at(program, path, "agent").grant.with, With::values) << path;
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
  EXPECT_EQ(grant_at(program, "a.env", "agent"), "yes redact redact deny");
}

TEST(Presets, each_looks_into_files_for_whom_it_is_for) {
  struct Case {
    std::string preset, subject, path, content, grant;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"agent", "agent", "src/a.c", "builtin", "yes redact redact deny"},
           {"agent", "agent", ".env", "builtin", "yes redact redact deny"},
           {"agent", "anyone", "src/a.c", "", "yes native native native"},
           {"gallery", "viewer", "a.jpg", "positions", "yes redact redact deny"},
           {"gallery", "viewer", "a.mkv", "other", "yes deny deny deny"},
           {"gallery", "viewer", "a.xmp", "positions", "yes redact redact deny"},
           {"gallery", "anyone", "a.jpg", "", "yes native native native"},
           {"share", "anyone", "a.csv", "card", "yes redact redact deny"},
           {"share", "unknown", "a.csv", "iban", "yes deny deny deny"},
           {"share", "finance", "a.csv", "", "yes native native native"},
           {"dataset", "anyone", "a.bin", "hidden", "yes redact redact deny"}}) {
    const Program program = program_of(preset(each.preset)->text);
    EXPECT_EQ(grant_if(program, each.path, each.subject, each.content), each.grant)
        << each.preset << " " << each.path;
    if (!each.content.empty()) continue;
    EXPECT_TRUE(terms_at(program, each.path, each.subject).asks().empty()) << each.preset;
  }
}

TEST(Presets, dataset_takes_a_manifest_from_who_includes_it) {
  const std::string text =
      "version = 1\n[[include]]\npreset = \"dataset\"\n[detector.hidden]\nmanifest = \"m.tsv\"\n";
  const auto document = load({"p.toml", text}, [](std::string_view, std::string_view file) {
    return Result<Source, Error>{Source{std::string{file}, "a\t0\t1\n"}};
  });
  ASSERT_TRUE(document.has_value()) << text_of(document.error());
  ASSERT_EQ(document->detectors.size(), 1u);
  EXPECT_EQ(document->detectors[0].manifest_file, "m.tsv");
  EXPECT_EQ(document->detectors[0].manifest_text, "a\t0\t1\n");
}

}  // namespace
}  // namespace sluice::policy
