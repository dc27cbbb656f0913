// SPDX-License-Identifier: MIT
#include "sluice/inspect/checks.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::inspect {
namespace {

TEST(Entropy, is_none_of_one_byte_repeated_and_the_bits_of_an_even_spread) {
  EXPECT_EQ(entropy_of(""), 0);
  EXPECT_EQ(entropy_of("aaaaaaa"), 0);
  EXPECT_DOUBLE_EQ(entropy_of("abcd"), 2);
  EXPECT_DOUBLE_EQ(entropy_of("abababab"), 1);
  EXPECT_DOUBLE_EQ(entropy_of("0123456789abcdef"), 4);
}

TEST(Luhn, takes_card_numbers_however_they_are_grouped) {
  for (const char* number :
       {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005",
        "5555555555554444", "6011111111111117", "30569309025904"}) {
    EXPECT_TRUE(passes_luhn(number)) << number;
  }
}

TEST(Luhn, refuses_a_wrong_digit_anywhere) {
  const std::string number = "4111111111111111";
  for (std::size_t i = 0; i < number.size(); ++i) {
    std::string wrong = number;
    wrong[i] = wrong[i] == '9' ? '0' : static_cast<char>(wrong[i] + 1);
    EXPECT_FALSE(passes_luhn(wrong)) << wrong;
  }
}

TEST(Luhn, refuses_what_is_no_number_of_that_length) {
  for (const char* text : {"", "0", "42", "0000000000000000", "4111x1111111111111",
                           "41111111111111111111111", "12345678901"}) {
    EXPECT_FALSE(passes_luhn(text)) << text;
  }
}

TEST(Mod97, takes_the_examples_of_the_registry) {
  for (const char* iban :
       {"DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "FR1420041010050500013M02606",
        "NO9386011117947", "MT84MALT011000012345MTLCAST001S", "nl91abna0417164300"}) {
    EXPECT_TRUE(passes_mod97(iban)) << iban;
  }
}

TEST(Mod97, refuses_wrong_digits_wrong_lengths_and_unknown_countries) {
  for (const char* iban :
       {"DE89370400440532013001", "DE8937040044053201300", "DE893704004405320130000",
        "ZZ89370400440532013000", "DE", "", "DEXX370400440532013000", "DE89370400440532013.00"}) {
    EXPECT_FALSE(passes_mod97(iban)) << iban;
  }
}

TEST(OneRepeated, is_told_across_lines) {
  EXPECT_TRUE(is_one_repeated("xxxx"));
  EXPECT_TRUE(is_one_repeated("xx\nxx\r\nxx"));
  EXPECT_TRUE(is_one_repeated(""));
  EXPECT_FALSE(is_one_repeated("xxxy"));
}

}  // namespace
}  // namespace sluice::inspect
