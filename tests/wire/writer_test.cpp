// SPDX-License-Identifier: MIT
// The Writer's promise: a thing is written whole or not at all, and nothing beyond the room.
#include "sluice/wire/writer.h"

#include <gtest/gtest.h>

#include <array>

#include "sluice/wire/reader.h"
#include "support.h"

namespace sluice::wire {
namespace {

using test::error_of;
using test::raw;
using test::with_nul;
using test::zeroes;

// Room of `Size` bytes with a mark behind it that no write may touch.
template <std::size_t Size>
struct Room {
  std::array<std::byte, Size + 8> bytes;
  Room() { bytes.fill(std::byte{0xee}); }
  MutableBytes get() { return MutableBytes{bytes}.first(Size); }
  bool untouched_behind(std::size_t used) const {
    for (std::size_t i = used; i < bytes.size(); ++i) {
      if (bytes[i] != std::byte{0xee}) return false;
    }
    return true;
  }
};

std::string text(const Writer& out) { return std::string{text_of(out.written())}; }

TEST(WireWriter, pieces_follow_each_other) {
  Room<64> room;
  Writer out{room.get()};
  EXPECT_TRUE(out.put(WriteOut{.size = 5}));
  EXPECT_TRUE(out.put_name("ab"));
  EXPECT_TRUE(out.pad_to(8));
  EXPECT_TRUE(out.put_bytes(bytes_of(std::string_view{"xyz"})));
  EXPECT_EQ(text(out), raw(WriteOut{.size = 5}) + with_nul("ab") + zeroes(5) + "xyz");
  EXPECT_EQ(out.size() + out.left(), 64U);
  EXPECT_TRUE(room.untouched_behind(out.size()));
}

TEST(WireWriter, what_does_not_fit_whole_is_not_written) {
  Room<10> room;
  Writer out{room.get()};
  ASSERT_TRUE(out.put(WriteOut{}));
  EXPECT_EQ(error_of(out.put(WriteOut{})), ERANGE);
  EXPECT_EQ(error_of(out.put_name("ab")), ERANGE);  // the NUL would not fit
  EXPECT_EQ(error_of(out.put_bytes(bytes_of(std::string_view{"abc"}))), ERANGE);
  EXPECT_EQ(error_of(out.reserve(3)), ERANGE);
  EXPECT_EQ(error_of(out.put_record(Dirent{}, "")), ERANGE);
  EXPECT_EQ(out.size(), 8U);
  EXPECT_TRUE(room.untouched_behind(8));
  EXPECT_TRUE(out.put_name("a"));
  EXPECT_EQ(out.left(), 0U);
  EXPECT_EQ(error_of(out.pad_to(8)), ERANGE);
  EXPECT_TRUE(room.untouched_behind(10));
}

TEST(WireWriter, a_name_with_a_nul_inside_is_refused) {
  Room<16> room;
  Writer out{room.get()};
  EXPECT_EQ(error_of(out.put_name(std::string_view{"a\0b", 3})), EINVAL);
  EXPECT_EQ(out.size(), 0U);
}

TEST(WireWriter, padding_of_what_is_aligned_is_nothing) {
  Room<16> room;
  Writer out{room.get()};
  EXPECT_TRUE(out.pad_to(8));
  EXPECT_TRUE(out.put(WriteOut{}));
  EXPECT_TRUE(out.pad_to(8));
  EXPECT_EQ(out.size(), 8U);
}

TEST(WireWriter, a_listing_ends_with_the_last_entry_that_fits) {
  Room<32 + 32 + 31> room;
  Writer out{room.get()};
  EXPECT_TRUE(out.put_record(Dirent{.ino = 1, .off = 1, .namelen = 1, .type = 8}, "a"));
  EXPECT_TRUE(out.put_record(Dirent{.ino = 2, .off = 2, .namelen = 8, .type = 4}, "12345678"));
  const Dirent third{.ino = 3, .off = 3, .namelen = 1, .type = 8};
  EXPECT_EQ(error_of(out.put_record(third, "c")), ERANGE);
  EXPECT_EQ(text(out), raw(Dirent{.ino = 1, .off = 1, .namelen = 1, .type = 8}) + "a" + zeroes(7) +
                           raw(Dirent{.ino = 2, .off = 2, .namelen = 8, .type = 4}) + "12345678");
  EXPECT_TRUE(room.untouched_behind(64));
}

TEST(WireWriter, every_record_ends_where_the_kernel_looks_for_the_next) {
  for (std::size_t size = 0; size < 40; ++size) {
    Room<256> room;
    Writer out{room.get()};
    ASSERT_TRUE(out.put_record(Direntplus{}, std::string(size, 'n')));
    EXPECT_EQ(out.size(), direntplus_size(size));
    EXPECT_EQ(text(out).substr(152), std::string(size, 'n') + zeroes(out.size() - 152 - size));
  }
}

TEST(WireWriter, a_record_with_a_monstrous_name_is_refused_without_overflow) {
  Room<64> room;
  Writer out{room.get()};
  const std::string_view monstrous{"n", static_cast<std::size_t>(-9)};
  EXPECT_EQ(error_of(out.put_record(Dirent{}, monstrous)), ERANGE);
  EXPECT_EQ(out.size(), 0U);
}

TEST(WireWriter, reserved_bytes_count_and_can_be_given_back) {
  Room<16> room;
  Writer out{room.get()};
  const auto reserved = out.reserve(12);
  ASSERT_TRUE(reserved);
  EXPECT_EQ(reserved->size(), 12U);
  EXPECT_EQ(reserved->data(), room.bytes.data());
  EXPECT_EQ(out.size(), 12U);
  out.truncate(5);
  EXPECT_EQ(out.size(), 5U);
  out.truncate(9);
  EXPECT_EQ(out.size(), 5U);
  EXPECT_EQ(out.left(), 11U);
}

TEST(WireWriter, the_reader_takes_back_what_was_put) {
  Room<128> room;
  Writer out{room.get()};
  ASSERT_TRUE(out.put(Rename2In{.newdir = 7, .flags = 1}));
  ASSERT_TRUE(out.put_name("from"));
  ASSERT_TRUE(out.put_name("to"));
  Reader in{out.written()};
  EXPECT_EQ(in.take<Rename2In>()->newdir, 7U);
  EXPECT_EQ(in.take_name()->view(), "from");
  EXPECT_EQ(in.take_name()->view(), "to");
  EXPECT_EQ(in.left(), 0U);
}

}  // namespace
}  // namespace sluice::wire
