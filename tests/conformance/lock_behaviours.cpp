// SPDX-License-Identifier: MIT
// Locks of open files: ranges (OFD locks) and whole files (flock).
#include "conformance/behaviour.h"

namespace conformance {
namespace {

using testkit::LockKind;

struct Two {
  int first = -1;
  int second = -1;
};

Result<Two> opened_twice(World& world) {
  make(world, "a", "0123456789");
  return Two{TRY(world.open("a", O_RDWR)), TRY(world.open("a", O_RDWR))};
}

void a_write_lock_keeps_others_out_of_its_range(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_DONE(world.lock(file.first, LockKind::range, F_WRLCK, 2, 4));
  EXPECT_FAILS(world.lock(file.second, LockKind::range, F_WRLCK, 0, 0), EAGAIN);
  EXPECT_FAILS(world.lock(file.second, LockKind::range, F_RDLCK, 5, 1), EAGAIN);
  EXPECT_DONE(world.lock(file.second, LockKind::range, F_WRLCK, 0, 2));
  EXPECT_DONE(world.lock(file.second, LockKind::range, F_WRLCK, 6, 0));
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.close(file.second));
}

void read_locks_stand_beside_each_other(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_DONE(world.lock(file.first, LockKind::range, F_RDLCK, 0, 10));
  EXPECT_DONE(world.lock(file.second, LockKind::range, F_RDLCK, 5, 10));
  EXPECT_FAILS(world.lock(file.second, LockKind::range, F_WRLCK, 5, 1), EAGAIN);
  EXPECT_DONE(world.lock(file.first, LockKind::range, F_UNLCK, 0, 0));
  EXPECT_DONE(world.lock(file.second, LockKind::range, F_WRLCK, 5, 1));
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.close(file.second));
}

void a_part_of_a_lock_can_be_given_up(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_DONE(world.lock(file.first, LockKind::range, F_WRLCK, 0, 100));
  EXPECT_DONE(world.lock(file.first, LockKind::range, F_UNLCK, 40, 20));
  EXPECT_DONE(world.lock(file.second, LockKind::range, F_WRLCK, 40, 20));
  EXPECT_FAILS(world.lock(file.second, LockKind::range, F_WRLCK, 39, 1), EAGAIN);
  EXPECT_FAILS(world.lock(file.second, LockKind::range, F_WRLCK, 60, 1), EAGAIN);
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.close(file.second));
}

void the_lock_in_the_way_is_told(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_EQ(MUST(world.locked_by(file.second, F_WRLCK, 0, 0)), F_UNLCK);
  EXPECT_DONE(world.lock(file.first, LockKind::range, F_RDLCK, 0, 1));
  EXPECT_EQ(MUST(world.locked_by(file.second, F_WRLCK, 0, 0)), F_RDLCK);
  EXPECT_EQ(MUST(world.locked_by(file.second, F_RDLCK, 0, 0)), F_UNLCK);
  EXPECT_EQ(MUST(world.locked_by(file.first, F_WRLCK, 0, 0)), F_UNLCK);
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.close(file.second));
}

void a_lock_needs_the_access_it_is_about(World& world) {
  make(world, "a");
  const int reader = MUST(world.open("a", O_RDONLY));
  const int writer = MUST(world.open("a", O_WRONLY));
  EXPECT_FAILS(world.lock(reader, LockKind::range, F_WRLCK, 0, 0), EBADF);
  EXPECT_FAILS(world.lock(writer, LockKind::range, F_RDLCK, 0, 0), EBADF);
  EXPECT_DONE(world.lock(reader, LockKind::range, F_RDLCK, 0, 0));
  EXPECT_DONE(world.close(reader));
  EXPECT_DONE(world.close(writer));
}

void whole_file_locks_exclude_each_other(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_DONE(world.lock(file.first, LockKind::whole, F_WRLCK, 0, 0));
  EXPECT_FAILS(world.lock(file.second, LockKind::whole, F_WRLCK, 0, 0), EAGAIN);
  EXPECT_FAILS(world.lock(file.second, LockKind::whole, F_RDLCK, 0, 0), EAGAIN);
  EXPECT_DONE(world.lock(file.first, LockKind::whole, F_RDLCK, 0, 0));
  EXPECT_DONE(world.lock(file.second, LockKind::whole, F_RDLCK, 0, 0));
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.close(file.second));
}

void a_whole_file_lock_goes_with_its_open_file(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_DONE(world.lock(file.first, LockKind::whole, F_WRLCK, 0, 0));
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.lock(file.second, LockKind::whole, F_WRLCK, 0, 0, testkit::Waiting::yes));
  EXPECT_DONE(world.close(file.second));
}

void the_two_kinds_of_locks_do_not_meet(World& world) {
  const Two file = MUST(opened_twice(world));
  EXPECT_DONE(world.lock(file.first, LockKind::whole, F_WRLCK, 0, 0));
  EXPECT_DONE(world.lock(file.second, LockKind::range, F_WRLCK, 0, 0));
  EXPECT_DONE(world.close(file.first));
  EXPECT_DONE(world.close(file.second));
}

constexpr Behaviour kBehaviours[] = {
    {"a_write_lock_keeps_others_out_of_its_range", a_write_lock_keeps_others_out_of_its_range},
    {"read_locks_stand_beside_each_other", read_locks_stand_beside_each_other},
    {"a_part_of_a_lock_can_be_given_up", a_part_of_a_lock_can_be_given_up},
    {"the_lock_in_the_way_is_told", the_lock_in_the_way_is_told},
    {"a_lock_needs_the_access_it_is_about", a_lock_needs_the_access_it_is_about},
    {"whole_file_locks_exclude_each_other", whole_file_locks_exclude_each_other},
    {"a_whole_file_lock_goes_with_its_open_file", a_whole_file_lock_goes_with_its_open_file},
    {"the_two_kinds_of_locks_do_not_meet", the_two_kinds_of_locks_do_not_meet},
};

}  // namespace

std::span<const Behaviour> lock_behaviours() { return kBehaviours; }

}  // namespace conformance
