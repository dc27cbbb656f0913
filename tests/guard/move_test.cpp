// SPDX-License-Identifier: MIT
// Moves: what would loosen a rule is copied instead (EXDEV, which mv(1) knows), all else is moved.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kRules = R"(
[[rule]]
id = "served"
path = "*.slow"
verdict = "served"
[[rule]]
id = "blind"
path = "*.blind"
read = "deny"
[[rule]]
id = "top"
path = "/top/vault"
verdict = "hide"
[[rule]]
id = "box"
path = "box/"
verdict = "served"
)";

class Moving : public Guarded {
 protected:
  std::string rename(const std::string& from, const std::string& to) const {
    return outcome(::rename(mount(from).c_str(), mount(to).c_str()));
  }
};

TEST_F(Moving, what_stays_as_strict_is_moved) {
  put("a", "a");
  put("a.slow", "slow");
  put("folder/x", "x");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(rename("a", "b"), "OK");
  EXPECT_EQ(rename("a.slow", "b.slow"), "OK");
  EXPECT_EQ(rename("folder", "moved"), "OK");
  EXPECT_EQ(read_file(mount("moved/x")), "x");
  EXPECT_EQ(read_file(mount("b.slow")), "slow");
  EXPECT_EQ(rename("moved/x", "x"), "OK");
  EXPECT_EQ(names_in(lower()), "b b.slow moved x");
}

TEST_F(Moving, what_would_get_looser_is_not_moved_and_mv_copies_it) {
  put("a.slow", "slow");
  put("a.blind", "blind");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(rename("a.slow", "fast"), "EXDEV");
  EXPECT_EQ(rename("a.blind", "seen"), "EXDEV");
  EXPECT_EQ(outcome(::link(mount("a.slow").c_str(), mount("fast").c_str())), "EXDEV");
  EXPECT_EQ(names_in(lower()), "a.blind a.slow");
  std::string said;
  EXPECT_EQ(shell("mv " + mount("a.slow") + " " + mount("fast"), &said), 0) << said;
  EXPECT_EQ(read_file(mount("fast")), "slow");
  EXPECT_NE(shell("mv " + mount("a.blind") + " " + mount("seen"), &said), 0);
  EXPECT_EQ(read_file(lower("a.blind")), "blind");
}

TEST_F(Moving, what_gets_stricter_is_moved_and_is_so_at_once) {
  put("a", "text");
  put("b", "text");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(read_file(mount("a")), "text");
  EXPECT_EQ(read_file(mount("b")), "text");
  const Fd held{::open(mount("a").c_str(), O_RDONLY)};
  ASSERT_TRUE(held);
  EXPECT_EQ(rename("a", "a.blind"), "OK");
  EXPECT_EQ(open_outcome(mount("a.blind"), O_RDONLY), "EACCES");
  EXPECT_EQ(open_outcome("/proc/self/fd/" + std::to_string(held.get()), O_RDONLY), "EACCES");
  EXPECT_EQ(rename("b", "b.slow"), "OK");
  const auto before = served().mirror().stats().served;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read_file(mount("b.slow")), "text");
  EXPECT_EQ(served().mirror().stats().served, before + 3);
}

TEST_F(Moving, an_exchange_must_loosen_neither) {
  put("a", "a");
  put("b", "b");
  put("c.slow", "c");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  const auto exchange = [&](const char* one, const char* other) {
    return outcome(
        ::renameat2(AT_FDCWD, mount(one).c_str(), AT_FDCWD, mount(other).c_str(), RENAME_EXCHANGE));
  };
  EXPECT_EQ(exchange("a", "b"), "OK");
  EXPECT_EQ(exchange("a", "c.slow"), "EXDEV");
  EXPECT_EQ(exchange("c.slow", "a"), "EXDEV");
  EXPECT_EQ(read_file(mount("a")), "b");
}

TEST_F(Moving, a_folder_above_a_rule_is_not_moved_from_under_it) {
  put("top/vault", "hidden");
  put("top/x", "x");
  put("other/x", "x");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(names_in(mount("top")), "x");
  EXPECT_EQ(rename("top", "free"), "EXDEV");
  EXPECT_EQ(rename("other", "top2"), "OK");
  EXPECT_EQ(rename("top2", "box"), "EXDEV");
  EXPECT_EQ(names_in(lower()), "top top2");
}

TEST_F(Moving, a_folder_is_not_moved_into_one_with_rules_of_its_own) {
  put("box/a", "a");
  put("folder/b", "b");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(read_file(mount("folder/b")), "b");
  EXPECT_EQ(rename("folder", "box/folder"), "EXDEV");
  EXPECT_EQ(rename("box", "unboxed"), "EXDEV");
  EXPECT_EQ(rename("box/a", "a"), "EXDEV");
  EXPECT_EQ(rename("folder/b", "box/b"), "OK");
  EXPECT_EQ(read_file(mount("box/b")), "b");
}

}  // namespace
}  // namespace sluice::guard::test
