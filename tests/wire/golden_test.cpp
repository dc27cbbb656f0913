// SPDX-License-Identifier: MIT
// Bytes as a little-endian kernel writes and reads them, against our structs.
#include <gtest/gtest.h>

#include <bit>

#include "sluice/wire/reader.h"
#include "support.h"

static_assert(std::endian::native == std::endian::little, "the golden bytes are little-endian");

namespace sluice::wire {
namespace {

using test::Exact;
using test::raw;
using test::zeroes;

template <Struct T>
T decoded(const std::string& bytes) {
  const Exact exact{bytes};
  Reader in{exact.get()};
  const auto value = in.take<T>();
  EXPECT_TRUE(value.has_value());
  EXPECT_EQ(in.left(), 0U);
  return value.value_or(T{});
}

TEST(WireGolden, a_request_header_is_decoded_field_by_field) {
  const auto header = decoded<InHeader>(raw({
      0x3c, 0x01, 0, 0, 1, 0, 0, 0,                   // len 316, LOOKUP
      0x12, 0, 0, 0, 0, 0, 0, 0x80,                   // a resent request
      9, 8, 7, 6, 5, 4, 3, 2,                         // nodeid
      0xe8, 3, 0, 0, 0xe9, 3, 0, 0, 0xef, 0xbe, 0, 0,  // uid, gid, pid
      3, 0, 0xaa, 0xbb}));
  EXPECT_EQ(header.len, 316U);
  EXPECT_EQ(header.opcode, 1U);
  EXPECT_EQ(header.unique, kResendBit | 0x12);
  EXPECT_EQ(header.nodeid, 0x0203040506070809U);
  EXPECT_EQ(header.uid, 1000U);
  EXPECT_EQ(header.gid, 1001U);
  EXPECT_EQ(header.pid, 0xbeefU);
  EXPECT_EQ(header.total_extlen, 3U);
  EXPECT_EQ(header.padding, 0xbbaaU);
}

TEST(WireGolden, an_error_reply_has_a_negative_errno) {
  EXPECT_EQ(raw(OutHeader{.len = 16, .error = -2, .unique = 0x0807060504030201}),
            raw({16, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(WireGolden, an_open_reply_ends_with_the_backing_id) {
  EXPECT_EQ(raw(OpenOut{.fh = 5, .open_flags = 0x80, .backing_id = 0x01020304}),
            raw({5, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 4, 3, 2, 1}));
}

TEST(WireGolden, an_entry_reply_has_its_attributes_at_byte_40) {
  const EntryOut entry{.nodeid = 0x11, .generation = 0x22, .entry_valid = 0x33, .attr_valid = 0x44,
      .entry_valid_nsec = 0x55, .attr_valid_nsec = 0x66,
      .attr = {.ino = 0x77, .mode = 0x81a4, .nlink = 2, .blksize = 4096, .flags = 2}};
  const std::string bytes = raw(entry);
  ASSERT_EQ(bytes.size(), 128U);
  EXPECT_EQ(bytes.substr(0, 8), raw({0x11, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bytes.substr(16, 8), raw({0x33, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bytes.substr(32, 16), raw({0x55, 0, 0, 0, 0x66, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bytes.substr(48, 52), zeroes(52));
  EXPECT_EQ(bytes.substr(100, 8), raw({0xa4, 0x81, 0, 0, 2, 0, 0, 0}));
  EXPECT_EQ(bytes.substr(120, 8), raw({0, 16, 0, 0, 2, 0, 0, 0}));
}

TEST(WireGolden, a_write_request_is_decoded) {
  const auto write = decoded<WriteIn>(raw({7, 0, 0, 0, 0, 0, 0, 0,            // fh
                                           0, 0x10, 0, 0, 1, 0, 0, 0,         // offset
                                           0, 2, 0, 0, 4, 0, 0, 0,            // size, write_flags
                                           0xff, 0xee, 0, 0, 0, 0, 0, 0x11,   // lock_owner
                                           1, 0x80, 0, 0, 0, 0, 0, 0}));      // flags
  EXPECT_EQ(write.fh, 7U);
  EXPECT_EQ(write.offset, 0x100001000U);
  EXPECT_EQ(write.size, 512U);
  EXPECT_EQ(write.write_flags, 4U);
  EXPECT_EQ(write.lock_owner, 0x110000000000eeffU);
  EXPECT_EQ(write.flags, 0x8001U);
}

TEST(WireGolden, an_init_reply_has_the_stack_depth_at_byte_36) {
  const InitOut out{.major = 7, .minor = 45, .max_readahead = 0x20000, .flags = 0x40000001,
      .max_background = 64, .congestion_threshold = 48, .max_write = 0x100000, .time_gran = 1,
      .max_pages = 256, .flags2 = 0x20, .max_stack_depth = 1, .request_timeout = 30};
  EXPECT_EQ(raw(out),
            raw({7, 0, 0, 0, 45, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0x40,      //
                 64, 0, 48, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0, 1, 0, 0,     //
                 0x20, 0, 0, 0, 1, 0, 0, 0, 30, 0}) + zeroes(22));
}

TEST(WireGolden, a_statx_reply_has_its_birth_time_after_its_access_time) {
  const StatxOut out{.attr_valid = 1, .flags = 3,
      .stat = {.mask = 0xfff, .mode = 0x41ed, .atime = {.tv_sec = -1, .tv_nsec = 5},
               .btime = {.tv_sec = 0x0a0b}, .dev_minor = 9}};
  const std::string bytes = raw(out);
  ASSERT_EQ(bytes.size(), 288U);
  EXPECT_EQ(bytes.substr(12, 4), raw({3, 0, 0, 0}));
  EXPECT_EQ(bytes.substr(32, 4), raw({0xff, 0x0f, 0, 0}));
  EXPECT_EQ(bytes.substr(32 + 28, 2), raw({0xed, 0x41}));
  EXPECT_EQ(bytes.substr(32 + 64, 18),
            std::string(8, '\xff') + raw({5, 0, 0, 0, 0, 0, 0, 0, 0x0b, 0x0a}));
  EXPECT_EQ(bytes.substr(32 + 140, 4), raw({9, 0, 0, 0}));
}

TEST(WireGolden, a_lock_request_is_decoded) {
  const auto lock = decoded<LkIn>(
      raw({1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}) +
      raw({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0, 4, 0, 0, 0}) +
      raw({1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(lock.fh, 1U);
  EXPECT_EQ(lock.owner, 2U);
  EXPECT_EQ(lock.lk.start, 3U);
  EXPECT_EQ(lock.lk.end, 0x7fffffffffffffffU);
  EXPECT_EQ(lock.lk.type, 1U);
  EXPECT_EQ(lock.lk.pid, 4U);
  EXPECT_EQ(lock.lk_flags, 1U);
}

TEST(WireGolden, notifications_are_encoded_as_the_kernel_reads_them) {
  EXPECT_EQ(raw(NotifyInvalInodeOut{.ino = 2, .off = -1, .len = 0}),
            raw({2, 0, 0, 0, 0, 0, 0, 0}) + std::string(8, '\xff') + zeroes(8));
  EXPECT_EQ(raw(NotifyInvalEntryOut{.parent = 1, .namelen = 3, .flags = 1}),
            raw({1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(raw(NotifyPruneOut{.count = 2}), raw({2, 0, 0, 0}) + zeroes(12));
}

TEST(WireGolden, a_backing_map_begins_with_its_descriptor) {
  EXPECT_EQ(raw(BackingMap{.fd = 9}), raw({9, 0, 0, 0}) + zeroes(12));
  EXPECT_EQ(raw(LegacyPassthroughOut{.fd = 9}), raw(BackingMap{.fd = 9}));
}

}  // namespace
}  // namespace sluice::wire
