// SPDX-License-Identifier: MIT
// Grants as functions of what is found: every operation against its meaning, on small worlds.
#include <gtest/gtest.h>

#include <random>

#include "support.h"

namespace sluice::policy {
namespace {

constexpr ContentId kA{0}, kB{1};

// All sets of a few contents.
std::vector<ContentSet> worlds() {
  std::vector<ContentSet> all;
  for (std::uint64_t bits = 0; bits < 8; ++bits) {
    ContentSet set = ContentSet::from_bits(bits & 3);
    if ((bits & 4) != 0) set.add(kFailed);
    all.push_back(set);
  }
  return all;
}

enum class Modes { alike, apart };  // whether reading and execution may differ

class Random {
 public:
  explicit Random(Modes modes = Modes::apart) : modes_{modes} {}
  Grant grant() {
    const auto pick = [&](int bound) {
      return static_cast<std::uint8_t>(engine_() % static_cast<unsigned>(bound));
    };
    Grant any{static_cast<See>(pick(4) == 0), static_cast<Read>(pick(4)),
              static_cast<Read>(pick(4)), static_cast<Write>(pick(3)),
              static_cast<With>(1 + pick(2))};
    if (modes_ == Modes::alike) any.execute = any.read;
    return strictest_of(any, any);
  }
  // Made as the Judge makes them: what each content adds to what holds without.
  ContentGrant content_grant() {
    ContentGrant sum{grant(), {}};
    for (const ContentId content : {kA, kB, kFailed}) {
      if (engine_() % 3 == 0) continue;
      Grant own = grant();
      own.with = With::nothing;
      own.see = See::yes;
      const Grant joined = strictest_of(sum.nothing_found, own);
      if (joined != sum.nothing_found) sum.if_found.push_back({content, joined});
    }
    return sum;
  }

