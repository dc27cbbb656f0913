// SPDX-License-Identifier: MIT
// Who may do what: owner, group and others, sticky directories, setuid and setgid.
#include <sys/sysmacros.h>
#include <unistd.h>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

const Identity kFirst{kSomebody, kSomebody, {}};
const Identity kSecond{kSomeoneElse, kSomeoneElse, {}};
const Identity kMember{kSomeoneElse, kSomeoneElse, {kTheirGroup}};
const Identity kRootUser{};

// Everybody may make files in the root from here on.
void open_the_root(World& world) { EXPECT_DONE(world.chmod(".", 0777)); }

void what_a_user_makes_belongs_to_that_user(World& world) {
  open_the_root(world);
  world.become(kFirst);
  make(world, "a", "mine");
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_DONE(world.symlink("a", "s"));
  EXPECT_DONE(world.mknod("p", S_IFIFO | 0600, 0));
  for (const char* path : {"a", "d", "s", "p"}) {
    const auto stat = MUST(world.stat(path, Follow::no));
    EXPECT_EQ(stat.st_uid, kSomebody) << path;
    EXPECT_EQ(stat.st_gid, kSomebody) << path;
  }
  EXPECT_FAILS(world.mknod("device", S_IFCHR | 0600, makedev(1, 3)), EPERM);
}

void permissions_are_those_of_owner_group_and_others(World& world) {
  make(world, "a", "text", 0640);
  EXPECT_DONE(world.chown("a", kSomebody, kTheirGroup));
  world.become(kFirst);
  EXPECT_DONE(world.close(MUST(world.open("a", O_RDWR))));
  world.become(kMember);
  EXPECT_DONE(world.close(MUST(world.open("a", O_RDONLY))));
  EXPECT_FAILS(world.open("a", O_RDWR), EACCES);
  EXPECT_FAILS(world.truncate("a", 0), EACCES);
  world.become(kSecond);
  EXPECT_FAILS(world.open("a", O_RDONLY), EACCES);
  EXPECT_FAILS(world.access("a", R_OK), EACCES);
  EXPECT_DONE(world.access("a", F_OK));
  EXPECT_DONE(world.stat("a"));
  world.become(kRootUser);
  EXPECT_DONE(world.chmod("a", 0));
  EXPECT_EQ(content_of(world, "a"), "text");
  world.become(kFirst);
  EXPECT_FAILS(world.open("a", O_RDONLY), EACCES);
}

void a_closed_directory_hides_what_is_in_it(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  EXPECT_DONE(world.mkdir("d/e", 0755));
  make(world, "d/e/a", "secret");
  EXPECT_EQ(content_of(world, "d/e/a"), "secret");
  EXPECT_DONE(world.chmod("d", 0700));
  world.become(kFirst);
  EXPECT_FAILS(world.stat("d/e/a"), EACCES);
  EXPECT_FAILS(world.open("d/e/a", O_RDONLY), EACCES);
  EXPECT_FAILS(world.open("d", O_RDONLY | O_DIRECTORY), EACCES);
  EXPECT_FAILS(world.stat("d/none"), EACCES);
  world.become(kRootUser);
  EXPECT_DONE(world.chmod("d", 0711));
  world.become(kFirst);
  EXPECT_EQ(content_of(world, "d/e/a"), "secret");
  EXPECT_FAILS(world.open("d", O_RDONLY | O_DIRECTORY), EACCES);
}

void names_are_made_and_removed_by_those_who_may_write_the_directory(World& world) {
  EXPECT_DONE(world.mkdir("d", 0755));
  make(world, "d/a");
  make(world, "b");
  world.become(kFirst);
  EXPECT_FAILS(world.open("d/new", O_CREAT | O_WRONLY, 0644), EACCES);
  EXPECT_FAILS(world.mkdir("d/new", 0755), EACCES);
  EXPECT_FAILS(world.symlink("x", "d/new"), EACCES);
  EXPECT_FAILS(world.unlink("d/a"), EACCES);
  EXPECT_FAILS(world.rename("d/a", "d/b"), EACCES);
  EXPECT_FAILS(world.mkdir("d/a", 0755), EEXIST);
  EXPECT_TRUE(exists(world, "d/a"));
}

void in_a_sticky_directory_only_owners_remove(World& world) {
  EXPECT_DONE(world.mkdir("d", 0777));
  EXPECT_DONE(world.chmod("d", 01777));
  world.become(kFirst);
  make(world, "d/a", "mine");
  EXPECT_DONE(world.mkdir("d/e", 0777));
  world.become(kSecond);
  EXPECT_FAILS(world.unlink("d/a"), EPERM);
  EXPECT_FAILS(world.rename("d/a", "d/b"), EPERM);
  EXPECT_FAILS(world.rmdir("d/e"), EPERM);
  make(world, "d/c", "other");
  EXPECT_FAILS(world.rename("d/c", "d/a"), EPERM);
  world.become(kFirst);
  EXPECT_DONE(world.unlink("d/a"));
  EXPECT_DONE(world.rmdir("d/e"));
}

