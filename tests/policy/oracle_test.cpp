// SPDX-License-Identifier: MIT
// The automaton against the reference: every small pattern on every small path, and large random
// policies on random paths.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "reference.h"
#include "support.h"

namespace sluice::policy {
namespace {

// Gives every string over `letters` up to a length.
std::vector<std::string> strings(std::string_view letters, std::size_t longest) {
  std::vector<std::string> all{""};
  for (std::size_t begin = 0, length = 1; length <= longest; ++length) {
    const std::size_t end = all.size();
    for (; begin < end; ++begin) {
      for (const char letter : letters) all.push_back(all[begin] + letter);
    }
  }
  return all;
}

struct Path {
  std::string text;
  std::vector<std::string> names;
  bool directory;
};

// Gives every path of up to `depth` names, as a file and as a directory.
std::vector<Path> paths(const std::vector<std::string>& names, std::size_t depth) {
  std::vector<Path> all;
  std::vector<std::vector<std::string>> layer{{}};
  for (std::size_t d = 0; d < depth; ++d) {
    std::vector<std::vector<std::string>> next;
    for (const auto& above : layer) {
      for (const std::string& name : names) {
        next.push_back(above);
        next.back().push_back(name);
      }
    }
    for (const auto& each : next) {
      const std::string text = fmt::format("{}", fmt::join(each, "/"));
      all.push_back({text, each, false});
      all.push_back({text + "/", each, true});
    }
    layer = std::move(next);
  }
  return all;
}

bool is_pattern(const std::string& text) { return wrong_with(hiding({text})).empty(); }

void expect_same(const std::vector<std::string>& globs, const std::vector<Path>& world) {
  const Program program = program_of(hiding(globs));
  for (const Path& path : world) {
    ASSERT_EQ(hides(program, path.text), reference::takes_in(globs, path.names, path.directory))
        << fmt::format("{} on {}", fmt::join(globs, " "), path.text);
  }
}

TEST(Oracle, agrees_on_every_small_pattern_and_path) {
  const std::vector<Path> world = paths({"a", "b", "aa", "ab"}, 3);
  std::size_t patterns = 0;
  std::vector<std::string> globs = strings("a*/?", 4);
  for (std::string& glob : strings("a*/", 5)) {
    if (glob.size() == 5) globs.push_back(std::move(glob));
  }
  for (const std::string& glob : globs) {
    if (glob.starts_with('!') || !is_pattern(glob)) continue;
    ++patterns;
    expect_same({glob}, world);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(patterns, 200u);
}

TEST(Oracle, agrees_on_every_small_class) {
  const std::vector<Path> world = paths({"a", "b", "-", "]", "!", "ab"}, 1);
  for (const std::string& inside : strings("ab-!]\\", 3)) {
    const std::string glob = "[" + inside + "]";
    if (!is_pattern(glob)) continue;
    expect_same({glob}, world);
    if (HasFatalFailure()) return;
  }
}

TEST(Oracle, agrees_on_pairs_that_add_and_subtract) {
  const std::vector<Path> world = paths({"a", "b"}, 3);
  std::vector<std::string> globs;
  for (const std::string& glob : strings("a*/", 3)) {
    if (is_pattern(glob)) globs.push_back(glob);
  }
  for (const std::string& plus : globs) {
    for (const std::string& minus : globs) {
      expect_same({plus, "!" + minus}, world);
      if (HasFatalFailure()) return;
    }
  }
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_{seed} {}
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(engine_);
  }

  std::string name() {
    std::string name;
    for (std::size_t i = 0, n = 1 + below(4); i < n; ++i) name += "abc."[below(4)];
    return name == "." || name == ".." ? "a" : name;
  }
  std::string piece() {
    if (below(4) == 0) return "**";
    std::string piece;
    for (std::size_t i = 0, n = 1 + below(4); i < n; ++i) {
      static constexpr std::array<std::string_view, 9> kParts{"a", "b",    "c",     ".",    "*",
                                                              "?", "[ab]", "[!a.]", "[a-c]"};
      piece += kParts[below(kParts.size())];
    }
    return piece == "." || piece == ".." ? "b" : piece;
  }
  std::string glob() {
    std::string glob = below(4) == 0 ? "/" : "";
    for (std::size_t i = 0, n = 1 + below(4); i < n; ++i) glob += (i == 0 ? "" : "/") + piece();
    return glob + (below(4) == 0 ? "/" : "");
  }

 private:
  std::mt19937 engine_;
};

// Many rules, each with a bit of its own in the answer: which rule won is compared, by id.
TEST(Oracle, agrees_on_large_random_policies) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    Random random{seed};
    const std::size_t rules = seed % 2 == 0 ? 400 : 40;
    std::vector<std::vector<std::string>> globs;
    std::string text = "version = 1\n";
    for (std::size_t i = 0; i < rules; ++i) {
      auto& list = globs.emplace_back();
      for (std::size_t j = 0, n = 1 + random.below(3); j < n; ++j) list.push_back(random.glob());
      if (random.below(2) == 0) list.push_back("!" + random.glob());
      std::string quoted_list;
      for (const std::string& glob : list) quoted_list += toml_string(glob) + ",";
      text += fmt::format("[[rule]]\nid = \"r{:04}\"\npath = [{}]\n{}\n", i, quoted_list,
                          i % 3 == 0   ? "see = \"no\""
                          : i % 3 == 1 ? "read = \"served\""
                                       : "write = \"deny\"");
    }
    const Program program = program_of(text);
    for (std::size_t question = 0; question < 40'000 / rules; ++question) {
      Path path{"", {}, random.below(2) == 0};
      for (std::size_t d = 0, n = 1 + random.below(5); d < n; ++d)
        path.names.push_back(random.name());
      path.text = fmt::format("{}{}", fmt::join(path.names, "/"), path.directory ? "/" : "");
      std::array<std::string, 3> first{"default", "default", "default"};
      for (std::size_t i = rules; i-- > 0;) {
        if (reference::takes_in(globs[i], path.names, path.directory))
          first[i % 3] = fmt::format("r{:04}", i);
      }
      const Terms terms = terms_at(program, path.text);
      ASSERT_EQ(program.rule_name(terms.winner(Axis::see)), first[0]) << path.text;
      if (first[0] != "default") continue;
      ASSERT_EQ(program.rule_name(terms.winner(Axis::read)), first[1]) << path.text;
      ASSERT_EQ(program.rule_name(terms.winner(Axis::write)), first[2]) << path.text;
    }
  }
}

}  // namespace
}  // namespace sluice::policy
