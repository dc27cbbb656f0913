// SPDX-License-Identifier: MIT
// PNG and WebP: chunks, checksums, and text that is packed in other text.
#include <gtest/gtest.h>

#include "media_builder.h"
#include "support.h"

namespace sluice::inspect {
namespace {

using namespace build;
using namespace test;

std::string cleaned(std::string_view file) {
  const std::string after = without_positions(file, Media::png);
  EXPECT_TRUE(checksums_are_right(after));
  return after;
}

std::string xmp_text(std::string_view packet) {
  return png_chunk("iTXt", "XML:com.adobe.xmp\0\0\0\0\0"s + std::string{packet});
}
std::string packed_xmp(std::string_view packet) {
  return png_chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0"s + deflated(packet));
}

TEST(Png, exif_loses_its_position_and_the_checksum_is_right) {
  const std::string after = cleaned(png(png_chunk("eXIf", tiff_with_gps(Order::big))));
  EXPECT_TRUE(contains(after, "keep me"));
}

TEST(Png, xmp_loses_its_positions_in_place) {
  const std::string after = cleaned(png(xmp_text(xmp("photoshop:City='Paris' dc:format='kept'"))));
  EXPECT_FALSE(contains(after, "Paris"));
  EXPECT_TRUE(contains(after, "dc:format='kept'"));
}

TEST(Png, packed_xmp_with_a_position_goes_as_a_whole) {
  const std::string after = cleaned(png(packed_xmp(xmp("photoshop:City='Paris'"))));
  EXPECT_FALSE(contains(after, "iTXt"));
  EXPECT_TRUE(is_clean(png(packed_xmp(xmp("dc:format='kept'")))));
}

TEST(Png, raw_profiles_with_a_position_go_as_a_whole) {
  const std::string exif = "Exif\0\0"s + tiff_with_gps();
  const std::string digits = hex_profile("exif", exif);
  const std::string plain = "Raw profile type exif\0"s + digits;
  const std::string packed = "Raw profile type APP1\0\0"s + deflated(digits);
  EXPECT_FALSE(contains(cleaned(png(png_chunk("tEXt", plain))), "Raw profile"));
  EXPECT_FALSE(contains(cleaned(png(png_chunk("zTXt", packed))), "Raw profile"));
  const std::string iptc = resource(0x0404, dataset(2, 90, "Paris"));
  cleaned(png(png_chunk("tEXt", "Raw profile type iptc\0"s + hex_profile("iptc", iptc))));
  cleaned(png(png_chunk(
      "tEXt", "Raw profile type xmp\0"s + hex_profile("xmp", xmp("photoshop:City='Paris'")))));
}

TEST(Png, raw_profiles_without_a_position_stay) {
  Tiff tiff;
  const std::string exif = tiff.finish(tiff.directory({tiff.ascii(0x0110, "X")}));
  EXPECT_TRUE(is_clean(png(
      png_chunk("tEXt", "Raw profile type exif\0"s + hex_profile("exif", "Exif\0\0"s + exif)))));
  EXPECT_TRUE(is_clean(png(png_chunk("tEXt", "Comment\0GPS is not meant here"s))));
}

TEST(Png, texts_that_converters_name_after_exif_go) {
  const std::string after = cleaned(png(png_chunk("tEXt", "exif:GPSLatitude\00048/1, 51/1"s) +
                                        png_chunk("tEXt", "exif:FNumber\0004/1"s)));
  EXPECT_FALSE(contains(after, "48/1"));
  EXPECT_TRUE(contains(after, "exif:FNumber"));
}

TEST(Png, what_cannot_be_unpacked_goes) {
  cleaned(png(png_chunk("zTXt", "Raw profile type exif\0\0not deflated"s)));
}

TEST(Png, a_text_that_unpacks_to_more_than_is_looked_at_goes) {
  const std::string bomb = deflated(std::string(std::size_t{40} << 20, ' '));
  cleaned(png(png_chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0"s + bomb)));
}

TEST(Png, what_follows_the_picture_is_looked_into) {
  cleaned(png("") + png_chunk("eXIf", "") + jpeg(exif_segment(tiff_with_gps())));
}

TEST(Png, a_chunk_beyond_the_end_is_malformed_unless_it_is_the_picture) {
  const std::string file = png(png_chunk("eXIf", tiff_with_gps()));
  EXPECT_EQ(refused(file.substr(0, 60)), text(Why::malformed));
  without_positions(file.substr(0, file.find("IDAT") + 7), Media::png);
}

TEST(Webp, exif_and_xmp_lose_their_positions) {
  for (const std::string_view name : {""sv, "Exif\0\0"sv}) {
    const std::string after =
        without_positions(webp({{"VP8X", std::string(10, '\0')},
                                {"VP8L", "pixels"},
                                {"EXIF", std::string{name} + tiff_with_gps()},
                                {"XMP ", xmp("photoshop:City='Paris' dc:format='kept'")}}),
                          Media::webp);
    EXPECT_FALSE(contains(after, "Paris"));
    EXPECT_TRUE(contains(after, "keep me"));
    EXPECT_TRUE(contains(after, "dc:format='kept'"));
  }
}

TEST(Webp, a_chunk_beyond_the_end_is_malformed) {
  std::string file = webp({{"VP8L", "pixels"}, {"EXIF", tiff_with_gps()}});
  EXPECT_EQ(refused(file.substr(0, file.size() - 10)), text(Why::malformed));
}

}  // namespace
}  // namespace sluice::inspect
