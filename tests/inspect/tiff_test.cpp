// SPDX-License-Identifier: MIT
// TIFF and Exif: what goes, what stays, and structures that lead nowhere or round in circles.
#include <gtest/gtest.h>

#include "media_builder.h"
#include "support.h"

namespace sluice::inspect {
namespace {

using namespace build;
using namespace test;

// Whether the coordinates of Tiff::gps() are anywhere in the bytes.
bool has_coordinates_of(const Tiff& tiff, std::string_view bytes) {
  return contains(bytes, tiff.degrees(2, 48, 51, 24).data) ||
         contains(bytes, tiff.degrees(4, 2, 17, 40).data);
}

class EachLayout : public testing::TestWithParam<std::pair<Order, bool>> {};

TEST_P(EachLayout, loses_its_position_and_nothing_else) {
  const auto [order, big] = GetParam();
  const Tiff tiff{order, big};
  const std::string before = tiff_with_gps(order, big);
  ASSERT_TRUE(has_coordinates_of(tiff, before));
  const std::string after = without_positions(before, Media::tiff);
  EXPECT_FALSE(has_coordinates_of(tiff, after));
  EXPECT_FALSE(contains(after, tiff.number(0x8825, 2)));  // the way to the directory
  for (const std::string_view kept :
       {"keep me", "Acme Cameras", "serial number", "2024:01:02 03"}) {
    EXPECT_TRUE(contains(after, kept)) << kept;
  }
}
INSTANTIATE_TEST_SUITE_P(Tiff, EachLayout,
                         testing::Values(std::pair{Order::big, false},
                                         std::pair{Order::little, false},
                                         std::pair{Order::big, true},
                                         std::pair{Order::little, true}));

TEST(Tiff, directories_close_up_as_if_the_entry_had_never_been) {
  Tiff tiff;
  const std::uint64_t gps = tiff.gps();
  const std::uint64_t second = tiff.directory({tiff.ascii(0x0131, "w")});
  const std::uint64_t first = tiff.directory(
      {tiff.ascii(0x0110, "X"), tiff.longs(0x8825, {gps}), tiff.ascii(0xA431, "abc")}, second);
  const std::string after = without_positions(tiff.finish(first), Media::tiff);
  std::string expected = tiff.number(2, 2);
  for (const Tag& tag : {tiff.ascii(0x0110, "X"), tiff.ascii(0xA431, "abc")}) {
    expected += tiff.number(tag.id, 2) + tiff.number(tag.type, 2) + tiff.number(tag.count, 4);
    expected += tag.data + std::string(4 - tag.data.size(), '\0');
  }
  expected += tiff.number(second, 4) + std::string(12, '\0');
  EXPECT_EQ(after.substr(first, expected.size()), expected);
}

TEST(Tiff, a_directory_that_held_a_position_only_is_left_with_padding) {
  Tiff tiff;
  const std::uint64_t gps = tiff.gps();
  const std::uint64_t first = tiff.directory({tiff.longs(0x8825, {gps})});
  const std::string after = without_positions(tiff.finish(first), Media::tiff);
  EXPECT_EQ(after.substr(first, 4), tiff.number(1, 2) + tiff.number(0xEA1C, 2));
}

TEST(Tiff, positions_are_found_in_every_directory) {
  Tiff tiff;
  const std::uint64_t in_exif = tiff.gps(), in_sub = tiff.gps(), in_second = tiff.gps();
  const std::uint64_t exif = tiff.directory({tiff.longs(0x8825, {in_exif})});
  const std::uint64_t plain = tiff.directory({tiff.ascii(0x0110, "a sub-image")});
  const std::uint64_t sub = tiff.directory({tiff.longs(0x8825, {in_sub})});
  const std::uint64_t second = tiff.directory({tiff.longs(0x8825, {in_second})});
  const std::string file = tiff.finish(
      tiff.directory({tiff.longs(0x014A, {plain, sub}), tiff.longs(0x8769, {exif})}, second));
  const std::string after = without_positions(file, Media::tiff);
  EXPECT_FALSE(has_coordinates_of(tiff, after));
  EXPECT_TRUE(contains(after, "a sub-image"));
}

TEST(Tiff, georeferences_go) {
  Tiff tiff;
  Tag tie{33922, 12, 6, std::string(48, '\x42')};
  const std::string after = without_positions(
      tiff.finish(tiff.directory({tiff.ascii(0x0110, "keep"), tie})), Media::tiff);
  EXPECT_FALSE(contains(after, "\x42\x42\x42\x42"));
  EXPECT_TRUE(contains(after, "keep"));
}

TEST(Tiff, xmp_iptc_and_resources_within_are_looked_into) {
  Tiff tiff{Order::big};
  const std::string iim = dataset(2, 90, "Paris") + dataset(2, 80, "somebody");
  const std::string resources = resource(0x0425, "0123456789abcdef") + resource(0x0404, iim);
  const std::string file = tiff.finish(
      tiff.directory({tiff.undefined(0x02BC, xmp("photoshop:City='Rome' dc:format='kept'")),
                      tiff.undefined(0x83BB, iim), tiff.undefined(0x8649, resources)}));
  const std::string after = without_positions(file, Media::tiff);
  for (const std::string_view gone : {"Paris", "Rome", "0123456789abcdef"}) {
    EXPECT_FALSE(contains(after, gone)) << gone;
  }
  EXPECT_TRUE(contains(after, "somebody"));
  EXPECT_TRUE(contains(after, "dc:format='kept'"));
}

TEST(Tiff, embedded_pictures_are_looked_into) {
  Tiff tiff;
  const std::string picture = jpeg(exif_segment(tiff_with_gps(Order::big)));
  const std::uint64_t at = tiff.bytes(picture);
  const std::uint64_t second =
      tiff.directory({tiff.longs(0x0201, {at}), tiff.longs(0x0202, {picture.size()})});
  const std::string after = without_positions(
      tiff.finish(tiff.directory({tiff.ascii(0x0110, "X")}, second)), Media::tiff);
  EXPECT_FALSE(has_coordinates_of(Tiff{Order::big}, after));
}

TEST(Tiff, names_of_places_in_maker_notes_are_zeroed) {
  // Nikon's is a TIFF structure of its own, Panasonic's counts from the outer one.
  Tiff inner{Order::big};
  const std::string nikon =
      "Nikon\0\2\x10\0\0"s +
      inner.finish(inner.directory({inner.ascii(0x0004, "FINE quality"),
                                    inner.undefined(0x0039, "\0\0\0\1FRA Louvre palace"sv)}));
  Tiff outer;
  const std::string after = without_positions(
      outer.finish(outer.directory({outer.undefined(0x927C, nikon)})), Media::tiff);
  EXPECT_FALSE(contains(after, "Louvre"));
  EXPECT_TRUE(contains(after, "FINE quality"));
}

TEST(Tiff, notes_without_a_tiff_structure_of_their_own_are_zeroed_too) {
  // A directory after twelve bytes of name, and one without a name that begins with its version.
  const std::string panasonic =
      "Panasonic\0\0\0"s + le(1, 2) + le(0x67, 2) + le(7, 2) + le(4, 4) + "Rome" + le(0, 4);
  const std::string samsung = le(2, 2) + le(1, 2) + le(7, 2) + le(4, 4) + "0100" + le(0x31, 2) +
                              le(2, 2) + le(7, 4) + le(30, 4) + le(0, 4) + "Louvre\0"s;
  for (const std::string& note : {panasonic, samsung}) {
    Tiff tiff;
    const std::string after = without_positions(
        tiff.finish(tiff.directory({tiff.ascii(0x0110, "keep"), tiff.undefined(0x927C, note)})),
        Media::tiff);
    EXPECT_FALSE(contains(after, "Rome") || contains(after, "Louvre"));
    EXPECT_TRUE(contains(after, "keep"));
  }
}

TEST(Tiff, without_a_position_is_clean) {
  Tiff tiff;
  EXPECT_TRUE(is_clean(tiff.finish(tiff.directory({tiff.ascii(0x0110, "X")}))));
}

TEST(Tiff, that_goes_round_in_circles_is_walked_once) {
  Tiff tiff;
  std::string file = tiff.finish(8);
  file += tiff.number(1, 2) + tiff.number(0x014A, 2) + tiff.number(4, 2) + tiff.number(1, 4) +
          tiff.number(8, 4) + tiff.number(8, 4);
  EXPECT_TRUE(is_clean(file));
}

TEST(Tiff, with_more_entries_than_it_has_room_for_is_malformed) {
  Tiff tiff;
  std::string file = tiff.finish(8) + tiff.number(0xFFFF, 2) + std::string(100, '\0');
  EXPECT_EQ(refused(file), text(Why::malformed));
  EXPECT_EQ(refused(tiff.finish(0x7FFFFFFF)), text(Why::malformed));
}

TEST(Tiff, whose_gps_directory_lies_in_the_first_one_has_no_answer_or_a_clean_one) {
  Tiff tiff;
  std::string file = tiff.finish(8);
  file += tiff.number(2, 2);
  file += tiff.number(0x8825, 2) + tiff.number(4, 2) + tiff.number(1, 4) + tiff.number(10, 4);
  file += tiff.number(0x8825, 2) + tiff.number(4, 2) + tiff.number(1, 4) + tiff.number(8, 4);
  file += tiff.number(0, 4);
  const Redacted result = redacted(file);
  if (result.said.finding == Finding::unknown) return;
  EXPECT_TRUE(is_clean(result.bytes));
}

TEST(Tiff, values_of_impossible_length_are_not_followed) {
  Tiff tiff;
  const std::uint64_t gps = tiff.directory({{2, 5, 0xFFFFFFFF, tiff.number(8, 4)},
                                            {4, 5, 0x20000001, tiff.number(8, 4)},
                                            {6, 99, 3, tiff.number(8, 4)}});
  without_positions(tiff.finish(tiff.directory({tiff.longs(0x8825, {gps})})), Media::tiff);
}

}  // namespace
}  // namespace sluice::inspect
