// SPDX-License-Identifier: MIT
#include "sluice/confine/ways.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::confine {
namespace {

using mount::parse_mountinfo;

// Gives "path" or "path=below" of each open way, "?" added where layers mix, sorted.
std::vector<std::string> ways(std::string_view before, std::string_view view,
                              std::string_view added = "") {
  const auto mounts = parse_mountinfo(before);
  const auto now = parse_mountinfo(std::string{before} + std::string{added});
  const auto place = place_of(view, mounts);
  if (!place) return {"no place"};
  const auto targets = targets_of(std::vector{*place}, mounts);
  if (!targets) return {targets.error().line()};
  std::vector<std::string> found;
  for (const Way& way : open_ways(*targets, mounts, now)) {
    found.push_back(way.path + (way.below.empty() ? "" : "=" + way.below) + (way.same ? "" : "?"));
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

using Found = std::vector<std::string>;
const std::string kRoot = "1 0 8:1 / / rw - ext4 /dev/a rw\n";
const std::string kView = "90 1 0:90 / /home/u rw - fuse.sluice /home/u rw\n";

TEST(Ways, the_directory_itself_is_open_until_a_view_lies_over_it) {
  EXPECT_EQ(ways(kRoot, "/home/u"), Found{"/home/u"});
  EXPECT_EQ(ways(kRoot, "/home/u", kView), Found{});
}

TEST(Ways, binds_of_it_of_what_is_above_and_of_what_is_below_are_found) {
  EXPECT_EQ(ways(kRoot + "2 1 8:1 /home/u /m rw - ext4 /dev/a rw\n", "/home/u", kView), Found{"/m"});
  EXPECT_EQ(ways(kRoot + "2 1 8:1 /home /m rw - ext4 /dev/a rw\n", "/home/u", kView), Found{"/m/u"});
  EXPECT_EQ(ways(kRoot + "2 1 8:1 / /m rw - ext4 /dev/a rw\n", "/home/u", kView),
            Found{"/m/home/u"});
  EXPECT_EQ(ways(kRoot + "2 1 8:1 /home/u/a/b /m rw - ext4 /dev/a rw\n", "/home/u", kView),
            Found{"/m=/a/b"});
}

TEST(Ways, other_directories_and_other_file_systems_are_none) {
  const std::string others =
      "2 1 8:1 /home/us /m rw - ext4 /dev/a rw\n"
      "3 1 8:2 /home/u /n rw - ext4 /dev/b rw\n"
      "4 1 8:1 /var /o rw - ext4 /dev/a rw\n";
  EXPECT_EQ(ways(kRoot + others, "/home/u", kView), Found{});
}

TEST(Ways, what_another_mount_hides_is_none) {
  const std::string hidden =
      "2 1 8:1 /home /m rw - ext4 /dev/a rw\n"
      "3 2 0:50 / /m/u rw - tmpfs t rw\n";
  EXPECT_EQ(ways(kRoot + hidden, "/home/u", kView), Found{});
}

TEST(Ways, mounts_of_ours_are_none_though_they_show_the_same) {
  EXPECT_EQ(ways(kRoot, "/home/u", kView + "91 1 0:90 / /m rw - fuse.sluice /home/u rw\n"), Found{});
}

TEST(Ways, through_an_overlay_are_found_by_its_layers) {
  EXPECT_EQ(ways(kRoot + "2 1 0:7 / /m rw - overlay o rw,lowerdir=/x:/home/u/a,upperdir=/y\n",
                 "/home/u", kView),
            Found{"/m=/a?"});
  EXPECT_EQ(ways(kRoot + "2 1 0:7 / /m rw - overlay o rw,lowerdir+=/home,lowerdir+=/x\n", "/home/u",
                 kView),
            Found{"/m/u?"});
  EXPECT_EQ(ways(kRoot + "2 1 0:7 / /m rw - overlay o rw,lowerdir=/with\\134:colon:/home/u\n",
                 "/home/u", kView),
            Found{"/m?"});
}

TEST(Ways, to_the_layers_of_the_overlay_that_a_view_lies_on_are_found) {
  EXPECT_EQ(ways(kRoot + "2 1 0:7 / /m rw - overlay o rw,lowerdir=/x,upperdir=/y\n", "/m/p",
                 "90 2 0:90 / /m/p rw - fuse.sluice /m/p rw\n"),
            (Found{"/x/p?", "/y/p?"}));
}

TEST(Ways, through_a_fuse_mirror_and_on_from_it_are_found) {
  const std::string chain =
      "2 1 0:7 / /m rw - fuse.bindfs /home/u rw\n"
      "3 1 0:8 / /n rw - overlay o rw,lowerdir=/m/a:/z\n";
  EXPECT_EQ(ways(kRoot + chain, "/home/u", kView), (Found{"/m?", "/n=/a?"}));
}

TEST(Ways, to_a_share_that_is_mounted_twice_are_found) {
  EXPECT_EQ(ways(kRoot + "2 1 0:7 / /s rw - nfs4 h:/x rw\n3 1 0:8 / /t rw - nfs4 h:/x rw\n", "/s/p",
                 "90 2 0:90 / /s/p rw - fuse.sluice /s/p rw\n"),
            Found{"/t/p"});
}

TEST(Ways, layers_that_lie_in_circles_come_to_an_end) {
  const std::string circle =
      "2 1 0:7 / /m rw - overlay o rw,lowerdir=/n/a:/home/u\n"
      "3 1 0:8 / /n rw - overlay o rw,lowerdir=/m/b:/x\n";
  const auto found = ways(kRoot + circle, "/home/u", kView);
  EXPECT_FALSE(found.empty());
}

}  // namespace
}  // namespace sluice::confine
