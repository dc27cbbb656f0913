// SPDX-License-Identifier: MIT
// Modes, owners, times and what statfs says.
#include <unistd.h>
#include <ctime>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

timespec now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

bool before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

// File systems stamp with the tick that has passed, which is a little behind the clock.
void expect_about_now(const timespec& time, const timespec& since) {
  timespec early = since;
  early.tv_sec -= 1;
  EXPECT_FALSE(before(time, early)) << time.tv_sec << " is long before " << since.tv_sec;
  timespec late = now();
  late.tv_sec += 1;
  EXPECT_FALSE(before(late, time));
}

constexpr timespec kOmit{0, UTIME_OMIT};
constexpr timespec kNow{0, UTIME_NOW};

void sleep_past_a_tick() {
  const timespec little{0, 20'000'000};
  ::nanosleep(&little, nullptr);
}

void the_umask_takes_permissions_away(World& world) {
  world.umask(027);
  make(world, "a", "", 0666);
  EXPECT_DONE(world.mkdir("d", 0777));
  EXPECT_DONE(world.mknod("p", S_IFIFO | 0666, 0));
  EXPECT_EQ(MUST(world.stat("a")).st_mode & 07777U, 0640U);
  EXPECT_EQ(MUST(world.stat("d")).st_mode & 07777U, 0750U);
  EXPECT_EQ(MUST(world.stat("p")).st_mode & 07777U, 0640U);
  world.umask(022);
}

void modes_are_changed_in_all_twelve_bits(World& world) {
  make(world, "a");
  EXPECT_DONE(world.mkdir("d", 0755));
  for (mode_t mode : {0U, 0777U, 01755U, 02711U, 04755U, 07777U, 0604U}) {
    EXPECT_DONE(world.chmod("a", mode));
    EXPECT_EQ(MUST(world.stat("a")).st_mode, S_IFREG | mode);
    EXPECT_DONE(world.chmod("d", mode));
    EXPECT_EQ(MUST(world.stat("d")).st_mode, S_IFDIR | mode);
  }
  EXPECT_DONE(world.chmod("d", 0755));
}

void chmod_follows_symlinks(World& world) {
  make(world, "a");
  EXPECT_DONE(world.symlink("a", "s"));
  EXPECT_DONE(world.chmod("s", 0604));
  EXPECT_EQ(MUST(world.stat("a")).st_mode & 07777U, 0604U);
}

void owners_are_changed_one_at_a_time_or_both(World& world) {
  make(world, "a");
  EXPECT_DONE(world.symlink("a", "s"));
  constexpr unsigned kSame = static_cast<unsigned>(-1);
  EXPECT_DONE(world.chown("a", 100, 200));
  EXPECT_DONE(world.chown("a", 101, kSame));
  EXPECT_DONE(world.chown("a", kSame, 201));
  EXPECT_DONE(world.chown("s", 102, 202, Follow::no));
  const auto file = MUST(world.stat("a"));
  EXPECT_EQ(file.st_uid, 101U);
  EXPECT_EQ(file.st_gid, 201U);
  const auto link = MUST(world.stat("s", Follow::no));
  EXPECT_EQ(link.st_uid, 102U);
  EXPECT_EQ(link.st_gid, 202U);
}

void a_change_of_owner_takes_setuid_and_setgid_away(World& world) {
  make(world, "a");
  EXPECT_DONE(world.chmod("a", 06777));
  EXPECT_DONE(world.chown("a", 100, 200));
  EXPECT_EQ(MUST(world.stat("a")).st_mode & 07777U, 0777U);
}

