// SPDX-License-Identifier: MIT
// JPEG: segments, what continues over several of them, and what follows the image.
#include <gtest/gtest.h>

#include "media_builder.h"
#include "support.h"

namespace sluice::inspect {
namespace {

using namespace build;
using namespace test;

std::string cleaned(std::string_view file) { return without_positions(file, Media::jpeg); }
const std::string& scan() {
  static const std::string text = jpeg("").substr(jpeg("").find("\xFF\xDB"));
  return text;
}

std::string extended(std::string_view packet, std::size_t from, std::size_t length) {
  return segment(0xE1, "http://ns.adobe.com/xmp/extension/\0"s + std::string(32, 'A') +
                           be(packet.size(), 4) + be(from, 4) +
                           std::string{packet.substr(from, length)});
}

TEST(Jpeg, exif_and_xmp_lose_their_positions_and_the_scan_stays) {
  const std::string after = cleaned(
      jpeg(exif_segment(tiff_with_gps()) + xmp_segment(xmp("exif:GPSLatitude='48,51.4N'"))));
  EXPECT_FALSE(contains(after, "GPS"));
  EXPECT_TRUE(contains(after, "keep me"));
  EXPECT_TRUE(after.ends_with(scan()));
}

TEST(Jpeg, exif_that_continues_in_another_segment_is_one_structure) {
  const std::string tiff = tiff_with_gps(Order::big);
  for (std::size_t cut = 8; cut < tiff.size(); cut += 7) {
    const std::string after =
        cleaned(jpeg(exif_segment(tiff.substr(0, cut)) + exif_segment(tiff.substr(cut))));
    EXPECT_FALSE(contains(after, Tiff{Order::big}.number(0x8825, 2)));
  }
}

TEST(Jpeg, extended_xmp_is_put_together_in_the_order_of_its_offsets) {
  const std::string packet = xmp("exif:GPSLatitude='48,51.4N' dc:format='kept'");
  const std::size_t cut = packet.find("PSLatitude");
  const std::string after =
      cleaned(jpeg(extended(packet, cut, packet.npos) + extended(packet, 0, cut)));
  EXPECT_FALSE(contains(after, "PSLatitude"));
  EXPECT_FALSE(contains(after, "exif:G"));
  EXPECT_TRUE(contains(after, "dc:format='kept'"));
}

TEST(Jpeg, extended_xmp_gets_a_new_digest_by_which_the_first_packet_names_it) {
  const std::string packet = xmp("exif:GPSLatitude='48,51.4N'");
  const std::string guid(32, 'A');
  const std::string after =
      cleaned(jpeg(xmp_segment(xmp("dc:has='" + guid + "'")) + extended(packet, 0, 50) +
                   extended(packet, 50, packet.npos)));
  EXPECT_FALSE(contains(after, guid));
  const std::size_t at = after.find("dc:has='") + 8;
  const std::string now = after.substr(at, 32);
  EXPECT_EQ(now.find_first_not_of("0123456789ABCDEF"), now.npos);
  const std::size_t first = after.find(now, at + 32);
  EXPECT_NE(first, after.npos);
  EXPECT_NE(after.find(now, first + 32), after.npos);
}

TEST(Jpeg, extended_xmp_with_a_gap_is_malformed) {
  const std::string packet = xmp("exif:GPSLatitude='48,51.4N'");
  EXPECT_EQ(refused(jpeg(extended(packet, 10, packet.npos))), text(Why::malformed));
}

TEST(Jpeg, names_of_places_in_iptc_go_and_the_rest_closes_up) {
  const std::string iim = dataset(1, 90, "\x1B%G") + dataset(2, 80, "somebody") +
                          dataset(2, 90, "Paris") + dataset(2, 101, "France") +
                          dataset(2, 120, "a caption");
  const std::string all = resource(0x0404, iim) + resource(0x0425, "0123456789abcdef");
  const std::string file = jpeg(segment(0xED, "Photoshop 3.0\0"s + all));
  const std::string after = cleaned(file);
  EXPECT_FALSE(contains(after, "Paris"));
  EXPECT_FALSE(contains(after, "France"));
  EXPECT_FALSE(contains(after, "0123456789abcdef"));  // a digest tells what was digested
  EXPECT_TRUE(contains(
      after, dataset(2, 80, "somebody") + dataset(2, 120, "a caption") + std::string(10, '\0')));
}

TEST(Jpeg, resources_over_two_segments_are_one_sequence) {
  const std::string all = resource(0x0404, dataset(2, 80, "somebody") + dataset(2, 90, "Paris"));
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    const std::string after = cleaned(jpeg(segment(0xED, "Photoshop 3.0\0"s + all.substr(0, cut)) +
                                           segment(0xED, "Photoshop 3.0\0"s + all.substr(cut))));
    EXPECT_EQ(redacted(after).said.finding, Finding::clean);
  }
}

TEST(Jpeg, telemetry_of_gopro_goes) {
  EXPECT_FALSE(contains(cleaned(jpeg(segment(0xE6, "GoPro\0DEVC....GPS5...."sv))), "GPS5"));
}

TEST(Jpeg, fill_bytes_and_several_images_worth_of_segments_are_passed) {
  std::string file = jpeg("");
  file.insert(2, "\xFF\xFF\xFF" + exif_segment(tiff_with_gps()));
  cleaned(file);
  // As progressive images have them: tables and scans by turns, metadata at the end.
  file = jpeg("");
  const std::string more = scan().substr(0, scan().size() - 2) + exif_segment(tiff_with_gps());
  file.insert(file.find("\xFF\xDB"), more);
  EXPECT_TRUE(cleaned(file).ends_with(scan()));
}

TEST(Jpeg, what_looks_like_a_segment_within_a_scan_is_left_alone) {
  std::string file = jpeg("");
  file.insert(file.size() - 3, "Exif" + tiff_with_gps());
  EXPECT_TRUE(is_clean(file));
}

TEST(Jpeg, pictures_after_the_picture_are_looked_into) {
  const std::string second = jpeg(exif_segment(tiff_with_gps()));
  const std::string after = cleaned(jpeg("") + "some bytes" + second + second);
  EXPECT_FALSE(contains(after, Tiff{}.degrees(2, 48, 51, 24).data));
  EXPECT_TRUE(after.starts_with(jpeg("") + "some bytes"));
}

TEST(Jpeg, the_video_of_a_motion_photo_is_looked_into) {
  const std::string video =
      ftyp("mp42") + box("mdat", "frames") +
      box("moov", box("udta", box("\xA9xyz", be(15, 2) + be(0, 2) + "+48.85+002.29/")));
  const std::string after = cleaned(jpeg("") + video + "SEFHsomething of its maker's");
  EXPECT_FALSE(contains(after, "+48.85"));
  EXPECT_TRUE(after.ends_with("SEFHsomething of its maker's"));
}

TEST(Jpeg, a_lone_packet_or_structure_after_the_picture_is_looked_into) {
  EXPECT_FALSE(
      contains(cleaned(jpeg("") + "\x01\x02" + xmp("exif:GPSLatitude='48,51.4N'")), "48,51"));
  cleaned(jpeg("") + "Exif\0\0"s + tiff_with_gps());
}

TEST(Jpeg, a_foreign_block_of_metadata_after_the_picture_is_not_supported) {
  EXPECT_EQ(refused(jpeg("") + "AXS!\0\0\0\0IPTC"s), text(Why::unsupported));
}

TEST(Jpeg, a_segment_beyond_the_end_is_malformed) {
  EXPECT_EQ(refused("\xFF\xD8\xFF\xE1\x40\0Exif\0\0"s), text(Why::malformed));
  EXPECT_EQ(refused("\xFF\xD8\xFF\xE1\0\1"s), text(Why::malformed));
}

TEST(Jpeg, with_a_restart_every_few_bytes_is_read_once) {
  std::string file = jpeg("");
  std::string restarts;
  for (int i = 0; i < 300000; ++i) restarts += "\x12\xFF\xD0";
  file.insert(file.size() - 3, restarts);
  const BytesSource source{bytes_of(std::string_view{file})};
  Budget budget{2 * file.size(), 1000};
  Redaction out{file.size()};
  EXPECT_EQ(positions_in(source, budget, out).finding, Finding::clean);
}

TEST(Jpeg, of_many_broken_beginnings_costs_what_is_allowed_and_no_more) {
  std::string file = jpeg("");
  for (int i = 0; i < 100000; ++i) file += "\xFF\xD8\xFF\xE0\0\1"s;
  EXPECT_EQ(refused(file), text(Why::too_large));
}

TEST(Jpeg, cut_off_within_its_scan_is_looked_into_as_far_as_it_goes) {
  const std::string file = jpeg(exif_segment(tiff_with_gps()));
  cleaned(file.substr(0, file.size() - 6));
}

}  // namespace
}  // namespace sluice::inspect
