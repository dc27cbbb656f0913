// SPDX-License-Identifier: MIT
#include "sluice/inspect/magic.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::inspect {
namespace {

using namespace std::string_literals;

Kind kind(const std::string& head) { return kind_of(bytes_of(std::string_view{head})); }

TEST(Magic, tells_kinds_by_their_first_bytes) {
  const std::pair<std::string, Kind> cases[] = {
      {"", Kind::empty},
      {"hello\n", Kind::text},
      {"a\0b"s, Kind::binary},
      {"\x1f\x8b\x08"s, Kind::gzip},
      {"PK\x03\x04", Kind::zip},
      {"PACK\0\0\0\x02"s, Kind::git_pack},
      {"\xfftOc\0\0\0\x02"s, Kind::git_index},
      {"x\x9c\x01\x02\x03", Kind::zlib},
      {"\xff\xd8\xff\xe0", Kind::jpeg},
      {"\x89PNG\r\n\x1a\n", Kind::png},
      {"RIFF\1\2\3\4WEBPVP8 ", Kind::webp},
      {"RIFF\1\2\3\4WAVEfmt ", Kind::wav},
      {"\0\0\0\x18"
       "ftypmp42"s,
       Kind::isobmff},
      {"SQLite format 3\0"s, Kind::sqlite},
      {"\xff\xfeh\0"s, Kind::utf16},
      {std::string(257, 'a') + "ustar", Kind::tar},
  };
  for (const auto& [head, expected] : cases) EXPECT_EQ(name(kind(head)), name(expected)) << head;
}

TEST(Magic, takes_text_that_begins_like_a_stream_for_text) {
  EXPECT_EQ(kind("x^2 + y^2 = z^2\n"), Kind::text);
  EXPECT_EQ(kind("8\x11 is\n"), Kind::zlib);
  EXPECT_EQ(kind("BZhello"), Kind::text);
}

TEST(Magic, names_lead_back_to_kinds) {
  for (int i = 0; i <= static_cast<int>(Kind::utf16); ++i) {
    const Kind one = static_cast<Kind>(i);
    EXPECT_EQ(kind_named(name(one)), one) << name(one);
  }
  EXPECT_FALSE(kind_named("nothing").has_value());
}

TEST(Magic, never_reads_beyond_what_is_there) {
  const std::string heads[] = {"\x1f\x8b", "PK\x03\x04", "RIFF\1\2\3\4WEBP",
                               "\0\0\0\x18"
                               "ftyp"s,
                               "x\x9c"};
  for (const std::string& head : heads) {
    for (std::size_t size = 0; size <= head.size(); ++size) {
      const std::string cut = head.substr(0, size);
      EXPECT_FALSE(name(kind(cut)).empty());
    }
  }
}

}  // namespace
}  // namespace sluice::inspect
