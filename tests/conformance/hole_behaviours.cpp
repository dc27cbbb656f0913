// SPDX-License-Identifier: MIT
// Holes, and space that is asked for.
#include <linux/falloc.h>
#include <unistd.h>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

constexpr off_t kMegabyte = off_t{1} << 20;

// A file with data in its first 64 KiB and in those from one megabyte on.
Result<int> sparse_file(World& world, const std::string& path) {
  const int file = TRY(world.open(path, O_CREAT | O_RDWR, 0644));
  const std::string data(65536, 'd');
  TRY(world.pwrite(file, data, 0));
  TRY(world.pwrite(file, data, kMegabyte));
  return file;
}

void a_sparse_file_takes_less_space_than_it_is_long(World& world) {
  const int file = MUST(sparse_file(world, "a"));
  EXPECT_DONE(world.fsync(file));
  const auto stat = MUST(world.fstat(file));
  EXPECT_EQ(stat.st_size, kMegabyte + 65536);
  EXPECT_LT(stat.st_blocks * 512, stat.st_size);
  EXPECT_GE(stat.st_blocks * 512, 65536);
  EXPECT_DONE(world.close(file));
}

void seeking_finds_data_and_holes(World& world) {
  const int file = MUST(sparse_file(world, "a"));
  EXPECT_EQ(MUST(world.lseek(file, 0, SEEK_DATA)), 0);
  const off_t hole = MUST(world.lseek(file, 0, SEEK_HOLE));
  EXPECT_GE(hole, 65536);
  // Where holes are not kept, all of a file is data.
  if (hole <= kMegabyte) {
    EXPECT_LE(MUST(world.lseek(file, hole, SEEK_DATA)), kMegabyte);
    EXPECT_GT(MUST(world.lseek(file, hole, SEEK_DATA)), hole);
  }
  EXPECT_EQ(MUST(world.lseek(file, kMegabyte, SEEK_HOLE)), kMegabyte + 65536);
  EXPECT_FAILS(world.lseek(file, kMegabyte + 65536, SEEK_DATA), ENXIO);
  EXPECT_FAILS(world.lseek(file, kMegabyte + 65536, SEEK_HOLE), ENXIO);
  EXPECT_DONE(world.close(file));
}

void allocating_lengthens_a_file_with_zeroes(World& world) {
  make(world, "a", "abc");
  const int file = MUST(world.open("a", O_RDWR));
  MUST_OR_SKIP(world.fallocate(file, 0, 0, 10000));
  const auto stat = MUST(world.fstat(file));
  EXPECT_EQ(stat.st_size, 10000);
  EXPECT_GE(stat.st_blocks * 512, 10000);
  EXPECT_EQ(MUST(world.pread(file, 5, 0)), std::string("abc\0\0", 5));
  EXPECT_DONE(world.close(file));
}

void allocating_can_keep_the_size(World& world) {
  make(world, "a", "abc");
  const int file = MUST(world.open("a", O_RDWR));
  MUST_OR_SKIP(world.fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 100000));
  const auto stat = MUST(world.fstat(file));
  EXPECT_EQ(stat.st_size, 3);
  EXPECT_GE(stat.st_blocks * 512, 100000);
  EXPECT_DONE(world.close(file));
}

void punching_makes_a_hole_of_zeroes(World& world) {
  make(world, "a", std::string(200000, 'd'));
  const int file = MUST(world.open("a", O_RDWR));
  MUST_OR_SKIP(world.fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 65536, 65536));
  EXPECT_EQ(MUST(world.fstat(file)).st_size, 200000);
  EXPECT_EQ(MUST(world.pread(file, 4, 65534)), std::string("dd\0\0", 4));
  EXPECT_EQ(MUST(world.pread(file, 4, 131070)), std::string("\0\0dd", 4));
  EXPECT_FAILS(world.fallocate(file, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
  EXPECT_DONE(world.close(file));
}

void zeroing_a_range_writes_zeroes(World& world) {
  make(world, "a", std::string(200000, 'd'));
  const int file = MUST(world.open("a", O_RDWR));
  MUST_OR_SKIP(world.fallocate(file, FALLOC_FL_ZERO_RANGE, 100, 1000));
  EXPECT_EQ(MUST(world.pread(file, 4, 98)), std::string("dd\0\0", 4));
  EXPECT_EQ(MUST(world.pread(file, 4, 1098)), std::string("\0\0dd", 4));
  EXPECT_DONE(world.close(file));
}

void allocating_refuses_what_it_cannot_do(World& world) {
  make(world, "a", "x");
  const int reader = MUST(world.open("a", O_RDONLY));
  const int writer = MUST(world.open("a", O_RDWR));
  MUST_OR_SKIP(world.fallocate(writer, 0, 0, 1));
  EXPECT_FAILS(world.fallocate(reader, 0, 0, 10), EBADF);
  EXPECT_FAILS(world.fallocate(writer, 0, 0, 0), EINVAL);
  EXPECT_FAILS(world.fallocate(writer, 0, -1, 10), EINVAL);
  EXPECT_DONE(world.close(reader));
  EXPECT_DONE(world.close(writer));
}

constexpr Behaviour kBehaviours[] = {
    {"a_sparse_file_takes_less_space_than_it_is_long",
     a_sparse_file_takes_less_space_than_it_is_long},
    {"seeking_finds_data_and_holes", seeking_finds_data_and_holes},
    {"allocating_lengthens_a_file_with_zeroes", allocating_lengthens_a_file_with_zeroes},
    {"allocating_can_keep_the_size", allocating_can_keep_the_size},
    {"punching_makes_a_hole_of_zeroes", punching_makes_a_hole_of_zeroes},
    {"zeroing_a_range_writes_zeroes", zeroing_a_range_writes_zeroes},
    {"allocating_refuses_what_it_cannot_do", allocating_refuses_what_it_cannot_do},
};

}  // namespace

std::span<const Behaviour> hole_behaviours() { return kBehaviours; }

}  // namespace conformance
