// SPDX-License-Identifier: MIT
// `sluice check --tree`: what of a real directory a policy cannot keep by paths.
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "support.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kPolicy = R"(version = 1
[[rule]]
id = "keys"
path = ["*.key", "vault/"]
verdict = "deny"
)";

class TreeCheck : public testing::Test {
 protected:
  void SetUp() override {
    policy_ = scratch_.file("p.toml", kPolicy);
    tree_ = scratch_.folder("tree");
    scratch_.folder("tree/sub");
    scratch_.folder("tree/vault");
  }
  json look() {
    const Finished finished = sluice({"check", policy_, "--tree", tree_, "--json"});
    EXPECT_EQ(finished.status, 0) << finished.err;
    return json::parse(finished.out, nullptr, false)["tree"];
  }
  std::string text() { return sluice({"check", policy_, "--tree", tree_}).out; }

  Scratch scratch_;
  std::string policy_;
  std::string tree_;
};

TEST_F(TreeCheck, links_that_lead_out_are_told_and_none_is_followed) {
  fs::create_symlink("../..", tree_ + "/sub/out");
  fs::create_symlink("../vault", tree_ + "/sub/in");
  fs::create_symlink("/etc", tree_ + "/etc");
  fs::create_symlink("sub/../../tree", tree_ + "/out_and_in");
  fs::create_symlink("nowhere", tree_ + "/sub/dangling");
  fs::create_symlink(".", tree_ + "/loop");
  const json found = look();
  std::set<std::string> out;
  for (const json& link : found["links_out"]) out.insert(link["path"]);
  EXPECT_EQ(out, (std::set<std::string>{"sub/out", "etc", "out_and_in"}));
  EXPECT_EQ(found["seen"], 8);  // two directories and six links
  EXPECT_EQ(found["stopped_at"], "");
  EXPECT_NE(text().find("sub/out: a link that leads out, to `../..`"), std::string::npos) << text();
}

TEST_F(TreeCheck, files_with_another_name_that_a_rule_restricts_are_told) {
  scratch_.file("tree/plain", "x");
  scratch_.file("tree/a.key", "x");
  scratch_.file("tree/vault/deep", "x");
  fs::create_hard_link(tree_ + "/a.key", tree_ + "/sub/innocent");
  fs::create_hard_link(tree_ + "/vault/deep", scratch_.path("outside"));
  scratch_.file("tree/free", "x");
  fs::create_hard_link(tree_ + "/free", tree_ + "/sub/free");
  scratch_.file("tree/half", "x");
  fs::create_hard_link(tree_ + "/half", scratch_.path("other_half"));
  const json found = look();
  ASSERT_EQ(found["linked"].size(), 2u) << found.dump(1);
  std::set<std::string> names;
  for (const json& file : found["linked"]) {
    EXPECT_EQ(file["names"], 2);
    EXPECT_EQ(file["rule"], "keys");
    for (const json& path : file["paths"]) names.insert(path);
  }
  EXPECT_EQ(names, (std::set<std::string>{"a.key", "sub/innocent", "vault/deep"}));
  EXPECT_EQ(found["unknown_names"], 1);
}

TEST_F(TreeCheck, names_that_a_mount_covers_are_told) {
  SLUICE_NEEDS_MOUNTS();
  ASSERT_EQ(::mount("none", (tree_ + "/sub").c_str(), "tmpfs", 0, "size=64k"), 0);
  EXPECT_EQ(look()["shadowed"], json({"sub"}));
}

TEST_F(TreeCheck, a_directory_in_which_names_have_several_spellings_is_told) {
  SLUICE_NEEDS_MOUNTS();
  const std::string at = tree_ + "/sub";
  const std::string image = scratch_.path("image");
  const Finished made = shell("truncate -s 16M " + image +
                              " && mke2fs -q -t ext4 -O casefold -E "
                              "encoding=utf8 " +
                              image + " && mount -o loop " + image + " " + at + " && mkdir " + at +
                              "/Folded && chattr +F " + at + "/Folded");
  if (made.status != 0) GTEST_SKIP() << "needs ext4 with casefolding: " << made.err;
  EXPECT_EQ(look()["folding"], json({"sub/Folded/"}));
}

TEST_F(TreeCheck, a_tree_that_is_too_deep_is_looked_at_as_far_as_a_bound) {
  std::string path = tree_;
  for (int i = 0; i < 300; ++i) {
    path += "/d";
    ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  }
  const json found = look();
  EXPECT_FALSE(found["stopped_at"].get<std::string>().empty());
  EXPECT_NE(text().find("the rest was not looked at"), std::string::npos);
}

TEST_F(TreeCheck, what_is_no_directory_is_an_error) {
  EXPECT_EQ(sluice({"check", policy_, "--tree", policy_}).status, 1);
  EXPECT_EQ(sluice({"check", policy_, "--tree", tree_ + "/none"}).status, 1);
}

}  // namespace
}  // namespace sluice::test
