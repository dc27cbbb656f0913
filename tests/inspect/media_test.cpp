// SPDX-License-Identifier: MIT
// What holds for any file: kinds are told by content, budgets and sources that fail are answers,
// and neither cut nor damaged files break a promise.
#include "sluice/inspect/media.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "media_builder.h"
#include "support.h"

namespace sluice::inspect {
namespace {

using namespace build;
using namespace test;

std::string everything() {
  return jpeg(exif_segment(tiff_with_gps()) + xmp_segment(xmp("exif:GPSLatitude='48,51.4N'")) +
              segment(0xED, "Photoshop 3.0\0"s + resource(0x0404, dataset(2, 90, "Paris")))) +
         ftyp("mp42") + box("moov", box("udta", box("\xA9xyz", "+48.85+002.29/")));
}

TEST(Media, kinds_are_told_by_the_first_bytes) {
  const auto kind = [](std::string_view bytes) {
    const BytesSource source{bytes_of(bytes)};
    return media_of(source).value();
  };
  EXPECT_EQ(kind(jpeg("")), Media::jpeg);
  EXPECT_EQ(kind(png("")), Media::png);
  EXPECT_EQ(kind(webp({})), Media::webp);
  EXPECT_EQ(kind(tiff_with_gps()), Media::tiff);
  EXPECT_EQ(kind(heif({})), Media::heif);
  EXPECT_EQ(kind(ftyp("isom")), Media::isobmff);
  EXPECT_EQ(kind(xmp("")), Media::xmp);
  EXPECT_EQ(kind(utf16(xmp(""), Order::little)), Media::xmp);
  for (const std::string_view other : {"", "\xFF", "GIF89a", "a <b> c", "#!/bin/sh\n", "<html>",
                                       "<?xml?><svg xmlns:rdf='22-rdf-syntax-ns#'/>"}) {
    EXPECT_EQ(kind(other), Media::none) << other;
    EXPECT_TRUE(is_clean(other)) << other;
  }
}

TEST(Media, resources_of_a_psd_and_the_picture_of_a_raf_are_looked_into) {
  const std::string resources = resource(0x0404, dataset(2, 90, "Paris"));
  const std::string psd =
      "8BPS" + be(1, 2) + std::string(20, '\0') + be(0, 4) + be(resources.size(), 4) + resources;
  EXPECT_FALSE(contains(without_positions(psd, Media::psd), "Paris"));
  const std::string picture = jpeg(exif_segment(tiff_with_gps()));
  std::string raf = "FUJIFILMCCD-RAW 0201";
  raf.resize(84);
  raf += be(100, 4) + be(picture.size(), 4) + std::string(8, '\0') + picture + "raw data";
  without_positions(raf, Media::raf);
}

TEST(Media, the_budget_ends_any_search) {
  const std::string file = everything();
  const BytesSource source{bytes_of(std::string_view{file})};
  bool some_failed = false;
  for (std::uint64_t steps = 0;; ++steps) {
    Budget budget{1 << 20, steps};
    Redaction out{file.size()};
    const Positions said = positions_in(source, budget, out);
    if (said.finding == Finding::found) break;
    ASSERT_EQ(said.finding, Finding::unknown);
    ASSERT_EQ(said.why, Why::too_large);
    some_failed = true;
    ASSERT_LT(steps, 10000u);
  }
  EXPECT_TRUE(some_failed);
  Budget budget{100, 1 << 20};
  Redaction out{file.size()};
  EXPECT_EQ(positions_in(source, budget, out).why, Why::too_large);
}

TEST(Media, a_redaction_that_is_full_is_an_answer) {
  const std::string file = everything();
  const BytesSource source{bytes_of(std::string_view{file})};
  Budget budget{1 << 20, 1 << 20};
  Redaction out{file.size(), 200};
  const Positions said = positions_in(source, budget, out);
  EXPECT_EQ(said.finding, Finding::unknown);
  EXPECT_EQ(said.why, Why::full);
}

// A file that became shorter after its length was taken.
class Shrunk final : public Source {
 public:
  Shrunk(std::string_view bytes, std::uint64_t left) noexcept : bytes_{bytes}, left_{left} {}
  std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<void> read(std::uint64_t offset, MutableBytes into) const noexcept override {
    if (offset + into.size() > left_) return fail(EIO);
    return BytesSource{bytes_of(bytes_)}.read(offset, into);
  }

 private:
  std::string_view bytes_;
  std::uint64_t left_;
};

TEST(Media, a_file_that_becomes_shorter_is_an_answer) {
  const std::string file = everything();
  for (std::uint64_t left = 0; left < file.size(); ++left) {
    const Shrunk source{file, left};
    Budget budget{1 << 20, 1 << 20};
    Redaction out{file.size()};
    const Positions said = positions_in(source, budget, out);
    ASSERT_EQ(said.finding, Finding::unknown);
    ASSERT_EQ(said.why, Why::unreadable);
  }
}

TEST(Media, a_redaction_made_for_another_length_is_refused) {
  const std::string file = everything();
  const BytesSource source{bytes_of(std::string_view{file})};
  Budget budget{1 << 20, 1 << 20};
  Redaction out{file.size() + 1};
  EXPECT_EQ(positions_in(source, budget, out).finding, Finding::unknown);
  EXPECT_TRUE(out.empty());
}

TEST(Media, pieces_served_one_by_one_are_those_of_the_whole) {
  const std::string file = everything();
  const BytesSource source{bytes_of(std::string_view{file})};
  Budget budget{1 << 20, 1 << 20};
  Redaction out{file.size()};
  ASSERT_EQ(positions_in(source, budget, out).finding, Finding::found);
  std::string served;
  for (std::size_t at = 0; at < file.size(); at += 11) {
    std::string piece = file.substr(at, 11);
    out.apply(at, std::as_writable_bytes(std::span{piece}));
    served += piece;
  }
  EXPECT_EQ(served, redacted(file).bytes);
}

TEST(Media, structures_that_share_bytes_are_clean_afterwards_or_refused) {
  // The same bytes as Exif's first directory, as its position, and as XMP.
  Tiff tiff;
  const std::uint64_t gps = tiff.gps();
  const std::string packet = xmp("exif:GPSLatitude='48,51.4N'");
  const std::uint64_t at = tiff.bytes(packet);
  for (std::uint64_t shift = 0; shift < packet.size(); shift += 3) {
    Tag shared{0x02BC, 7, packet.size() - shift, tiff.number(at + shift, 4)};
    Tiff whole = tiff;
    const std::string file = whole.finish(
        whole.directory({shared, whole.longs(0x8769, {at + shift}), whole.longs(0x8825, {gps})}));
    const Redacted result = redacted(file);
    if (result.said.finding != Finding::found) continue;
    EXPECT_TRUE(is_clean(result.bytes));
  }
}

}  // namespace
}  // namespace sluice::inspect
