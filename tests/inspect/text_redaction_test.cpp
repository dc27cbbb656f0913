// SPDX-License-Identifier: MIT
// Redacted text: secrets gone, length and line ends as before, nothing to be found in it.
#include "sluice/inspect/text_redaction.h"

#include <gtest/gtest.h>

#include "sluice/inspect/builtin.h"
#include "text_support.h"

namespace sluice::inspect {
namespace {

TEST(TextRedaction, puts_x_in_place_of_each_secret) {
  EXPECT_EQ(redacted(detectors_of({rule_of("r", "key=([a-z0-9]+)")}), "a key=ab12 b\nkey=cd\n"),
            "a key=xxxx b\nkey=xx\n");
}

TEST(TextRedaction, leaves_line_ends_within_a_secret) {
  EXPECT_EQ(redacted(detectors_of({rule_of("r", "BEGIN(?s:.+)END")}), "BEGIN\r\nab\n\nEND\n"),
            "xxxxx\r\nxx\n\nxxx\n");
}

TEST(TextRedaction, merges_secrets_that_overlap) {
  EXPECT_EQ(redacted(detectors_of({rule_of("r", "abcd"), rule_of("s", "cdef")}), "-abcdef-"),
            "-xxxxxx-");
}

TEST(TextRedaction, leaves_utf16_as_utf16) {
  const auto detectors = detectors_of({rule_of("r", "secret(?s:.)[a-z]{8}")});
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    EXPECT_EQ(redacted(detectors, as_utf16("a secret\nabcdefgh b\n", order)),
              as_utf16("a xxxxxx\nxxxxxxxx b\n", order));
  }
}

TEST(TextRedaction, has_no_hits_of_its_own) {
  auto compiled = Detectors::compile({builtin_rules()});
  ASSERT_TRUE(compiled.has_value());
  const std::string text = "token = \"ghp_" + random_word(36) + "\"\npassword: '" +
                           random_word(20, 5) + "'\nurl = postgres://u:" + random_word(12, 9) +
                           "@h/db\n";
  EXPECT_EQ(found_in(*compiled, text).size(), 3u);
  const std::string gone = redacted(*compiled, text);
  EXPECT_EQ(found_in(*compiled, gone), Strings{});
  EXPECT_EQ(gone.size(), text.size());
}

TEST(TextRedaction, of_everything_leaves_line_ends_alone) {
  const std::string text = "ab\r\n\ncd\n";
  Redaction redaction{text.size()};
  ASSERT_EQ(redact_all(BytesSource{bytes_of(std::string_view{text})}, redaction), Added::yes);
  std::string out = text;
  redaction.apply(0, std::as_writable_bytes(std::span{out}));
  EXPECT_EQ(out, "xx\r\n\nxx\n");
}

TEST(TextRedaction, is_refused_where_hits_are_not_all_or_not_within_the_file) {
  const std::string text = "abcdef";
  const BytesSource source{bytes_of(std::string_view{text})};
  Redaction redaction{text.size()};
  Hits overflowed;
  overflowed.overflow();
  EXPECT_EQ(redact_hits(source, overflowed, redaction), Added::full);
  Hits outside;
  outside.add({DetectorIndex{0}, {4, 10}, 1, Width::bytes});
  EXPECT_EQ(redact_hits(source, outside, redaction), Added::outside);
}

}  // namespace
}  // namespace sluice::inspect
