// SPDX-License-Identifier: MIT
// Every request the kernel sends, as a row: its first struct, what follows, and how it is taken
// apart. Each row is decoded from one piece and from two, cut at every length, and put at an odd
// address.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "sluice/wire/reader.h"
#include "support.h"

namespace sluice::wire {
namespace {

using test::error_of;
using test::Exact;
using test::raw;
using test::with_nul;

// What a decoder saw, as bytes; enough to tell two decodings apart.
using Decode = std::function<Result<std::string>(Reader&)>;

struct Row {
  std::string name;
  std::string fixed;    // the first struct; empty where a request begins with a name
  std::string payload;  // all else
  Decode decode;
};

// A value whose every byte is different from its neighbours.
template <Struct T>
std::string patterned() {
  std::string bytes(sizeof(T), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + 1);
  return bytes;
}

template <Struct T>
Result<std::string> take_struct(Reader& in) {
  return raw(TRY(in.take<T>()));
}

template <Struct T>
Row only(std::string name) {
  return {std::move(name), patterned<T>(), "", take_struct<T>};
}

template <Struct T, int Names>
Row named(std::string name) {
  std::string payload;
  for (int i = 0; i < Names; ++i) payload += with_nul(i == 0 ? "first" : "second.name");
  return {std::move(name), patterned<T>(), payload, [](Reader& in) -> Result<std::string> {
            std::string seen = TRY(take_struct<T>(in));
            for (int i = 0; i < Names; ++i) seen += std::string{TRY(in.take_name()).view()} + "|";
            return seen;
          }};
}

// A request whose first struct says in `size` how many bytes end it, after a text where it has one.
template <Struct T, int Texts>
Row sized(std::string name, T head, std::uint32_t T::*size) {
  head.*size = 11;
  std::string payload = Texts != 0 ? with_nul("user.attribute") : "";
  payload += std::string{"data\0behind", 11};
  return {std::move(name), raw(head), payload, [size](Reader& in) -> Result<std::string> {
            const T taken = TRY(in.take<T>());
            std::string seen = raw(taken);
            if (Texts != 0) seen += TRY(in.take_text());
            return seen + std::string{text_of(TRY(in.take_bytes(taken.*size)))};
          }};
}

template <Struct Head, Struct One>
Row counted(std::string name) {
  Head head;
  head.count = 3;
  return {std::move(name), raw(head), patterned<One>() + patterned<One>() + patterned<One>(),
          [](Reader& in) -> Result<std::string> {
            const Head taken = TRY(in.take<Head>());
            std::string seen;
            for (const One& one : TRY(in.take_array<One>(taken.count))) seen += raw(one);
            return seen;
          }};
}

Row names_only(std::string name, int texts) {
  std::string payload = with_nul("name");
  for (int i = 0; i < texts; ++i) payload += with_nul("../some/target");
  return {std::move(name), "", payload, [texts](Reader& in) -> Result<std::string> {
            std::string seen{TRY(in.take_name()).view()};
            for (int i = 0; i < texts; ++i) seen += TRY(in.take_text());
            return seen;
          }};
}

Row getxattr() {
  return {"getxattr", patterned<GetxattrIn>(), with_nul("user.a"),
          [](Reader& in) -> Result<std::string> {
            std::string seen = TRY(take_struct<GetxattrIn>(in));
            return seen + std::string{TRY(in.take_text())};
          }};
}

Row removexattr() {
  return {"removexattr", "", with_nul("user.a"),
          [](Reader& in) -> Result<std::string> { return std::string{TRY(in.take_text())}; }};
}

// CREATE with 16 bytes of extensions behind the name, as total_extlen 2 announces them.
Row create_extended() {
  return {"create with extensions", patterned<CreateIn>(), with_nul("new") + "sixteen bytes...",
          [](Reader& in) -> Result<std::string> {
            const Bytes extensions = TRY(in.take_extensions(16));
            std::string seen = TRY(take_struct<CreateIn>(in));
            seen += TRY(in.take_name()).view();
            return seen + std::string{text_of(extensions)};
          }};
}

std::vector<Row> rows() {
  return {
      names_only("lookup", 0), only<ForgetIn>("forget"), only<GetattrIn>("getattr"),
      only<SetattrIn>("setattr"), names_only("symlink", 1), named<MknodIn, 1>("mknod"),
      named<MkdirIn, 1>("mkdir"), names_only("unlink", 0), named<RenameIn, 2>("rename"),
      named<LinkIn, 1>("link"), only<OpenIn>("open"), only<ReadIn>("read"),
      sized<WriteIn, 0>("write", {}, &WriteIn::size), only<ReleaseIn>("release"),
      only<FsyncIn>("fsync"), sized<SetxattrIn, 1>("setxattr", {}, &SetxattrIn::size),
      sized<SetxattrInCompat, 1>("setxattr compat", {}, &SetxattrInCompat::size), getxattr(),
      only<GetxattrIn>("listxattr"), removexattr(), only<FlushIn>("flush"), only<LkIn>("setlk"),
      only<AccessIn>("access"), named<CreateIn, 1>("create"), create_extended(),
      only<InterruptIn>("interrupt"), only<BmapIn>("bmap"),
      sized<IoctlIn, 0>("ioctl", {}, &IoctlIn::in_size), only<PollIn>("poll"),
      sized<NotifyRetrieveIn, 0>("notify_reply", {}, &NotifyRetrieveIn::size),
      counted<BatchForgetIn, ForgetOne>("batch_forget"), only<FallocateIn>("fallocate"),
      named<Rename2In, 2>("rename2"), only<LseekIn>("lseek"),
      only<CopyFileRangeIn>("copy_file_range"), only<SetupmappingIn>("setupmapping"),
      counted<RemovemappingIn, RemovemappingOne>("removemapping"), only<SyncfsIn>("syncfs"),
      named<CreateIn, 1>("tmpfile"), only<StatxIn>("statx"), only<CuseInitIn>("cuse_init"),
      only<InHeader>("header"),
  };
}

TEST(WireRequests, one_piece_and_two_decode_alike) {
  for (const Row& row : rows()) {
    const Exact whole{row.fixed + row.payload};
    Reader one{whole.get()};
    const auto from_one = row.decode(one);
    ASSERT_TRUE(from_one) << row.name;
    EXPECT_EQ(one.left(), 0U) << row.name;

    // The kernel's fixed piece is always 128 bytes; what the struct does not fill is stale.
    std::string op_in = row.fixed;
    op_in.resize(kUringOpInSize, '\xdd');
    const Exact fixed{op_in};
    const Exact payload{row.payload};
    Reader two{fixed.get(), payload.get()};
    const auto from_two = row.decode(two);
    ASSERT_TRUE(from_two) << row.name;
    EXPECT_EQ(*from_two, *from_one) << row.name;
    EXPECT_EQ(two.left(), 0U) << row.name;
  }
}

TEST(WireRequests, the_first_struct_is_decoded_byte_for_byte) {
  for (const Row& row : rows()) {
    if (row.fixed.empty() || row.name == "batch_forget" || row.name == "removemapping") continue;
    const Exact whole{row.fixed + row.payload};
    Reader in{whole.get()};
    EXPECT_EQ(row.decode(in).value_or("").substr(0, row.fixed.size()), row.fixed) << row.name;
  }
}

TEST(WireRequests, every_truncation_gives_eio) {
  for (const Row& row : rows()) {
    const std::string whole = row.fixed + row.payload;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Exact cut{std::string_view{whole}.substr(0, size)};
      Reader in{cut.get()};
      const auto seen = row.decode(in);
      // Extensions are cut off the end by their length, so a short request loses its name first;
      // whatever it loses, something is missing.
      ASSERT_FALSE(seen) << row.name << " cut to " << size;
      EXPECT_EQ(error_of(seen), EIO) << row.name << " cut to " << size;
    }
  }
}

TEST(WireRequests, every_truncation_of_either_of_two_pieces_gives_eio) {
  for (const Row& row : rows()) {
    for (std::size_t size = 0; size < row.fixed.size(); ++size) {
      const Exact fixed{std::string_view{row.fixed}.substr(0, size)};
      const Exact payload{row.payload};
      Reader in{fixed.get(), payload.get()};
      EXPECT_EQ(error_of(row.decode(in)), EIO) << row.name << " fixed cut to " << size;
    }
    for (std::size_t size = 0; size < row.payload.size(); ++size) {
      const Exact fixed{row.fixed};
      const Exact payload{std::string_view{row.payload}.substr(0, size)};
      Reader in{fixed.get(), payload.get()};
      EXPECT_EQ(error_of(row.decode(in)), EIO) << row.name << " payload cut to " << size;
    }
  }
}

TEST(WireRequests, bytes_left_over_are_tolerated) {
  for (const Row& row : rows()) {
    if (row.name == "create with extensions") continue;  // there the end is found from behind
    const Exact plain{row.fixed + row.payload};
    const Exact longer{row.fixed + row.payload + "newer"};
    Reader from_plain{plain.get()};
    Reader from_longer{longer.get()};
    const std::string expected = row.decode(from_plain).value_or("");
    EXPECT_EQ(row.decode(from_longer).value_or("?"), expected) << row.name;
    EXPECT_EQ(from_longer.left(), 5U) << row.name;
  }
}

TEST(WireRequests, alignment_does_not_matter) {
  for (const Row& row : rows()) {
    const Exact even{row.fixed + row.payload};
    const Exact odd{"#" + row.fixed + row.payload};
    Reader from_even{even.get()};
    Reader from_odd{odd.get().subspan(1)};
    EXPECT_EQ(row.decode(from_odd).value_or("?"), row.decode(from_even).value_or("")) << row.name;
  }
}

}  // namespace
}  // namespace sluice::wire
