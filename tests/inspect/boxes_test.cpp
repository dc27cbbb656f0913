// SPDX-License-Identifier: MIT
// Videos: metadata in boxes, and tracks that are positions sample by sample.
#include <gtest/gtest.h>

#include <map>

#include "media_builder.h"
#include "support.h"

namespace sluice::inspect {
namespace {

using namespace build;
using namespace test;

std::string cleaned(std::string_view file) { return without_positions(file, Media::isobmff); }

const std::string kXyz = box("\xA9xyz", be(15, 2) + be(0x15C7, 2) + "+48.85+002.29/");

std::string movie(std::string_view in_moov) {
  return ftyp("isom") + box("mdat", "frames and sounds") + box("moov", in_moov);
}

TEST(Boxes, user_data_that_is_a_position_becomes_free) {
  const std::string loci = full_box("loci", be(0, 2) + "Louvre\0"s + be(0, 13) + "earth\0\0"s);
  const std::string name = box("\xA9nam", be(4, 2) + be(0, 2) + "kept");
  for (const std::string& place : {kXyz, loci, box("GPMF", "DEVC...GPS5...")}) {
    const std::string after = cleaned(movie(box("udta", name + place)));
    std::string expected =
        movie(box("udta", name + box("free", std::string(place.size() - 8, '\0'))));
    EXPECT_EQ(after, expected);
  }
}

TEST(Boxes, of_sixty_four_bits_and_to_the_end_are_read) {
  cleaned(ftyp("qt  ") + wide_box("moov", wide_box("udta", kXyz)));
  std::string last = box("moov", box("udta", kXyz));
  last.replace(0, 4, be(0, 4));
  cleaned(ftyp("qt  ") + last);
}

TEST(Boxes, quicktime_ends_user_data_with_zeros) { cleaned(movie(box("udta", kXyz + be(0, 4)))); }

TEST(Boxes, a_box_without_a_size_goes_on_to_the_end_of_its_container) {
  std::string last = box("udta", kXyz);
  last.replace(0, 4, be(0, 4));
  EXPECT_FALSE(contains(cleaned(movie(box("trak", "") + last)), "+48.85"));
}

TEST(Boxes, values_whose_key_names_a_place_become_free) {
  const std::string after =
      cleaned(movie(keys({{"com.apple.quicktime.make", "Acme"},
                          {"com.apple.quicktime.location.ISO6709", "+48.85+002.29/"},
                          {"com.apple.quicktime.location.name", "Louvre"}})));
  EXPECT_FALSE(contains(after, "+48.85"));
  EXPECT_FALSE(contains(after, "Louvre"));
  EXPECT_TRUE(contains(after, "Acme"));
}

TEST(Boxes, xmp_is_looked_into_wherever_it_stands) {
  const std::string packet = xmp("exif:GPSLatitude='48,51.4N'");
  for (const std::string& file :
       {ftyp("mp42") + xmp_box(packet), movie(box("udta", box("XMP_", packet))),
        movie(xmp_box(packet))}) {
    EXPECT_FALSE(contains(cleaned(file), "48,51"));
  }
}

class EachFormat : public testing::TestWithParam<std::pair<std::string_view, std::string_view>> {};
TEST_P(EachFormat, of_telemetry_loses_its_samples) {
  const auto [handler, format] = GetParam();
  const std::string head = ftyp("mp42") + box("mdat", "frame+48.85frame+48.86-frame");
  const std::uint64_t data = ftyp("mp42").size() + 8;
  for (const bool wide : {false, true}) {
    const std::string trak = track({.handler = handler,
                                    .format = format,
                                    .chunks = {data + 5, data + 16},
                                    .sizes = {6, 7},
                                    .wide_offsets = wide});
    const std::string after = cleaned(head + box("moov", trak));
    EXPECT_TRUE(contains(after, "frame\0\0\0\0\0\0frame\0\0\0\0\0\0\0frame"sv));
    const std::string unnamed = "free" + std::string(6, '\0') + be(1, 2);  // the sample format
    EXPECT_TRUE(contains(after, unnamed));
  }
}
INSTANTIATE_TEST_SUITE_P(Boxes, EachFormat,
                         testing::Values(std::pair{"meta"sv, "gpmd"sv},
                                         std::pair{"camm"sv, "camm"sv},
                                         std::pair{"meta"sv, "rtmd"sv},
                                         std::pair{"meta"sv, "djmd"sv},
                                         std::pair{"meta"sv, "what"sv}));

TEST(Boxes, samples_of_one_size_are_found_by_chunk) {
  const std::string head = ftyp("mp42") + box("mdat", "aabbcc--ddee--");
  const std::uint64_t data = ftyp("mp42").size() + 8;
  const std::string trak = track({.chunks = {data, data + 8}, .per_chunk = 2, .uniform = 2});
  EXPECT_TRUE(contains(cleaned(head + box("moov", trak)), "\0\0\0\0cc--\0\0\0\0--"sv));
}

TEST(Boxes, boxed_metadata_goes_if_its_keys_name_a_place) {
  const auto file = [](std::string_view key) {
    const std::string keys_box = box("keys", box(be(1, 4), box("keyd", "mdta" + std::string{key})));
    return ftyp("qt  ") + box("mdat", "+48.85") +
           box("moov", track({.format = "mebx",
                              .format_body = keys_box,
                              .chunks = {ftyp("qt  ").size() + 8},
                              .sizes = {6}}));
  };
  EXPECT_FALSE(contains(cleaned(file("com.apple.quicktime.location.ISO6709")), "+48.85"));
  EXPECT_TRUE(is_clean(file("com.apple.quicktime.still-image-time")));
}

TEST(Boxes, text_goes_if_coordinates_stand_in_it) {
  const auto file = [](std::string_view line) {
    const std::string sample = be(line.size(), 2) + std::string{line};
    return ftyp("mp42") + box("mdat", sample) +
           box("moov", track({.handler = "sbtl",
                              .format = "tx3g",
                              .chunks = {ftyp("mp42").size() + 8},
                              .sizes = {static_cast<std::uint32_t>(sample.size())}}));
  };
  for (const std::string_view line :
       {"$GPRMC,123519,A,4807.038,N", "GPS(2.3,48.8,15)", "[latitude: 48.85] [longitude: 2.3]"}) {
    EXPECT_FALSE(contains(cleaned(file(line)), line)) << line;
  }
  EXPECT_TRUE(is_clean(file("Turn off your GPS, he said. 5 o'clock.")));
}

TEST(Boxes, picture_and_sound_are_never_changed) {
  const std::uint64_t data = ftyp("mp42").size() + 8;
  for (const auto& [handler, format] : {std::pair{"vide", "avc1"}, std::pair{"soun", "mp4a"}}) {
    EXPECT_TRUE(is_clean(
        ftyp("mp42") + box("mdat", "$GPRMC,123519") +
        box("moov",
            track({.handler = handler, .format = format, .chunks = {data}, .sizes = {13}}))));
  }
}

TEST(Boxes, fragments_of_telemetry_lose_their_samples) {
  const std::string trex = full_box("trex", be(1, 4) + be(1, 4) + be(0, 4) + be(4, 4) + be(0, 4));
  const std::string head = ftyp("iso5") + box("moov", track({.id = 1}) + box("mvex", trex));
  const auto moof = [](std::uint32_t data_at) {  // from the beginning of the moof
    const std::string tfhd = full_box("tfhd", be(1, 4), 0, 0x020000);
    const std::string sized =
        full_box("trun", be(2, 4) + be(data_at, 4) + be(3, 4) + be(5, 4), 0, 0x201);
    const std::string unsized = full_box("trun", be(1, 4), 0, 0);  // goes on, with the default size
    return box("moof", box("traf", tfhd + sized + unsized));
  };
  const auto offset = static_cast<std::uint32_t>(moof(0).size() + 8);
  const std::string after = cleaned(head + moof(offset) + box("mdat", "aaabbbbbccccframe"));
  EXPECT_TRUE(after.ends_with(std::string(12, '\0') + "frame"));
}

TEST(Boxes, blocks_of_dash_cameras_are_zeroed) {
  const std::string block = box("free", "GPS 48.85N 2.29E");
  const std::uint64_t at = ftyp("qt  ").size() + 8 + 5;
  const std::string table = box("gps ", be(0, 8) + be(at, 4) + be(block.size(), 4));
  const std::string after =
      cleaned(ftyp("qt  ") + box("mdat", "frame" + block + "frame") + box("moov", table));
  EXPECT_FALSE(contains(after, "48.85N"));
  EXPECT_TRUE(contains(after, "frame"));
}

TEST(Boxes, canons_gps_directory_is_emptied) {
  Tiff tiff;
  const std::uint64_t first = tiff.gps();
  const std::string body = "\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48"s +
                           box("CMT1", tiff_with_gps()) + box("CMT4", tiff.finish(first));
  const std::string after = cleaned(ftyp("crx ") + box("moov", box("uuid", body)));
  EXPECT_FALSE(contains(after, tiff.degrees(2, 48, 51, 24).data));
  EXPECT_TRUE(contains(after, "keep me"));
}

class EachPlace : public testing::TestWithParam<ItemsIn> {};
TEST_P(EachPlace, of_items_is_looked_into) {
  const std::string exif = be(6, 4) + "Exif\0\0"s + tiff_with_gps();
  const std::string after = without_positions(
      heif({{"Exif", exif}, {"mime", xmp("photoshop:City='Paris' dc:format='kept'")}}, GetParam()),
      Media::heif);
  EXPECT_FALSE(contains(after, "Paris"));
  EXPECT_FALSE(contains(after, Tiff{}.degrees(2, 48, 51, 24).data));
  EXPECT_TRUE(contains(after, "keep me"));
  EXPECT_TRUE(contains(after, "dc:format='kept'"));
}
INSTANTIATE_TEST_SUITE_P(Heif, EachPlace, testing::Values(ItemsIn::file, ItemsIn::idat));

TEST(Heif, items_made_of_other_items_are_not_supported) {
  EXPECT_EQ(refused(heif({{"Exif", be(0, 4) + tiff_with_gps()}}, ItemsIn::items)),
            text(Why::unsupported));
}

TEST(Boxes, that_do_not_fit_into_their_container_are_malformed) {
  std::string moov = box("moov", box("udta", kXyz));
  moov.replace(8, 4, be(0x7FFFFFFF, 4));
  EXPECT_EQ(refused(ftyp("isom") + moov), text(Why::malformed));
  moov.replace(8, 4, be(4, 4));
  EXPECT_EQ(refused(ftyp("isom") + moov), text(Why::malformed));
}

TEST(Boxes, a_compressed_movie_header_is_not_supported) {
  EXPECT_EQ(refused(ftyp("qt  ") + box("moov", box("cmov", "zlib"))), text(Why::unsupported));
}

// A file of any length, zeros except for a few parts.
class Sparse final : public Source {
 public:
  explicit Sparse(std::uint64_t size) : size_{size} {}
  void put(std::uint64_t at, std::string text) { parts_[at] = std::move(text); }
  std::uint64_t size() const noexcept override { return size_; }
  Result<void> read(std::uint64_t offset, MutableBytes into) const noexcept override {
    if (offset > size_ || into.size() > size_ - offset) return fail(EIO);
    for (std::size_t i = 0; i < into.size(); ++i) into[i] = at(offset + i);
    return {};
  }

