// SPDX-License-Identifier: MIT
// Programs as bytes: what was saved comes back; anything else is an error.
#include "sluice/policy/save.h"

#include <gtest/gtest.h>

#include "sluice/policy/presets.h"
#include "support.h"

namespace sluice::policy {
namespace {

const std::string kText = R"(version = 1
[default]
deadline = "3s"
[run]
keep_env = ["A", "B_*"]
sockets = "/run/a"
[subject.agent]
run_as = true
uid = [1, 2]
[[rule]]
id = "env"
who = "agent"
path = ["*.env", "!a.env", "x/**/y"]
verdict = "hide"
why = "because"
[[rule]]
id = "log"
mode = "x"
log = "alarm"
[[never]]
who = "agent"
path = ["b.env", "!a.env"]
see = "yes"
[[test]]
as = "agent"
path = "b.env"
expect = { see = "no", rule = "env" }
)";

TEST(Save, gives_back_the_same_program) {
  const Program program = program_of(kText);
  const auto bytes = save(program);
  const auto again = restore(bytes);
  ASSERT_TRUE(again.has_value()) << again.error().line();
  for (const char* path : {"b.env", "a.env", "x/q/y", "x/q", ""}) {
    EXPECT_EQ(grant_at(*again, path, "agent"), grant_at(program, path, "agent")) << path;
  }
  EXPECT_EQ(save(*again), bytes);
  EXPECT_EQ(again->document().content_hash, program.document().content_hash);
  EXPECT_EQ(*saved_hash(bytes), program.document().content_hash);
  EXPECT_EQ(again->document().run, program.document().run);
  EXPECT_EQ(again->document().tests.front().expect.see, See::no);
}

TEST(Save, keeps_the_numbers_of_places_that_are_held) {
  const Program program = program_of(kText);
  const Place x = program.enter(program.start(), "x", Kind::directory);
  const Place forgotten = program.step(x, "a.env").other;
  const Place q = program.enter(x, "q", Kind::directory);
  const Place y = program.enter(q, "y", Kind::other);
  const auto again = restore(save(program));
  ASSERT_TRUE(again.has_value()) << again.error().line();
  EXPECT_EQ(again->hold(forgotten), again->strictest()) << "nobody held it";
  const SubjectIndex agent = *program.subject("agent");
  for (const Place place : {x, q, y}) {
    EXPECT_EQ(again->terms(place, agent), program.terms(place, agent));
    EXPECT_EQ(again->hold(place), place);
  }
  EXPECT_EQ(again->step(q, "y").other, y);
  EXPECT_EQ(again->stats().held, program.stats().held);
}

TEST(Save, holds_are_given_back_as_before) {
  const Program program = program_of(kText);
  const Place x = program.enter(program.start(), "x", Kind::directory);
  const auto again = restore(save(program));
  ASSERT_TRUE(again.has_value());
  again->release(x);
  again->sweep();
  EXPECT_EQ(again->hold(x), again->strictest());
}

TEST(Save, refuses_every_truncation_and_every_turned_bit) {
  const Program program = program_of(kText);
  program.enter(program.start(), "x", Kind::directory);
  auto bytes = save(program);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(restore(Bytes{bytes}.first(size)).has_value()) << size;
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = std::byte{static_cast<unsigned char>(1u << (bit % 8))};
    bytes[bit / 8] ^= mask;
    EXPECT_FALSE(restore(bytes).has_value()) << bit;
    bytes[bit / 8] ^= mask;
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(restore(bytes).has_value());
}

// Whoever can write the cache can also make the digest right; even then nothing breaks.
TEST(Save, survives_any_payload_with_a_right_digest) {
  const Program program = program_of(kText);
  program.enter(program.start(), "x", Kind::directory);
  auto bytes = save(program);
  constexpr std::size_t kHead = 80, kDigest = 48;
  const auto seal = [&](MutableBytes all) {
    const Digest digest = digest_of(Bytes{all}.subspan(kHead));
    std::ranges::copy(digest, all.subspan(kDigest).begin());
  };
  seal(bytes);
  ASSERT_TRUE(restore(bytes).has_value()) << "the test knows the envelope";
  std::size_t refused = 0;
  for (std::size_t size = kHead; size < bytes.size(); ++size) {
    auto cut = std::vector(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    seal(cut);
    EXPECT_FALSE(restore(cut).has_value()) << size;
  }
  for (std::size_t bit = kHead * 8; bit < bytes.size() * 8; ++bit) {
    const auto mask = std::byte{static_cast<unsigned char>(1u << (bit % 8))};
    bytes[bit / 8] ^= mask;
    seal(bytes);
    const auto restored = restore(bytes);
    if (restored) {
      grant_at(*restored, "x/y/b.env", "unknown");
    } else {
      ++refused;
    }
    bytes[bit / 8] ^= mask;
  }
  EXPECT_GT(refused, 0u);
}

TEST(Save, says_why_it_refuses) {
  const auto line = [](Bytes bytes) { return restore(bytes).error().line(); };
  auto bytes = save(program_of(kText));
  EXPECT_EQ(line(Bytes{bytes}.first(5)),
            "cannot use the saved policy: it is cut short; compile the policy again");
  bytes[8] = std::byte{9};
  EXPECT_EQ(line(bytes),
            "cannot use the saved policy: it is of another version; compile the policy again");
  bytes[0] = std::byte{0};
  EXPECT_EQ(line(bytes), "cannot use the saved policy: it is none; compile the policy again");
}

}  // namespace
}  // namespace sluice::policy
