// SPDX-License-Identifier: MIT
// Tools that people use, as the owner and as an agent under the shipped preset: they must notice
// nothing where nothing is hidden from them.
#include <unistd.h>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kAgent = "[[include]]\npreset = \"agent\"\n";

class Tools : public Guarded, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Guarded::SetUp();
    if (IsSkipped()) return;
    put("project/main.c", "int main(void) { return 0; }\n");
    put("project/.netrc", "KEY=secret\n");
    ASSERT_NO_FATAL_FAILURE(serve(kAgent, GetParam()));
  }
  // Runs a command in the mounted project.
  void must(const std::string& command) {
    std::string said;
    EXPECT_EQ(
        shell("cd " + mount("project") + " && export HOME=" + scratch_.path() + " && " + command,
              &said),
        0)
        << command << "\n"
        << said;
  }
  bool has(const char* tool) { return shell(std::string{"command -v "} + tool) == 0; }
};

TEST_P(Tools, sed_in_place_saves_by_rename) {
  must("sed -i 's/return 0/return 1/' main.c && grep -q 'return 1' main.c");
  EXPECT_EQ(read_file(lower("project/main.c")), "int main(void) { return 1; }\n");
}

TEST_P(Tools, an_editor_keeps_a_backup_and_saves) {
  if (!has("vim")) GTEST_SKIP() << "no vim here";
  must("vim -u NONE -es -c 'set backup writebackup' -c '%s/0/2/' -c 'wq' main.c");
  EXPECT_EQ(read_file(lower("project/main.c")), "int main(void) { return 2; }\n");
}

TEST_P(Tools, git_commits_branches_and_checks_out) {
  if (!has("git")) GTEST_SKIP() << "no git here";
  // A repository has files that an agent may read only; it is made outside.
  ASSERT_EQ(shell("cd " + lower("project") +
                  " && git init -q -b main . && git config user.email a@b"
                  " && git config user.name a"),
            0);
  must("git add main.c && git commit -qm one");
  must("git checkout -qb two && echo '//' >> main.c && git commit -qam two");
  must("git checkout -q main && ! grep -q '//' main.c && git merge -q two && grep -q '//' main.c");
  must(
      "git stash list && git gc -q && git fsck --strict && git status --porcelain | grep -v .netrc |"
      " wc -l | grep -qx 0");
}

TEST_P(Tools, tar_and_folder_renames_as_of_package_managers) {
  must(
      "mkdir -p node/.staging/pkg-1 && echo x > node/.staging/pkg-1/index.js &&"
      " mv node/.staging/pkg-1 node/pkg && mv node/pkg node/.old && mv node/.old node/pkg &&"
      " cat node/pkg/index.js");
  must("tar cf node.tar node && rm -r node && tar xf node.tar && test -f node/pkg/index.js");
  must("cp -a node copy && rm -rf node copy node.tar");
  EXPECT_EQ(names_in(lower("project")), ".netrc main.c");
}

TEST_P(Tools, a_compiler_builds_what_runs) {
  if (!has("cc")) GTEST_SKIP() << "no compiler here";
  must(
      "mkdir build && cc -c main.c -o build/main.o && cc build/main.o -o build/main && build/main"
      " && ar rcs build/lib.a build/main.o && rm -r build");
}

TEST_P(Tools, the_agent_sees_no_secret_and_the_owner_does) {
  std::string said;
  const int found = shell("cat " + mount("project/.netrc"), &said);
  if (std::string_view{GetParam()} == "agent") {
    EXPECT_NE(found, 0);
    EXPECT_EQ(said.find("secret"), std::string::npos);
    EXPECT_EQ(names_in(mount("project")), "main.c");
  } else {
    EXPECT_EQ(said, "KEY=secret\n");
  }
}

INSTANTIATE_TEST_SUITE_P(As, Tools, ::testing::Values("anyone", "agent"),
                         [](const auto& who) { return std::string{who.param}; });

}  // namespace
}  // namespace sluice::guard::test