 private:
  std::byte at(std::uint64_t offset) const noexcept {
    for (const auto& [begin, text] : parts_) {
      if (offset >= begin && offset - begin < text.size()) return std::byte(text[offset - begin]);
    }
    return std::byte{0};
  }
  std::uint64_t size_;
  std::map<std::uint64_t, std::string> parts_;
};

TEST(Boxes, a_video_of_a_hundred_gigabytes_is_read_at_its_ends_only) {
  constexpr std::uint64_t kMdat = 100'000'000'000;
  const std::string head = ftyp("isom") + be(1, 4) + "mdat" + be(kMdat, 8);
  const std::string tail = box("moov", box("udta", kXyz));
  const std::uint64_t tail_at = ftyp("isom").size() + kMdat;
  Sparse file{tail_at + tail.size()};
  file.put(0, head);
  file.put(tail_at, tail);
  Budget budget{1 << 20, 1 << 16};
  Redaction out{file.size()};
  const Positions said = positions_in(file, budget, out);
  EXPECT_EQ(said.finding, Finding::found);
  ASSERT_EQ(out.ranges().size(), 1u);
  EXPECT_GE(out.ranges().front().offset, tail_at);
}

TEST(Boxes, a_hundred_gigabytes_of_tiny_boxes_end_with_the_budget) {
  Sparse file{100'000'000'000};
  file.put(0, ftyp("isom") + box("free", ""));
  std::string frees;
  for (int i = 0; i < 4096; ++i) frees += box("free", "");
  file.put(ftyp("isom").size(), frees);
  Budget budget{1 << 24, 1000};
  Redaction out{file.size()};
  const Positions said = positions_in(file, budget, out);
  EXPECT_EQ(said.finding, Finding::unknown);
  EXPECT_EQ(said.why, Why::too_large);
}

}  // namespace
}  // namespace sluice::inspect
