// SPDX-License-Identifier: MIT
// Patterns against what gitignore says of them, and against git itself where there is one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "reference.h"
#include "support.h"

namespace sluice::policy {
namespace {

struct Case {
  std::string glob;
  std::vector<std::string> in;   // paths that it takes in
  std::vector<std::string> out;  // and that it does not
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"a", {"a", "a/", "a/b", "x/a", "x/y/a/z"}, {"b", "ab", "ba", "A", "x/ab"}},
      {"/a", {"a", "a/b"}, {"x/a", "x/a/b"}},
      {"a/b", {"a/b", "a/b/c"}, {"a", "b", "x/a/b", "a/x/b"}},
      {"/a/b", {"a/b"}, {"x/a/b"}},
      {"a/", {"a/", "a/b", "x/a/", "x/a/y/z"}, {"a", "x/a"}},
      {"a/b/", {"a/b/", "a/b/c"}, {"a/b", "x/a/b/c"}},
      {"*", {"a", ".a", "a/b"}, {}},
      {"*.c", {"a.c", ".c", "x/a.c", "a.c/b"}, {"a.cc", "a.C", "c"}},
      {"a*", {"a", "ab", "a/b", "x/ab"}, {"ba"}},
      {"*a*b*", {"ab", "xaybz", "aabb"}, {"ba", "a", "b"}},
      {"?", {"a", "x/a", "\xff"}, {"ab", "\xc3\xa4"}},
      {"??", {"ab", "\xc3\xa4"}, {"a", "abc"}},
      {"[ab]", {"a", "b"}, {"c", "ab", "-"}},
      {"[!ab]", {"c", "A", "]"}, {"a", "b", "cc"}},
      {"[^ab]", {"c"}, {"a", "b"}},
      {"[a-c]x", {"ax", "bx", "cx"}, {"dx", "-x", "x"}},
      {"[]x]", {"]", "x"}, {"[", "[]x]"}},
      {"[!]x]", {"a", "["}, {"]", "x"}},
      {"[a-]", {"a", "-"}, {"b"}},
      {"[-a]", {"a", "-"}, {"b"}},
      {"[\\]]", {"]"}, {"\\", "[\\]]"}},
      {"[\\\\]", {"\\"}, {"]"}},
      {"[[:digit:]_]", {"5", "_"}, {"a", ":", "[", "d"}},
      {"[![:alpha:]]", {"5", "-"}, {"a", "Z"}},
      {"\\*", {"*"}, {"a", "\\*", "**"}},
      {"\\a", {"a"}, {"\\a"}},
      {"\\[a]", {"[a]"}, {"a"}},
      {"\\!a", {"!a"}, {"a"}},
      {"#a", {"#a"}, {"a"}},
      {"a b", {"a b"}, {"a", "b"}},
      {"**", {"a", "a/b", "a/b/c"}, {}},
      {"/**", {"a", "a/b/c"}, {}},
      {"**/a", {"a", "x/a", "x/y/a", "a/b"}, {"xa", "x/ya"}},
      {"**/a/b", {"a/b", "x/a/b", "x/y/a/b/c"}, {"a", "b", "a/x/b"}},
      {"a/**", {"a/b", "a/b/c", "a/b/"}, {"a", "a/", "x/a/b"}},
      {"a/**/b", {"a/b", "a/x/b", "a/x/y/b", "a/b/c"}, {"ab", "a", "b", "x/a/b"}},
      {"**/a/**/b", {"a/b", "x/a/y/b", "a/a/b/b"}, {"b/a", "a", "b"}},
      {"a/**/**/b", {"a/b", "a/x/b"}, {"a"}},
      {"a**b", {"ab", "axb", "x/axyb"}, {"a/b", "a/x/b"}},
      {"a**/b", {"a/b", "ax/b"}, {"a/x/b", "x/a/b"}},
      {"**a/b", {"a/b", "xa/b"}, {"x/a/b"}},
      {"***/a", {"a", "x/y/a"}, {"xa"}},
      {"a/***", {"a/b"}, {"a"}},
      {"a/**/", {"a/b/", "a/b/c", "a/b/c/"}, {"a/b", "a/"}},
      {"a/*", {"a/b", "a/b/c"}, {"a", "x/a/b"}},
      {"a/*/c", {"a/b/c", "a/b/c/d"}, {"a/c", "a/b/b/c", "a/b"}},
      {"*/a", {"x/a", "x/a/b"}, {"a", "x/y/a"}},
      {".*", {".a", "x/.a", "..."}, {"a", "a."}},
      {"\xc3\xa4*", {"\xc3\xa4", "\xc3\xa4x"}, {"a"}},
  };
  return all;
}

TEST(Glob, takes_in_what_gitignore_says) {
  for (const Case& each : cases()) {
    const Program program = program_of(hiding({each.glob}));
    for (const std::string& path : each.in)
      EXPECT_TRUE(hides(program, path)) << each.glob << " on " << path;
    for (const std::string& path : each.out)
      EXPECT_FALSE(hides(program, path)) << each.glob << " on " << path;
  }
}