 private:
  Modes modes_;
  std::mt19937 engine_{7};
};

TEST(ContentSet, holds_what_was_added_in_ascending_order) {
  ContentSet set{kFailed, kB, ContentId{40}};
  set.add(kA);
  set.remove(ContentId{40});
  EXPECT_EQ(std::vector<ContentId>(set.begin(), set.end()), (std::vector{kA, kB, kFailed}));
  EXPECT_EQ(set.named(), (ContentSet{kA, kB}));
  EXPECT_FALSE(set.has(kTooBig));
  EXPECT_EQ(set.size(), 3u);
  EXPECT_TRUE(ContentSet{}.empty());
}

TEST(ContentGrant, is_the_strictest_of_what_each_content_gives) {
  const ContentGrant grant{Grant{},
                           {{kA, {See::yes, Read::redact, Read::redact, Write::deny}},
                            {kB, {See::yes, Read::served, Read::native, Write::native}},
                            {kFailed, {See::yes, Read::deny, Read::deny, Write::deny}}}};
  EXPECT_EQ(at(grant, {}), Grant{});
  EXPECT_EQ(at(grant, {kB}).read, Read::served);
  EXPECT_EQ(at(grant, {kA, kB}).read, Read::redact);
  EXPECT_EQ(at(grant, {kA, kFailed}).read, Read::deny);
  EXPECT_EQ(asked_by(grant), (ContentSet{kA, kB}));
  EXPECT_EQ(redacted_for(grant, {kA, kB, kFailed}), ContentSet{kA});
  EXPECT_TRUE(redacted_for(grant, {kB}).empty());
}

// Tells whether a world is one in which `both` says something: how an inspection ends counts only
// where there was something to look for.
bool counts(const ContentGrant& both, ContentSet found) {
  return !asked_by(both).empty() || found.empty();
}

TEST(ContentGrant, strictest_of_two_is_at_each_world_the_strictest) {
  Random random{Modes::alike};
  for (int i = 0; i < 3000; ++i) {
    const ContentGrant a = random.content_grant(), b = random.content_grant();
    const ContentGrant both = strictest_of(a, b);
    for (const ContentSet found : worlds()) {
      if (!counts(both, found)) continue;
      EXPECT_EQ(at(both, found), strictest_of(at(a, found), at(b, found))) << i;
    }
    EXPECT_EQ(strictest_of(b, a), both);
    EXPECT_FALSE(counts(both, {kA}) && (loosens(a, both) || loosens(b, both)));
  }
}

// A file has one redacted face: where reading and execution differ, more may go than each alone
// says.
TEST(ContentGrant, strictest_of_two_is_never_looser_than_both) {
  Random random;
  for (int i = 0; i < 3000; ++i) {
    const ContentGrant a = random.content_grant(), b = random.content_grant();
    const ContentGrant both = strictest_of(a, b);
    for (const ContentSet found : worlds()) {
      if (!counts(both, found)) continue;
      EXPECT_FALSE(loosens(strictest_of(at(a, found), at(b, found)), at(both, found))) << i;
    }
  }
}

bool is_looser_somewhere(const ContentGrant& from, const ContentGrant& to) {
  for (const ContentSet found : worlds()) {
    if (loosens(at(from, found), at(to, found))) return true;
    const Grant shown = at(to, found);
    const ContentSet kept = redacted_for(from, found), redone = redacted_for(to, found);
    if (redacts(shown) && shown.with != With::all && (kept | redone) != redone) return true;
  }
  return false;
}

TEST(ContentGrant, loosens_if_some_world_is_looser) {
  Random random;
  for (int i = 0; i < 3000; ++i) {
    const ContentGrant from = random.content_grant(), to = random.content_grant();
    EXPECT_TRUE(loosens(from, to) || !is_looser_somewhere(from, to)) << i;
  }
}

TEST(ContentGrant, loosens_only_then_where_modes_are_alike) {
  Random random{Modes::alike};
  int looser = 0, stricter = 0;
  for (int i = 0; i < 3000; ++i) {
    const ContentGrant from = random.content_grant(), to = random.content_grant();
    EXPECT_EQ(loosens(from, to), is_looser_somewhere(from, to)) << i;
    (loosens(from, to) ? looser : stricter) += 1;
  }
  EXPECT_GT(looser, 100);
  EXPECT_GT(stricter, 100);
}

// A file with two names: `.env`, of which values go, and another, of which secrets go. Both must
// go.
TEST(ContentGrant, keeps_what_is_to_be_redacted_besides_values) {
  const ContentGrant values{{See::yes, Read::redact, Read::redact, Write::deny, With::values}, {}};
  const ContentGrant secrets{Grant{}, {{kA, {See::yes, Read::redact, Read::redact, Write::deny}}}};
  const ContentGrant both = strictest_of(values, secrets);
  EXPECT_EQ(redacted_for(both, {kA}), ContentSet{kA});
  EXPECT_EQ(at(both, {kA}).with, With::values);
  EXPECT_TRUE(loosens(secrets, values)) << "values of a file may leave a secret in a comment";
  EXPECT_TRUE(loosens(values, secrets));
  ContentGrant all = values;
  all.nothing_found.with = With::all;
  EXPECT_FALSE(loosens(secrets, all)) << "nothing is left";
  EXPECT_FALSE(strictest_of(all, secrets).depends());
}

TEST(Grant, that_redacts_cannot_be_written_to) {
  const Grant redacted{See::yes, Read::redact, Read::native, Write::native, With::values};
  EXPECT_EQ(strictest_of(redacted, {}).write, Write::deny);
  EXPECT_EQ(strictest_of(Grant{.with = With::all}, {}).with, With::nothing);
  const Grant all{See::yes, Read::redact, Read::redact, Write::deny, With::all};
  const Grant values{See::yes, Read::redact, Read::redact, Write::deny, With::values};
  EXPECT_TRUE(loosens(all, values));
  EXPECT_FALSE(loosens(values, all));
  EXPECT_FALSE(loosens(all, Grant{See::yes, Read::deny, Read::deny, Write::deny}));
}

TEST(GrantNumbers, are_the_plain_ones_where_nothing_depends) {
  const Program program = program_of("version = 1\n");
  EXPECT_EQ(program.id_of(ContentGrant{}), kUnrestricted);
  for (std::uint16_t i = 0; i < kFirstContentGrant; ++i) {
    const ContentGrant& grant = program.content_grant(GrantId{i});
    EXPECT_EQ(grant, (ContentGrant{grant_of(GrantId{i}), {}}));
  }
}

TEST(GrantNumbers, are_given_once_and_told_back) {
  const Program program = program_of("version = 1\n");
  Random random;
  std::vector<std::pair<ContentGrant, GrantId>> given;
  for (int i = 0; i < 1000; ++i) {
    const ContentGrant grant = random.content_grant();
    given.emplace_back(grant, program.id_of(grant));
    const bool plain = !grant.depends() && grant.nothing_found.with == With::nothing;
    EXPECT_EQ(static_cast<std::uint16_t>(given.back().second) >= kFirstContentGrant, !plain);
  }
  for (const auto& [grant, id] : given) {
    EXPECT_EQ(program.content_grant(id), grant);
    EXPECT_EQ(program.id_of(grant), id);
  }
}

TEST(GrantNumbers, beyond_the_last_are_the_strictest_grants) {
  const Program program = program_of("version = 1\n");
  const ContentGrant never_given = program.content_grant(GrantId{65535});
  EXPECT_EQ(never_given, (ContentGrant{kStrictestGrant, {}}));
  std::size_t strictest = 0;
  for (std::uint8_t i = 0; i < 60; ++i) {
    for (std::uint8_t j = 0; j < i; ++j) {
      for (std::uint8_t n = 0; n < 12; ++n) {
        const Grant one{See::yes, static_cast<Read>(n % 4), Read::deny, static_cast<Write>(n / 4)};
        const ContentGrant grant{Grant{}, {{ContentId{j}, one}, {ContentId{i}, {}}}};
        const GrantId id = program.id_of(grant);
        if (id == id_of(kStrictestGrant)) {
          ++strictest;
        } else {
          EXPECT_EQ(program.content_grant(id), grant);
        }
      }
    }
  }
  EXPECT_GT(strictest, 1000u);
}

}  // namespace
}  // namespace sluice::policy
