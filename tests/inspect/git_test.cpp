// SPDX-License-Identifier: MIT
// Git's objects: made by hand, and by git itself where it is there.
#include "sluice/inspect/git.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "pack_support.h"
#include "sluice/inspect/git_delta.h"

namespace sluice::inspect {
namespace {

using namespace std::string_literals;

std::string blob(std::string_view text) {
  return pack_entry(3, text.size()) + deflated(text, Wrapping::zlib);
}

TEST(GitLoose, objects_are_scanned_and_trees_are_not) {
  EXPECT_EQ(inside(deflated("blob 12\0tok_abcdefgh"s, Wrapping::zlib)), "found f!@1");
  EXPECT_EQ(inside(deflated("commit 12\0tok_abcdefgh"s, Wrapping::zlib)), "found f!@1");
  EXPECT_EQ(inside(deflated("tree 12\0tok_abcdefgh"s, Wrapping::zlib)), "clean");
}

TEST(GitPack, objects_are_scanned) {
  const std::string second = std::to_string(12 + blob("nothing").size());
  EXPECT_EQ(inside(pack_of({blob("nothing"), blob("a tok_abcdefgh")}), "p"), "found p!" + second + "@1");
  EXPECT_EQ(inside(pack_of({blob("nothing")}), "p"), "clean");
}

TEST(GitPack, deltas_against_an_offset_are_resolved) {
  const std::string base = blob("a tok_abcd");
  // Copies all ten bytes, adds four.
  const std::string delta =
      "\x0a\x0e\x90\x0a\x04"
      "efgh";
  const std::string entry = pack_entry(6, delta.size()) + static_cast<char>(base.size()) +
                            deflated(delta, Wrapping::zlib);
  EXPECT_EQ(inside(pack_of({base, entry}), "p"),
            "found p!" + std::to_string(12 + base.size()) + "@1");
}

TEST(GitPack, deltas_that_lie_are_malformed) {
  const std::string base = blob("a tok_abcd");
  for (const std::string& delta :
       {"\x0a\x0e\x90\x0b"s, "\x0b\x01\x01x"s, "\x0a\x7f\x90\x0a"s, "\x0a"s, "\x0a\x05\x00"s}) {
    const std::string entry = pack_entry(6, delta.size()) + static_cast<char>(base.size()) +
                              deflated(delta, Wrapping::zlib);
    EXPECT_EQ(inside(pack_of({base, entry}), "p"), "malformed");
  }
}

TEST(GitPack, deltas_against_what_is_not_there_are_unsupported) {
  const std::string entry =
      pack_entry(7, 4) + std::string(20, 'z') + deflated("\x01\x01\x01x", Wrapping::zlib);
  EXPECT_EQ(inside(pack_of({entry}), "p"), "unsupported");
}

TEST(GitPack, with_an_index_that_is_none_is_read_without) {
  EXPECT_EQ(inside_pack(pack_of({blob("a tok_abcdefgh")}), "not an index"), "found p!12@1");
}

TEST(GitDelta, copies_and_adds) {
  const auto made = apply_delta(bytes_of(std::string_view{"abcdef"}),
                                bytes_of(std::string_view{"\x06\x05\x91\x02\x03\x02xy"}), 100);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(text_of(*made), "cdexy");
  EXPECT_FALSE(apply_delta(bytes_of(std::string_view{"abcdef"}),
                           bytes_of(std::string_view{"\x06\x05\x91\x02\x03\x02xy"}), 4));
}

// Runs one command in `folder`; tells whether it went well.
bool run(const std::filesystem::path& folder, const std::string& command) {
  const std::string all =
      "cd '" + folder.string() + "' && timeout 60 " + command + " >/dev/null 2>&1";
  return std::system(all.c_str()) == 0;
}

std::string bytes_at(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class GitRepository : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-inspect-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    if (!run(folder_, "git init -q .")) GTEST_SKIP() << "there is no git here";
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // Commits a file of many lines, which differ in one; with a secret in it or not.
  void commit(int version, std::string_view extra) {
    std::ofstream out{folder_ / "file"};
    for (int i = 0; i < 400; ++i)
      out << "line " << i * 7919 % 1000 << (i == version ? " changed" : "") << "\n";
    out << extra << "\n";
    out.close();
    ASSERT_TRUE(run(folder_, "git add file"));
    ASSERT_TRUE(run(folder_, "git -c user.name=a -c user.email=a@b commit -q -m c"));
  }

  std::filesystem::path folder_;
};

TEST_F(GitRepository, has_its_loose_objects_scanned) {
  commit(1, "a tok_abcdefgh");
  int found = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator{folder_ / ".git/objects"}) {
    if (file.is_regular_file() && inside(bytes_at(file.path())).starts_with("found")) ++found;
  }
  EXPECT_EQ(found, 1);
}

TEST_F(GitRepository, has_its_pack_scanned_with_all_deltas) {
  for (int i = 0; i < 12; ++i) commit(i, i == 5 ? "a tok_abcdefgh" : "none");
  ASSERT_TRUE(run(folder_, "git repack -q -a -d -f --depth=50 --window=50"));
  std::string pack, index;
  for (const auto& file : std::filesystem::directory_iterator{folder_ / ".git/objects/pack"}) {
    if (file.path().extension() == ".pack") pack = bytes_at(file.path());
    if (file.path().extension() == ".idx") index = bytes_at(file.path());
  }
  ASSERT_FALSE(pack.empty());
  ASSERT_FALSE(index.empty());
  const std::string with_index = inside_pack(pack, index);
  EXPECT_TRUE(with_index.starts_with("found p!")) << with_index;
  EXPECT_TRUE(with_index.ends_with("@401")) << with_index;
  // git writes deltas against offsets unless told otherwise, so the pack alone is enough.
  EXPECT_TRUE(inside(pack, "p").starts_with("found p!"));
}

TEST_F(GitRepository, without_secrets_is_clean) {
  for (int i = 0; i < 6; ++i) commit(i, "none");
  ASSERT_TRUE(run(folder_, "git repack -q -a -d -f"));
  for (const auto& file : std::filesystem::directory_iterator{folder_ / ".git/objects/pack"}) {
    if (file.path().extension() == ".pack") {
      EXPECT_EQ(inside(bytes_at(file.path())), "clean");
    }
  }
}

}  // namespace
}  // namespace sluice::inspect
