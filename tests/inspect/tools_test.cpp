// SPDX-License-Identifier: MIT
// What other people's programs see: exiftool and exiv2 write positions and do not find them again,
// ffprobe neither; Pillow and ffmpeg decode the same pixels and sounds before and after.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "support.h"

namespace sluice::inspect {
namespace {

using namespace test;

// What exiftool calls a position, in any group.
constexpr std::string_view kPlaces =
    " '-gps*' '-*latitude*' '-*longitude*' '-*location*' -city -state '-province*' '-country*'"
    " '-sub-location' -sublocation -gpscoordinates ";

std::string places_by_exiftool(const Folder& folder, std::string_view file) {
  return folder.output_of("exiftool -ee -a -G1 -s -n" + std::string{kPlaces} + std::string{file});
}

std::string warnings_by_exiftool(const Folder& folder, std::string_view file) {
  return folder.output_of("exiftool -a -s3 -warning -error -validate " + std::string{file});
}

// Redacts `file` of the folder into "after" with the same ending; gives its name.
std::string redact(const Folder& folder, const std::string& file, Media media) {
  const std::string after = "after" + file.substr(file.find('.'));
  folder.write(after, without_positions(folder.read(file), media));
  return after;
}

// Pictures ---------------------------------------------------------------------------------------

struct Picture {
  const char* file;
  Media media;
  const char* options;  // for Pillow
};

void PrintTo(const Picture& picture, std::ostream* out) { *out << picture.file; }

constexpr std::string_view kPillow = "/usr/bin/python3 -c 'import PIL'";

bool make_picture(const Folder& folder, const Picture& picture) {
  const bool heic = std::string_view{picture.file}.ends_with("heic");
  const std::string by_pillow = heic ? "plain.png" : picture.file;
  folder.write("make.py",
               "from PIL import Image\n"
               "im = Image.new('RGB', (96, 64))\n"
               "im.putdata([(x * 5 % 256, y * 7 % 256, x * y % 256)"
               " for y in range(64) for x in range(96)])\n"
               "im.save('" +
                   by_pillow + "'" + picture.options + ")\n");
  folder.output_of("/usr/bin/python3 make.py");
  if (heic) folder.output_of("heif-enc plain.png -o " + std::string{picture.file});
  return !folder.read(picture.file).empty();
}

std::string pixels(const Folder& folder, const std::string& file) {
  if (file.ends_with("heic")) {
    folder.output_of("heif-convert " + file + " pixels.png");
    return pixels(folder, "pixels.png");
  }
  folder.write("pixels.py",
               "from PIL import Image\nimport hashlib, sys\n"
               "im = Image.open(sys.argv[1]).convert('RGB')\n"
               "print(im.size, hashlib.sha256(im.tobytes()).hexdigest())\n");
  return folder.output_of("/usr/bin/python3 pixels.py " + file);
}

void write_positions(const Folder& folder, const std::string& file) {
  folder.output_of(
      "exiftool -q -m -overwrite_original -Make=Acme -UserComment='keep me' -GPSLatitude=48.85"
      " -GPSLatitudeRef=N -GPSLongitude=2.35 -GPSLongitudeRef=E -GPSAltitude=35"
      " -GPSProcessingMethod=GPS -GPSDateStamp=2024:01:02 -IPTC:City=Paris"
      " -IPTC:Sub-location=Louvre -IPTC:Province-State=IdF"
      " -IPTC:Country-PrimaryLocationName=France -IPTC:By-line=me -IPTCDigest=new"
      " -XMP-exif:GPSLatitude=48.85 -XMP-exif:GPSLongitude=2.35 -XMP-photoshop:City=Paris"
      " -XMP-photoshop:State=IdF -XMP-photoshop:Country=France -XMP-iptcCore:Location=Louvre"
      " -XMP-iptcCore:CountryCode=FR -XMP-iptcExt:LocationCreatedCity=Paris"
      " -XMP-iptcExt:LocationShownCity=Paris -XMP-dc:Title='keep title' " +
      file);
}

class EachPicture : public testing::TestWithParam<Picture> {};

TEST_P(EachPicture, shows_no_position_to_others_and_the_same_pixels) {
  const Picture& picture = GetParam();
  const std::string file = picture.file;
  if (!is_here("exiftool")) GTEST_SKIP() << "needs exiftool";
  if (std::system((std::string{kPillow} + " 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "needs python3-pil";
  }
  if (file.ends_with("heic") && !(is_here("heif-enc") && is_here("heif-convert"))) {
    GTEST_SKIP() << "needs heif-enc";
  }
  const Folder folder;
  if (!make_picture(folder, picture)) GTEST_SKIP() << "Pillow cannot write this kind";
  write_positions(folder, file);
  ASSERT_TRUE(contains(places_by_exiftool(folder, file), "GPSLatitude"));
  const std::string after = redact(folder, file, picture.media);
  EXPECT_EQ(places_by_exiftool(folder, after), "");
  EXPECT_EQ(pixels(folder, after), pixels(folder, file));
  const std::string kept = folder.output_of("exiftool -s3 -UserComment -Title -Make " + after);
  EXPECT_EQ(kept, "keep me\nkeep title\nAcme\n");
  // No more than before; fewer, when one was about the position.
  const std::string warned = warnings_by_exiftool(folder, after);
  EXPECT_LE(warned.size(), warnings_by_exiftool(folder, file).size()) << warned;
  for (const std::string_view place : {"Paris", "Louvre", "IdF", "France", "48.85"}) {
    EXPECT_FALSE(contains(folder.read(after), place)) << place;
  }
  if (!is_here("exiv2")) return;
  const std::string seen = folder.output_of("exiv2 -pa " + after);
  for (const std::string_view place : {"GPS", "City", "Location", "Warning", "Error"}) {
    EXPECT_FALSE(contains(seen, place)) << seen;
  }
}

INSTANTIATE_TEST_SUITE_P(Tools, EachPicture,
                         testing::Values(Picture{"baseline.jpg", Media::jpeg, ", quality=90"},
                                         Picture{"progressive.jpg", Media::jpeg,
                                                 ", progressive=True"},
                                         Picture{"picture.png", Media::png, ""},
                                         Picture{"picture.webp", Media::webp, ""},
                                         Picture{"lossless.webp", Media::webp, ", lossless=True"},
                                         Picture{"picture.tif", Media::tiff, ""},
                                         Picture{"picture.heic", Media::heif, ""}),
                         [](const auto& test) {
                           std::string name = test.param.file;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

// Videos -----------------------------------------------------------------------------------------

struct Video {
  const char* name;
  const char* file;
  const char* options;  // for ffmpeg
};

void PrintTo(const Video& video, std::ostream* out) { *out << video.name; }

std::string places_by_ffprobe(const Folder& folder, const std::string& file) {
  const std::string all = folder.output_of("ffprobe -v error -show_format -show_streams " + file);
  std::string places;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string line = all.substr(at, end - at);
    const bool tag = line.starts_with("TAG:");
    if (tag && (contains(line, "location") || contains(line, "48.8"))) places += line + "\n";
    at = end + 1;
  }
  return places;
}

std::string frames(const Folder& folder, const std::string& file) {
  return folder.output_of("ffmpeg -v error -i " + file + " -map 0:v -map 0:a? -f framemd5 -");
}

class EachVideo : public testing::TestWithParam<Video> {};

TEST_P(EachVideo, shows_no_position_to_others_and_the_same_frames) {
  if (!is_here("ffmpeg") || !is_here("ffprobe")) GTEST_SKIP() << "needs ffmpeg";
  const Video& video = GetParam();
  const Folder folder;
  folder.write("text.srt",
               "1\n00:00:00,000 --> 00:00:01,000\n$GPRMC,123519,A,4848.038,N,0113,E\n\n");
  const std::string made = folder.output_of(
      "ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=5:duration=1 -f lavfi -i"
      " sine=duration=1 " +
      std::string{video.options} + " -c:v mpeg4 -c:a aac " + video.file);
  ASSERT_EQ(made, "");
  const bool tagged = contains(video.options, "location");
  EXPECT_EQ(!places_by_ffprobe(folder, video.file).empty(), tagged);
  const std::string after = redact(folder, video.file, Media::isobmff);
  EXPECT_EQ(places_by_ffprobe(folder, after), "");
  EXPECT_EQ(frames(folder, after), frames(folder, video.file));
  EXPECT_FALSE(contains(folder.read(after), "48.8577"));
  EXPECT_FALSE(contains(folder.read(after), "4848.038"));
  if (!is_here("exiftool")) return;
  EXPECT_EQ(places_by_exiftool(folder, after), "");
  const std::string warned = warnings_by_exiftool(folder, after);
  EXPECT_LE(warned.size(), warnings_by_exiftool(folder, video.file).size()) << warned;
}

INSTANTIATE_TEST_SUITE_P(
    Tools, EachVideo,
    testing::Values(
        Video{"mp4", "video.mp4", "-metadata location=+48.8577+002.295/"},
        Video{"fast_start", "video.mp4",
              "-metadata location=+48.8577+002.295/ -movflags faststart"},
        Video{"mp4_keys", "video.mp4",
              "-metadata location=+48.8577+002.295/ -movflags use_metadata_tags"},
        Video{"mov", "video.mov", "-metadata location=+48.8577+002.295/"},
        Video{"mov_keys", "video.mov",
              "-metadata com.apple.quicktime.location.ISO6709=+48.8577+002.295/ -metadata a=b"
              " -movflags use_metadata_tags"},
        Video{"mobile", "video.3gp", "-metadata location=+48.8577+002.295/"},
        Video{"fragmented", "video.mp4",
              "-metadata location=+48.8577+002.295/ -movflags frag_keyframe+empty_moov"},
        Video{"subtitles", "video.mp4", "-i text.srt -map 0 -map 1 -map 2 -c:s mov_text"},
        Video{"subtitles_in_fragments", "video.mp4",
              "-i text.srt -map 0 -map 1 -map 2 -c:s mov_text"
              " -movflags frag_keyframe+empty_moov+default_base_moof"}),
    [](const auto& test) { return std::string{test.param.name}; });

TEST(Tools, a_motion_photo_shows_no_position_to_others) {
  if (!is_here("ffmpeg") || !is_here("exiftool")) GTEST_SKIP() << "needs ffmpeg and exiftool";
  const Folder folder;
  folder.output_of(
      "ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=5:duration=1"
      " -metadata location=+48.8577+002.295/ -c:v mpeg4 video.mp4");
  folder.output_of("ffmpeg -v error -y -i video.mp4 -frames:v 1 still.jpg");
  write_positions(folder, "still.jpg");
  folder.write("motion.jpg", folder.read("still.jpg") + folder.read("video.mp4"));
  const std::string after = redact(folder, "motion.jpg", Media::jpeg);
  EXPECT_EQ(places_by_exiftool(folder, after), "");
  const std::string bytes = folder.read(after);
  folder.write("video-after.mp4", bytes.substr(folder.read("still.jpg").size()));
  EXPECT_EQ(places_by_ffprobe(folder, "video-after.mp4"), "");
  EXPECT_EQ(frames(folder, "video-after.mp4"), frames(folder, "video.mp4"));
}

TEST(Tools, xmp_too_long_for_one_segment_shows_no_position_to_others) {
  if (!is_here("exiftool") || !is_here("ffmpeg")) GTEST_SKIP() << "needs exiftool and ffmpeg";
  const Folder folder;
  folder.output_of("ffmpeg -v error -y -f lavfi -i testsrc=size=64x48 -frames:v 1 picture.jpg");
  folder.write("long.txt", std::string(200000, 'x'));
  folder.output_of(
      "exiftool -q -overwrite_original -XMP-exif:GPSLatitude=48.85"
      " -XMP-iptcExt:LocationCreatedCity=Paris '-XMP-dc:Description<=long.txt'"
      " picture.jpg");
  ASSERT_TRUE(contains(folder.read("picture.jpg"), "http://ns.adobe.com/xmp/extension/"));
  const std::string after = redact(folder, "picture.jpg", Media::jpeg);
  EXPECT_EQ(places_by_exiftool(folder, after), "");
  EXPECT_TRUE(contains(folder.output_of("exiftool -s3 -Description " + after), "xxxx"));
}

}  // namespace
}  // namespace sluice::inspect