void times_are_set_to_the_nanosecond(World& world) {
  make(world, "a");
  EXPECT_DONE(world.mkdir("d", 0755));
  const std::array<timespec, 2> times{{{1'000'000'001, 123'456'789}, {1'500'000'002, 987'654'321}}};
  for (const char* path : {"a", "d"}) {
    EXPECT_DONE(world.utimens(path, times));
    const auto stat = MUST(world.stat(path));
    EXPECT_EQ(stat.st_atim.tv_sec, 1'000'000'001);
    EXPECT_EQ(stat.st_atim.tv_nsec, 123'456'789);
    EXPECT_EQ(stat.st_mtim.tv_sec, 1'500'000'002);
    EXPECT_EQ(stat.st_mtim.tv_nsec, 987'654'321);
  }
}

void times_before_1970_are_kept(World& world) {
  make(world, "a");
  EXPECT_DONE(world.utimens("a", {{{-1'000'000, 250'000'000}, {-1, 999'999'999}}}));
  const auto stat = MUST(world.stat("a"));
  EXPECT_EQ(stat.st_atim.tv_sec, -1'000'000);
  EXPECT_EQ(stat.st_atim.tv_nsec, 250'000'000);
  EXPECT_EQ(stat.st_mtim.tv_sec, -1);
  EXPECT_EQ(stat.st_mtim.tv_nsec, 999'999'999);
}

void times_after_2038_are_kept(World& world) {
  make(world, "a");
  EXPECT_DONE(world.utimens("a", {{{5'000'000'000, 1}, {6'000'000'000, 2}}}));
  const auto stat = MUST(world.stat("a"));
  EXPECT_EQ(stat.st_atim.tv_sec, 5'000'000'000);
  EXPECT_EQ(stat.st_mtim.tv_sec, 6'000'000'000);
}

void a_time_can_be_left_out_or_now(World& world) {
  make(world, "a");
  EXPECT_DONE(world.utimens("a", {{{1000, 1}, {2000, 2}}}));
  EXPECT_DONE(world.utimens("a", {{kOmit, {3000, 3}}}));
  auto stat = MUST(world.stat("a"));
  EXPECT_EQ(stat.st_atim.tv_sec, 1000);
  EXPECT_EQ(stat.st_mtim.tv_sec, 3000);
  const timespec since = now();
  EXPECT_DONE(world.utimens("a", {{kNow, kOmit}}));
  stat = MUST(world.stat("a"));
  expect_about_now(stat.st_atim, since);
  EXPECT_EQ(stat.st_mtim.tv_sec, 3000);
  EXPECT_DONE(world.utimens("a", {{kOmit, kOmit}}));
  EXPECT_EQ(MUST(world.stat("a")).st_mtim.tv_sec, 3000);
  EXPECT_FAILS(world.utimens("a", {{{0, 1'000'000'000}, kOmit}}), EINVAL);
}

void a_symlink_has_times_of_its_own(World& world) {
  make(world, "a");
  EXPECT_DONE(world.symlink("a", "s"));
  EXPECT_DONE(world.utimens("a", {{{10, 0}, {20, 0}}}));
  EXPECT_DONE(world.utimens("s", {{{30, 0}, {40, 0}}}, Follow::no));
  EXPECT_EQ(MUST(world.stat("a")).st_mtim.tv_sec, 20);
  EXPECT_EQ(MUST(world.stat("s", Follow::no)).st_mtim.tv_sec, 40);
}

void writing_changes_mtime_and_ctime(World& world) {
  make(world, "a");
  EXPECT_DONE(world.utimens("a", {{{1000, 0}, {1000, 0}}}));
  sleep_past_a_tick();
  const timespec since = now();
  const int file = MUST(world.open("a", O_WRONLY));
  EXPECT_EQ(MUST(world.write(file, "x")), 1U);
  const auto stat = MUST(world.fstat(file));
  expect_about_now(stat.st_mtim, since);
  expect_about_now(stat.st_ctim, since);
  EXPECT_EQ(stat.st_atim.tv_sec, 1000);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(MUST(world.stat("a")).st_mtim.tv_nsec, stat.st_mtim.tv_nsec);
}

void changes_of_a_file_itself_change_ctime_alone(World& world) {
  make(world, "a");
  EXPECT_DONE(world.utimens("a", {{{1000, 0}, {1000, 0}}}));
  auto last = MUST(world.stat("a"));
  sleep_past_a_tick();
  EXPECT_DONE(world.chmod("a", 0600));
  auto stat = MUST(world.stat("a"));
  EXPECT_TRUE(before(last.st_ctim, stat.st_ctim)) << "chmod";
  last = stat;
  sleep_past_a_tick();
  EXPECT_DONE(world.link("a", "b"));
  stat = MUST(world.stat("a"));
  EXPECT_TRUE(before(last.st_ctim, stat.st_ctim)) << "link";
  last = stat;
  sleep_past_a_tick();
  EXPECT_DONE(world.unlink("b"));
  stat = MUST(world.stat("a"));
  EXPECT_TRUE(before(last.st_ctim, stat.st_ctim)) << "unlink";
  EXPECT_EQ(stat.st_mtim.tv_sec, 1000);
}

void changes_in_a_directory_change_its_mtime(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  const auto changed = [&](const char* what, auto change) {
    EXPECT_DONE(world.utimens("d", {{{1000, 0}, {1000, 0}}}));
    EXPECT_DONE(change());
    EXPECT_NE(MUST(world.stat("d")).st_mtim.tv_sec, 1000) << what;
  };
  changed("mkdir", [&] { return world.mkdir("d/e", 0755); });
  changed("symlink", [&] { return world.symlink("x", "d/s"); });
  changed("mknod", [&] { return world.mknod("d/p", S_IFIFO | 0600, 0); });
  changed("rename", [&] { return world.rename("d/s", "d/t"); });
  changed("link", [&] { return world.link("d/p", "d/q"); });
  changed("unlink", [&] { return world.unlink("d/q"); });
  changed("rmdir", [&] { return world.rmdir("d/e"); });
}

void a_file_knows_when_it_was_born(World& world) {
  const timespec since = now();
  make(world, "a");
  const auto born = MUST(world.birth("a"));
  if (!born) GTEST_SKIP() << "births are not kept here";
  expect_about_now(*born, since);
  EXPECT_DONE(world.utimens("a", {{{1000, 0}, {1000, 0}}}));
  const auto later = MUST(world.birth("a"));
  EXPECT_EQ(later->tv_sec, born->tv_sec);
  EXPECT_EQ(later->tv_nsec, born->tv_nsec);
}

void inode_numbers_stay_and_differ(World& world) {
  make(world, "a");
  make(world, "b");
  EXPECT_DONE(world.mkdir("d", 0755));
  const auto a = MUST(world.stat("a")).st_ino;
  EXPECT_NE(a, MUST(world.stat("b")).st_ino);
  EXPECT_NE(a, MUST(world.stat("d")).st_ino);
  EXPECT_NE(a, 0U);
  EXPECT_EQ(a, MUST(world.stat("a")).st_ino);
  EXPECT_EQ(a, MUST(world.stat("d/../a")).st_ino);
}

void statfs_is_about_a_file_system(World& world) {
  const auto stat = MUST(world.statfs("."));
  EXPECT_GT(stat.f_bsize, 0U);
  EXPECT_GT(stat.f_blocks, 0U);
  EXPECT_LE(stat.f_bfree, stat.f_blocks);
  EXPECT_LE(stat.f_bavail, stat.f_bfree);
  EXPECT_GE(stat.f_namemax, 255U);
}

constexpr Behaviour kBehaviours[] = {
    {"the_umask_takes_permissions_away", the_umask_takes_permissions_away},
    {"modes_are_changed_in_all_twelve_bits", modes_are_changed_in_all_twelve_bits},
    {"chmod_follows_symlinks", chmod_follows_symlinks},
    {"owners_are_changed_one_at_a_time_or_both", owners_are_changed_one_at_a_time_or_both,
     Needs::users},
    {"a_change_of_owner_takes_setuid_and_setgid_away",
     a_change_of_owner_takes_setuid_and_setgid_away, Needs::users},
    {"times_are_set_to_the_nanosecond", times_are_set_to_the_nanosecond},
    {"times_before_1970_are_kept", times_before_1970_are_kept},
    {"times_after_2038_are_kept", times_after_2038_are_kept},
    {"a_time_can_be_left_out_or_now", a_time_can_be_left_out_or_now},
    {"a_symlink_has_times_of_its_own", a_symlink_has_times_of_its_own},
    {"writing_changes_mtime_and_ctime", writing_changes_mtime_and_ctime},
    {"changes_of_a_file_itself_change_ctime_alone", changes_of_a_file_itself_change_ctime_alone},
    {"changes_in_a_directory_change_its_mtime", changes_in_a_directory_change_its_mtime},
    {"a_file_knows_when_it_was_born", a_file_knows_when_it_was_born},
    {"inode_numbers_stay_and_differ", inode_numbers_stay_and_differ},
    {"statfs_is_about_a_file_system", statfs_is_about_a_file_system},
};

}  // namespace

std::span<const Behaviour> attribute_behaviours() { return kBehaviours; }

}  // namespace conformance
