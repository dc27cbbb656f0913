// SPDX-License-Identifier: MIT
// Secrets within gzip, tar, zip and each other, and containers that mean harm.
#include "sluice/inspect/containers.h"

#include <gtest/gtest.h>

#include "pack_support.h"

namespace sluice::inspect {
namespace {

constexpr const char* kSecret = "line\nkey tok_abcdefgh\n";

std::string gzip(std::string_view text) { return deflated(text, Wrapping::gzip); }

TEST(Containers, have_their_members_scanned) {
  EXPECT_EQ(inside(gzip(kSecret)), "found f!@2");
  EXPECT_EQ(inside(tar_of({{"a", "x"}, {"d/b", kSecret}})), "found f!d/b@2");
  EXPECT_EQ(inside(zip_of({{"a", "x"}, {"d/b", kSecret}})), "found f!d/b@2");
  EXPECT_EQ(inside(zip_of({{"a", "x"}, {"d/b", kSecret}}, Method::stored)), "found f!d/b@2");
  EXPECT_EQ(inside(deflated(kSecret, Wrapping::zlib)), "found f!@2");
}

TEST(Containers, without_secrets_are_clean) {
  EXPECT_EQ(inside(gzip("nothing")), "clean");
  EXPECT_EQ(inside(tar_of({{"a", "x"}})), "clean");
  EXPECT_EQ(inside(zip_of({{"a", "x"}})), "clean");
  EXPECT_EQ(inside(zip_of({})), "clean");
}

TEST(Containers, are_told_from_other_files) {
  EXPECT_EQ(inside("just text tok_abcdefgh"), "not a container");
  EXPECT_EQ(inside(""), "not a container");
}

TEST(Containers, within_containers_are_opened_to_the_depth_that_is_allowed) {
  const std::string twice = gzip(tar_of({{"b.zip", zip_of({{"c", kSecret}})}}));
  EXPECT_EQ(inside(twice, "a.tgz"), "found a.tgz!!b.zip!c@2");
  EXPECT_EQ(inside(twice, "a.tgz", {.depth = 2}), "too deep");
  std::string deep = kSecret;
  for (int i = 0; i < 50; ++i) deep = gzip(deep);
  EXPECT_EQ(inside(deep), "too deep");
}

TEST(Containers, of_several_gzip_streams_are_one_text) {
  EXPECT_EQ(inside(gzip("a tok_ab") + gzip("cdefgh b")), "found f!@1");
  EXPECT_EQ(inside(gzip(kSecret) + std::string(100, '\0')), "found f!@2");
}

TEST(Containers, that_unpack_to_more_than_is_allowed_are_too_large) {
  const std::string bomb = gzip(std::string(20 << 20, 'a'));
  EXPECT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(inside(bomb, "f", {.member_bytes = 1 << 20}), "too large");
  EXPECT_EQ(inside(zip_of({{"a", std::string(20 << 20, 'a')}}), "f", {.member_bytes = 1 << 20}),
            "too large");
  Scanner scanner{token_detectors()};
  Budget small{1 << 20, 1 << 20};
  EXPECT_EQ(described(look_inside(bytes_of(std::string_view{bomb}), "f", scanner, small)),
            "too large");
}

TEST(Containers, that_are_cut_off_are_told_and_what_is_there_is_scanned) {
  std::string text = kSecret;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>('a' + (i * i / 7) % 26);
  const std::string whole = gzip(text);
  EXPECT_EQ(inside(std::string_view{whole}.substr(0, whole.size() - 20)), "found f!@2");
  const std::string clean = gzip("nothing at all is in here");
  EXPECT_EQ(inside(std::string_view{clean}.substr(0, clean.size() - 4)), "malformed");
  const std::string zip = zip_of({{"a", "x"}});
  EXPECT_EQ(inside(std::string_view{zip}.substr(0, zip.size() - 4)), "malformed");
  const std::string tar = tar_of({{"a", std::string(2000, 'x')}});
  EXPECT_EQ(inside(std::string_view{tar}.substr(0, 1024)), "malformed");
}

TEST(Containers, that_cannot_be_opened_here_are_unsupported) {
  using namespace std::string_literals;
  EXPECT_EQ(inside("\xfd"
                   "7zXZ\0abc"s),
            "unsupported");
  std::string encrypted = zip_of({{"a", "x"}});
  encrypted[encrypted.find("PK\x01\x02") + 8] = 1;
  EXPECT_EQ(inside(encrypted), "unsupported");
  std::string method = zip_of({{"a", "x"}});
  method[method.find("PK\x01\x02") + 10] = 14;
  EXPECT_EQ(inside(method), "unsupported");
}

TEST(Containers, name_no_more_findings_than_asked_for) {
  std::vector<Member> members;
  for (int i = 0; i < 20; ++i) members.push_back({std::to_string(i), kSecret});
  Scanner scanner{token_detectors()};
  Budget budget{1 << 30, 1 << 30};
  const std::string tar = tar_of(members);
  const Contents contents =
      look_inside(bytes_of(std::string_view{tar}), "f", scanner, budget, {.findings = 5});
  EXPECT_EQ(contents.inside.size(), 5u);
  EXPECT_EQ(contents.opened, Opened::found);
}

TEST(Containers, of_tar_may_have_long_names) {
  std::string tar = tar_of({{"././@LongLink", std::string(150, 'n')}, {"short", kSecret}});
  tar[156] = 'L';
  EXPECT_EQ(inside(tar), "found f!" + std::string(150, 'n') + "@2");
}

}  // namespace
}  // namespace sluice::inspect
