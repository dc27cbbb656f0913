// SPDX-License-Identifier: MIT
// Reading and writing.
#include <unistd.h>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

void written_bytes_are_read_back(World& world) {
  make(world, "a", "hello");
  EXPECT_EQ(content_of(world, "a"), "hello");
}

void a_write_beyond_the_end_leaves_zeroes_between(World& world) {
  const int file = MUST(world.open("a", O_CREAT | O_RDWR, 0644));
  EXPECT_EQ(MUST(world.pwrite(file, "end", 10)), 3U);
  EXPECT_EQ(MUST(world.pread(file, 100, 0)), std::string(10, '\0') + "end");
  EXPECT_DONE(world.close(file));
}

void a_read_at_the_end_gives_nothing(World& world) {
  make(world, "a", "12345");
  const int file = MUST(world.open("a", O_RDONLY));
  EXPECT_EQ(MUST(world.pread(file, 10, 5)), "");
  EXPECT_EQ(MUST(world.pread(file, 10, 5000)), "");
  EXPECT_EQ(MUST(world.pread(file, 10, 3)), "45");
  EXPECT_DONE(world.close(file));
}

void appending_writes_go_to_the_end_as_it_is_then(World& world) {
  make(world, "a", "one");
  const int first = MUST(world.open("a", O_WRONLY | O_APPEND));
  const int second = MUST(world.open("a", O_WRONLY | O_APPEND));
  EXPECT_EQ(MUST(world.write(first, "-two")), 4U);
  EXPECT_EQ(MUST(world.write(second, "-three")), 6U);
  EXPECT_EQ(MUST(world.write(first, "-four")), 5U);
  EXPECT_EQ(content_of(world, "a"), "one-two-three-four");
  EXPECT_DONE(world.truncate("a", 3));
  EXPECT_EQ(MUST(world.write(second, "-five")), 5U);
  EXPECT_EQ(content_of(world, "a"), "one-five");
  EXPECT_DONE(world.close(first));
  EXPECT_DONE(world.close(second));
}

void the_position_moves_with_reads_and_writes(World& world) {
  make(world, "a", "0123456789");
  const int file = MUST(world.open("a", O_RDWR));
  EXPECT_EQ(MUST(world.read(file, 3)), "012");
  EXPECT_EQ(MUST(world.write(file, "XY")), 2U);
  EXPECT_EQ(MUST(world.read(file, 2)), "56");
  EXPECT_EQ(MUST(world.lseek(file, 0, SEEK_CUR)), 7);
  EXPECT_EQ(MUST(world.lseek(file, -1, SEEK_END)), 9);
  EXPECT_EQ(MUST(world.read(file, 5)), "9");
  EXPECT_EQ(MUST(world.lseek(file, 1, SEEK_SET)), 1);
  EXPECT_EQ(MUST(world.read(file, 5)), "12XY5");
  EXPECT_FAILS(world.lseek(file, -1, SEEK_SET), EINVAL);
  EXPECT_FAILS(world.lseek(file, 0, 99), EINVAL);
  EXPECT_DONE(world.close(file));
}

void truncation_shortens_and_lengthens(World& world) {
  make(world, "a", "0123456789");
  EXPECT_DONE(world.truncate("a", 4));
  EXPECT_EQ(content_of(world, "a"), "0123");
  EXPECT_DONE(world.truncate("a", 6));
  EXPECT_EQ(content_of(world, "a"), std::string("0123\0\0", 6));
  const int file = MUST(world.open("a", O_RDWR));
  EXPECT_DONE(world.ftruncate(file, 2));
  EXPECT_EQ(MUST(world.fstat(file)).st_size, 2);
  EXPECT_DONE(world.ftruncate(file, 3));
  EXPECT_EQ(MUST(world.pread(file, 9, 0)), std::string("01\0", 3));
  EXPECT_DONE(world.close(file));
}

void truncation_refuses_what_it_cannot_do(World& world) {
  make(world, "a", "x");
  EXPECT_DONE(world.mkdir("d", 0755));
  const int file = MUST(world.open("a", O_RDONLY));
  EXPECT_FAILS(world.ftruncate(file, 0), EINVAL);
  EXPECT_DONE(world.close(file));
  EXPECT_FAILS(world.truncate("a", -1), EINVAL);
  EXPECT_FAILS(world.truncate("d", 0), EISDIR);
  EXPECT_FAILS(world.truncate("none", 0), ENOENT);
}