void only_owners_change_modes_and_times(World& world) {
  make(world, "a", "", 0666);
  EXPECT_DONE(world.chmod("a", 0666));
  world.become(kFirst);
  EXPECT_FAILS(world.chmod("a", 0600), EPERM);
  EXPECT_FAILS(world.chown("a", kSomebody, static_cast<unsigned>(-1)), EPERM);
  EXPECT_FAILS(world.utimens("a", {{{1, 0}, {2, 0}}}), EPERM);
  // "Now" is what writing does as well.
  EXPECT_DONE(world.utimens("a", {{{0, UTIME_NOW}, {0, UTIME_NOW}}}));
}

void an_owner_gives_a_file_to_own_groups_alone(World& world) {
  make(world, "a");
  EXPECT_DONE(world.chown("a", kSomeoneElse, kSomeoneElse));
  world.become(kMember);
  EXPECT_DONE(world.chown("a", static_cast<unsigned>(-1), kTheirGroup));
  EXPECT_EQ(MUST(world.stat("a")).st_gid, kTheirGroup);
  EXPECT_FAILS(world.chown("a", static_cast<unsigned>(-1), kSomebody), EPERM);
  EXPECT_FAILS(world.chown("a", kSomebody, static_cast<unsigned>(-1)), EPERM);
}

void a_setgid_directory_gives_its_group_on(World& world) {
  EXPECT_DONE(world.mkdir("d", 0777));
  EXPECT_DONE(world.chown("d", kSomebody, kTheirGroup));
  EXPECT_DONE(world.chmod("d", 02777));
  world.become(kSecond);
  make(world, "d/a");
  EXPECT_DONE(world.mkdir("d/e", 0755));
  EXPECT_EQ(MUST(world.stat("d/a")).st_gid, kTheirGroup);
  const auto made = MUST(world.stat("d/e"));
  EXPECT_EQ(made.st_gid, kTheirGroup);
  EXPECT_NE(made.st_mode & S_ISGID, 0U);
  EXPECT_EQ(MUST(world.stat("d/a")).st_uid, kSomeoneElse);
}

void an_ordinary_writer_takes_setuid_and_setgid_away(World& world) {
  make(world, "a", "program");
  EXPECT_DONE(world.chown("a", kSomebody, kSomebody));
  EXPECT_DONE(world.chmod("a", 06777));
  world.become(kSecond);
  const int file = MUST(world.open("a", O_WRONLY));
  EXPECT_EQ(MUST(world.write(file, "changed")), 7U);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(MUST(world.stat("a")).st_mode & 07777U, 0777U);
}

void an_ordinary_truncation_takes_setuid_and_setgid_away(World& world) {
  for (const char* path : {"a", "b", "c"}) {
    make(world, path, "program");
    EXPECT_DONE(world.chmod(path, 06777));
  }
  world.become(kSecond);
  EXPECT_DONE(world.truncate("a", 1));
  EXPECT_DONE(world.close(MUST(world.open("b", O_WRONLY | O_TRUNC))));
  const int file = MUST(world.open("c", O_WRONLY));
  EXPECT_DONE(world.ftruncate(file, 2));
  EXPECT_DONE(world.close(file));
  for (const char* path : {"a", "b", "c"}) {
    EXPECT_EQ(MUST(world.stat(path)).st_mode & 07777U, 0777U) << path;
  }
}

void roots_writes_keep_setuid(World& world) {
  make(world, "a", "program");
  EXPECT_DONE(world.chmod("a", 04755));
  const int file = MUST(world.open("a", O_WRONLY));
  EXPECT_EQ(MUST(world.write(file, "changed")), 7U);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(MUST(world.stat("a")).st_mode & 07777U, 04755U);
}

constexpr Behaviour kBehaviours[] = {
    {"what_a_user_makes_belongs_to_that_user", what_a_user_makes_belongs_to_that_user,
     Needs::users},
    {"permissions_are_those_of_owner_group_and_others",
     permissions_are_those_of_owner_group_and_others, Needs::users},
    {"a_closed_directory_hides_what_is_in_it", a_closed_directory_hides_what_is_in_it,
     Needs::users},
    {"names_are_made_and_removed_by_those_who_may_write_the_directory",
     names_are_made_and_removed_by_those_who_may_write_the_directory, Needs::users},
    {"in_a_sticky_directory_only_owners_remove", in_a_sticky_directory_only_owners_remove,
     Needs::users},
    {"only_owners_change_modes_and_times", only_owners_change_modes_and_times, Needs::users},
    {"an_owner_gives_a_file_to_own_groups_alone", an_owner_gives_a_file_to_own_groups_alone,
     Needs::users},
    {"a_setgid_directory_gives_its_group_on", a_setgid_directory_gives_its_group_on, Needs::users},
    {"an_ordinary_writer_takes_setuid_and_setgid_away",
     an_ordinary_writer_takes_setuid_and_setgid_away, Needs::users},
    {"an_ordinary_truncation_takes_setuid_and_setgid_away",
     an_ordinary_truncation_takes_setuid_and_setgid_away, Needs::users},
    {"roots_writes_keep_setuid", roots_writes_keep_setuid, Needs::users},
};

}  // namespace

std::span<const Behaviour> permission_behaviours() { return kBehaviours; }

}  // namespace conformance
