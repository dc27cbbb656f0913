// SPDX-License-Identifier: MIT
// The preset `gallery` through the real programs, judged by programs of others: no position is left
// in a photo or a video, and what it shows is the same.
#include <sys/stat.h>

#include "policy_fixture.h"

namespace sluice::test {
namespace {

class Gallery : public PolicyMounts {
 protected:
  void SetUp() override {
    PolicyMounts::SetUp();
    if (IsSkipped()) return;
    if (shell("command -v ffmpeg && command -v ffprobe && command -v exiftool").status != 0) {
      GTEST_SKIP() << "ffmpeg or exiftool is not installed";
    }
    make("ffmpeg -v error -f lavfi -i testsrc=size=96x64 -frames:v 1 photo.jpg");
    make(
        "exiftool -q -overwrite_original -Make=Acme -GPSLatitude=48.1374 -GPSLatitudeRef=N"
        " -GPSLongitude=11.5755 -GPSLongitudeRef=E -XMP-exif:GPSLatitude=48.1374"
        " -XMP-photoshop:City=Munich -IPTC:City=Munich photo.jpg");
    make("ffmpeg -v error -i photo.jpg photo.png");
    make("exiftool -q -overwrite_original -XMP-exif:GPSLatitude=48.1374 photo.png");
    make(
        "ffmpeg -v error -f lavfi -i testsrc=size=96x64:rate=5:duration=1 -pix_fmt yuv420p"
        " -metadata location=+48.1374+011.5755/ walk.mp4");
    scratch_.file("lower/notes.txt", "where we were\n");
    const Finished mounted =
        sluice({"mount", lower_, mnt_, "--policy", "gallery", "--as", "viewer"});
    ASSERT_EQ(mounted.status, 0) << mounted.err;
  }
  void make(const std::string& command) const {
    const Finished done = shell("cd " + lower_ + " && " + command);
    ASSERT_EQ(done.status, 0) << done.err;
  }
  static std::string told(const std::string& command, const std::string& file) {
    return shell(command + " " + file).out;
  }
};

constexpr const char* kPositions = "exiftool -s -n -GPSPosition -GPSLatitude -City -GPSCoordinates";
constexpr const char* kLocation =
    "ffprobe -v error -show_entries format_tags=location -of default=nw=1";

TEST_F(Gallery, has_no_positions_and_the_same_pictures) {
  for (const char* name : {"photo.jpg", "photo.png", "walk.mp4"}) {
    EXPECT_NE(told(kPositions, lower_ + "/" + name), "") << name;
    EXPECT_EQ(told(kPositions, in_mnt(name)), "") << name;
    const std::string decoded = told("ffmpeg -v error -f md5 pipe:1 -i", lower_ + "/" + name);
    EXPECT_NE(decoded, "") << name;
    EXPECT_EQ(told("ffmpeg -v error -f md5 pipe:1 -i", in_mnt(name)), decoded) << name;
    EXPECT_EQ(told("exiftool -s3 -Warning -Error", in_mnt(name)),
              told("exiftool -s3 -Warning -Error", lower_ + "/" + name))
        << name;
  }
  EXPECT_NE(told(kLocation, lower_ + "/walk.mp4"), "");
  EXPECT_EQ(told(kLocation, in_mnt("walk.mp4")), "");
  EXPECT_EQ(told("exiftool -s3 -Make", in_mnt("photo.jpg")), "Acme\n");
}

TEST_F(Gallery, shows_nothing_else_and_lets_nobody_write) {
  EXPECT_EQ(shell("cat " + in_mnt("notes.txt")).out, "");
  EXPECT_NE(shell("echo >>" + in_mnt("photo.jpg")).status, 0);
  EXPECT_NE(shell("rm -f " + in_mnt("photo.jpg")).status, 0);
}

}  // namespace
}  // namespace sluice::test