void o_trunc_empties_a_file(World& world) {
  make(world, "a", "full");
  const int file = MUST(world.open("a", O_RDWR | O_TRUNC));
  EXPECT_EQ(MUST(world.fstat(file)).st_size, 0);
  EXPECT_EQ(MUST(world.write(file, "new")), 3U);
  EXPECT_DONE(world.close(file));
  EXPECT_EQ(content_of(world, "a"), "new");
}

void two_open_files_of_one_file_see_each_other(World& world) {
  make(world, "a", "old");
  const int reader = MUST(world.open("a", O_RDONLY));
  const int writer = MUST(world.open("a", O_WRONLY));
  EXPECT_EQ(MUST(world.pwrite(writer, "newer", 0)), 5U);
  EXPECT_EQ(MUST(world.pread(reader, 10, 0)), "newer");
  EXPECT_EQ(MUST(world.fstat(reader)).st_size, 5);
  EXPECT_DONE(world.close(reader));
  EXPECT_DONE(world.close(writer));
}

void an_unlinked_file_works_while_it_is_open(World& world) {
  make(world, "a", "kept");
  const int file = MUST(world.open("a", O_RDWR));
  EXPECT_DONE(world.unlink("a"));
  EXPECT_FAILS(world.stat("a"), ENOENT);
  EXPECT_EQ(MUST(world.pread(file, 10, 0)), "kept");
  EXPECT_EQ(MUST(world.pwrite(file, "-more", 4)), 5U);
  EXPECT_DONE(world.ftruncate(file, 6));
  EXPECT_DONE(world.fchmod(file, 0600));
  const auto stat = MUST(world.fstat(file));
  EXPECT_EQ(stat.st_nlink, 0U);
  EXPECT_EQ(stat.st_size, 6);
  EXPECT_EQ(stat.st_mode & 07777U, 0600U);
  make(world, "a", "another");
  EXPECT_EQ(MUST(world.pread(file, 10, 0)), "kept-m");
  EXPECT_EQ(content_of(world, "a"), "another");
  EXPECT_DONE(world.close(file));
}

void a_replaced_file_works_while_it_is_open(World& world) {
  make(world, "a", "first");
  make(world, "b", "second");
  const int file = MUST(world.open("a", O_RDONLY));
  EXPECT_DONE(world.rename("b", "a"));
  EXPECT_EQ(MUST(world.pread(file, 10, 0)), "first");
  EXPECT_EQ(content_of(world, "a"), "second");
  EXPECT_EQ(MUST(world.fstat(file)).st_nlink, 0U);
  EXPECT_DONE(world.close(file));
}

void access_modes_are_kept(World& world) {
  make(world, "a", "x");
  const int reader = MUST(world.open("a", O_RDONLY));
  const int writer = MUST(world.open("a", O_WRONLY));
  EXPECT_FAILS(world.write(reader, "y"), EBADF);
  EXPECT_FAILS(world.read(writer, 1), EBADF);
  EXPECT_DONE(world.close(reader));
  EXPECT_DONE(world.close(writer));
}

void offsets_above_four_gigabytes_work(World& world) {
  constexpr off_t kFar = (off_t{1} << 32) + 12345;
  const int file = MUST(world.open("a", O_CREAT | O_RDWR, 0644));
  EXPECT_EQ(MUST(world.pwrite(file, "far", kFar)), 3U);
  EXPECT_EQ(MUST(world.fstat(file)).st_size, kFar + 3);
  EXPECT_EQ(MUST(world.pread(file, 5, kFar - 2)), std::string("\0\0far", 5));
  EXPECT_EQ(MUST(world.lseek(file, 0, SEEK_END)), kFar + 3);
  EXPECT_DONE(world.truncate("a", kFar));
  EXPECT_EQ(MUST(world.pread(file, 5, kFar - 2)), std::string(2, '\0'));
  EXPECT_DONE(world.close(file));
}