TEST(Glob, that_subtracts_does_so_wherever_it_stands) {
  for (const auto& globs : {std::vector<std::string>{"*.env", "!a.env"}, {"!a.env", "*.env"}}) {
    const Program program = program_of(hiding(globs));
    EXPECT_TRUE(hides(program, "b.env"));
    EXPECT_FALSE(hides(program, "a.env"));
    EXPECT_FALSE(hides(program, "x/a.env"));
    EXPECT_FALSE(hides(program, "a.env/b.env"))
        << "a directory that is subtracted takes all below with it";
  }
}

TEST(Glob, that_subtracts_works_below_a_directory_that_matches) {
  const Program program = program_of(hiding({"a/", "!a/b/"}));
  EXPECT_TRUE(hides(program, "a/x"));
  EXPECT_TRUE(hides(program, "a/b")) << "a file";
  EXPECT_FALSE(hides(program, "a/b/"));
  EXPECT_FALSE(hides(program, "a/b/c"));
}

TEST(Glob, lists_that_only_subtract_do_so_from_everything) {
  const Program program = program_of(hiding({"!a", "!b/"}));
  EXPECT_FALSE(hides(program, "a"));
  EXPECT_FALSE(hides(program, "b/c"));
  EXPECT_TRUE(hides(program, "b"));
  EXPECT_TRUE(hides(program, "c"));
}

TEST(Glob, matches_names_of_any_bytes_and_lengths) {
  const Program program = program_of(hiding({"*.env", "x?z"}));
  EXPECT_TRUE(hides(program, std::string(251, '\xff') + ".env"));
  EXPECT_TRUE(hides(program, "x\nz"));
  EXPECT_TRUE(hides(program, std::string{"x\0z", 3}));
  EXPECT_FALSE(hides(program, std::string(5000, 'e')));
}

TEST(Glob, that_is_none_is_told_with_its_column) {
  struct Bad {
    std::string glob;
    std::string column;
    std::string part;
  };
  for (const Bad& bad : std::initializer_list<Bad>{{"", "10", "names nothing"},
                                                   {"/", "10", "names nothing"},
                                                   {"!", "11", "names nothing"},
                                                   {"a//b", "12", "nothing stands between"},
                                                   {"ab[c", "12", "never closed"},
                                                   {"[]", "10", "never closed"},
                                                   {"a[b/c]", "13", "cannot hold `/`"},
                                                   {"a/../b", "12", "no name is ever `..`"},
                                                   {"./a", "10", "no name is ever `.`"},
                                                   {"a[z-a]", "12", "backwards"},
                                                   {"[[:foo:]]", "11", "no class"},
                                                   {"[\xc3\xa4]", "11", "holds bytes"},
                                                   {"!a//b", "13", "nothing stands"}}) {
    const std::string text = "version = 1\n[[rule]]\nid = \"r\"\nverdict = \"hide\"\npath = [" +
                             toml_string(bad.glob) + "]\n";
    const std::string wrong = wrong_with(text);
    EXPECT_TRUE(wrong.starts_with("p.toml:5:" + bad.column + ": ")) << bad.glob << ": " << wrong;
    EXPECT_NE(wrong.find(bad.part), wrong.npos) << bad.glob << ": " << wrong;
  }
}

TEST(Glob, that_is_too_long_or_has_an_escape_of_nothing_is_told) {
  EXPECT_NE(wrong_with(hiding({std::string(4097, 'a')})).find("longer than 4096"),
            std::string::npos);
  EXPECT_NE(wrong_with(hiding({"a\\"})).find("escapes nothing"), std::string::npos);
  std::string deep = "a";
  for (int i = 0; i < 64; ++i) deep += "/a";
  EXPECT_NE(wrong_with(hiding({deep})).find("more than 64"), std::string::npos);
}

// A folder of its own that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

int run(const std::vector<std::string>& words, const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || ::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Glob, agrees_with_git) {
  const Folder folder;
  const std::string git = folder.path().string();
  const std::string out = (folder.path() / "out").string();
  if (run({"git", "-C", git, "init", "-q"}, out) != 0) GTEST_SKIP() << "no git here";
  for (const Case& each : cases()) {
    // A `#` begins a comment in git's files; that is not the pattern's syntax. And gitignore(5)
    // takes two stars that are no component for one, which not every version of git does.
    if (each.glob.starts_with('#') || each.glob == "a**/b") continue;
    std::ofstream{folder.path() / ".gitignore"} << each.glob << "\n";
    const Program program = program_of(hiding({each.glob}));
    std::vector<std::string> paths = each.in;
    paths.insert(paths.end(), each.out.begin(), each.out.end());
    for (const std::string& path : paths) {
      // Git looks at the disk for what is a directory.
      const bool directory = path.ends_with('/');
      const std::string bare = path.substr(0, path.size() - (directory ? 1 : 0));
      std::error_code error;
      if (directory) std::filesystem::create_directories(folder.path() / bare, error);
      ASSERT_FALSE(error) << path;
      const int status =
          run({"git", "-C", git, "check-ignore", "-q", "--no-index", "--", bare}, out);
      if (directory)
        std::filesystem::remove_all(folder.path() / reference::split(bare).front(), error);
      ASSERT_TRUE(status == 0 || status == 1) << each.glob << " on " << path;
      EXPECT_EQ(hides(program, path), status == 0) << each.glob << " on " << path;
    }
  }
}

}  // namespace
}  // namespace sluice::policy