void large_reads_and_writes_are_whole(World& world) {
  std::string data(3'000'001, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 + i / 251);
  const int file = MUST(world.open("a", O_CREAT | O_RDWR, 0644));
  EXPECT_EQ(MUST(world.pwrite(file, data, 1)), data.size());
  EXPECT_TRUE(MUST(world.pread(file, data.size() + 10, 1)) == data);
  EXPECT_TRUE(MUST(world.pread(file, 1'500'000, 700'001)) == data.substr(700'000, 1'500'000));
  EXPECT_DONE(world.close(file));
}

void copy_file_range_copies_between_files(World& world) {
  make(world, "a", "0123456789");
  make(world, "b", "abc");
  const int from = MUST(world.open("a", O_RDONLY));
  const int to = MUST(world.open("b", O_RDWR));
  EXPECT_EQ(MUST(world.copy_file_range(from, 2, to, 1, 5)), 5U);
  EXPECT_EQ(content_of(world, "b"), "a23456");
  EXPECT_EQ(MUST(world.copy_file_range(from, 8, to, 6, 100)), 2U);
  EXPECT_EQ(content_of(world, "b"), "a2345689");
  EXPECT_EQ(MUST(world.copy_file_range(from, 10, to, 0, 5)), 0U);
  EXPECT_FAILS(world.copy_file_range(to, 0, from, 0, 1), EBADF);
  EXPECT_FAILS(world.copy_file_range(to, 0, to, 1, 3), EINVAL);
  EXPECT_DONE(world.close(from));
  EXPECT_DONE(world.close(to));
}

void a_file_without_a_name_can_be_given_one(World& world) {
  auto made = world.open(".", O_TMPFILE | O_RDWR, 0640);
  if (!made && made.error() == Errno{EOPNOTSUPP}) GTEST_SKIP() << "no O_TMPFILE here";
  const int file = MUST(std::move(made));
  EXPECT_EQ(MUST(world.write(file, "nameless")), 8U);
  EXPECT_EQ(MUST(world.fstat(file)).st_nlink, 0U);
  EXPECT_DONE(world.link_file(file, "named"));
  EXPECT_EQ(content_of(world, "named"), "nameless");
  const auto stat = MUST(world.stat("named"));
  EXPECT_EQ(stat.st_nlink, 1U);
  EXPECT_EQ(stat.st_mode & 07777U, 0640U);
  EXPECT_FAILS(world.link_file(file, "named"), EEXIST);
  EXPECT_EQ(MUST(world.pwrite(file, "N", 0)), 1U);
  EXPECT_EQ(content_of(world, "named"), "Nameless");
  EXPECT_DONE(world.close(file));
}

void a_file_without_a_name_goes_when_it_is_closed(World& world) {
  auto made = world.open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
  if (!made && made.error() == Errno{EOPNOTSUPP}) GTEST_SKIP() << "no O_TMPFILE here";
  const int file = MUST(std::move(made));
  EXPECT_FAILS(world.link_file(file, "named"), ENOENT);
  EXPECT_DONE(world.close(file));
  EXPECT_FALSE(exists(world, "named"));
  EXPECT_FAILS(world.open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}

void syncing_succeeds_for_files_and_directories(World& world) {
  make(world, "a", "x");
  const int file = MUST(world.open("a", O_RDWR));
  const int root = MUST(world.open(".", O_RDONLY | O_DIRECTORY));
  EXPECT_DONE(world.fsync(file));
  EXPECT_DONE(world.fdatasync(file));
  EXPECT_DONE(world.fsync(root));
  EXPECT_DONE(world.close(file));
  EXPECT_DONE(world.close(root));
}

constexpr Behaviour kBehaviours[] = {
    {"written_bytes_are_read_back", written_bytes_are_read_back},
    {"a_write_beyond_the_end_leaves_zeroes_between", a_write_beyond_the_end_leaves_zeroes_between},
    {"a_read_at_the_end_gives_nothing", a_read_at_the_end_gives_nothing},
    {"appending_writes_go_to_the_end_as_it_is_then", appending_writes_go_to_the_end_as_it_is_then},
    {"the_position_moves_with_reads_and_writes", the_position_moves_with_reads_and_writes},
    {"truncation_shortens_and_lengthens", truncation_shortens_and_lengthens},
    {"truncation_refuses_what_it_cannot_do", truncation_refuses_what_it_cannot_do},
    {"o_trunc_empties_a_file", o_trunc_empties_a_file},
    {"two_open_files_of_one_file_see_each_other", two_open_files_of_one_file_see_each_other},
    {"an_unlinked_file_works_while_it_is_open", an_unlinked_file_works_while_it_is_open},
    {"a_replaced_file_works_while_it_is_open", a_replaced_file_works_while_it_is_open},
    {"access_modes_are_kept", access_modes_are_kept},
    {"offsets_above_four_gigabytes_work", offsets_above_four_gigabytes_work},
    {"large_reads_and_writes_are_whole", large_reads_and_writes_are_whole},
    {"copy_file_range_copies_between_files", copy_file_range_copies_between_files},
    {"a_file_without_a_name_can_be_given_one", a_file_without_a_name_can_be_given_one},
    {"a_file_without_a_name_goes_when_it_is_closed", a_file_without_a_name_goes_when_it_is_closed},
    {"syncing_succeeds_for_files_and_directories", syncing_succeeds_for_files_and_directories},
};

}  // namespace

std::span<const Behaviour> data_behaviours() { return kBehaviours; }

}  // namespace conformance
