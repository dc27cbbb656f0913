// SPDX-License-Identifier: MIT
#include "sluice/fuse/codec.h"

#include <limits>

namespace sluice::fuse {
namespace {

struct WireTime {
  std::uint64_t seconds;
  std::uint32_t nanoseconds;
};

WireTime wire_validity(Validity valid) noexcept {
  if (valid <= Validity::zero()) return {0, 0};
  const auto count = static_cast<std::uint64_t>(valid.count());
  return {count / 1'000'000'000, static_cast<std::uint32_t>(count % 1'000'000'000)};
}

Validity validity(std::uint64_t seconds, std::uint32_t nanoseconds) noexcept {
  constexpr auto kMost =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1);
  return std::chrono::seconds{static_cast<std::int64_t>(std::min(seconds, kMost))} +
         Validity{nanoseconds};
}

template <class Fixed>
Result<Fixed> only(wire::Reader& in) noexcept {
  Fixed fixed = TRY(in.take<Fixed>());
  if (in.left() != 0) return fail(EIO);
  return fixed;
}

}  // namespace

wire::Attr encode(const Attr& attr) noexcept {
  wire::Attr out{};
  out.ino = attr.ino;
  out.size = attr.size;
  out.blocks = attr.blocks;
  out.atime = static_cast<std::uint64_t>(attr.atime.seconds);
  out.mtime = static_cast<std::uint64_t>(attr.mtime.seconds);
  out.ctime = static_cast<std::uint64_t>(attr.ctime.seconds);
  out.atimensec = attr.atime.nanoseconds;
  out.mtimensec = attr.mtime.nanoseconds;
  out.ctimensec = attr.ctime.nanoseconds;
  out.mode = attr.mode;
  out.nlink = attr.nlink;
  out.uid = raw(attr.uid);
  out.gid = raw(attr.gid);
  out.rdev = attr.rdev;
  out.blksize = attr.blksize;
  out.flags = attr.flags.word();
  return out;
}

Attr decode(const wire::Attr& in) noexcept {
  Attr attr;
  attr.ino = in.ino;
  attr.size = in.size;
  attr.blocks = in.blocks;
  attr.atime = {static_cast<std::int64_t>(in.atime), in.atimensec};
  attr.mtime = {static_cast<std::int64_t>(in.mtime), in.mtimensec};
  attr.ctime = {static_cast<std::int64_t>(in.ctime), in.ctimensec};
  attr.mode = in.mode;
  attr.nlink = in.nlink;
  attr.uid = Uid{in.uid};
  attr.gid = Gid{in.gid};
  attr.rdev = in.rdev;
  attr.blksize = in.blksize;
  attr.flags = Flags<wire::AttrFlag>::from(in.flags);
  return attr;
}

wire::EntryOut encode(const Entry& entry) noexcept {
  wire::EntryOut out{};
  const WireTime name_valid = wire_validity(entry.entry_valid);
  const WireTime attr_valid = wire_validity(entry.attr_valid);
  out.nodeid = raw(entry.node);
  out.generation = entry.generation;
  out.entry_valid = name_valid.seconds;
  out.entry_valid_nsec = name_valid.nanoseconds;
  out.attr_valid = attr_valid.seconds;
  out.attr_valid_nsec = attr_valid.nanoseconds;
  out.attr = encode(entry.attr);
  return out;
}

Entry decode(const wire::EntryOut& in) noexcept {
  Entry entry;
  entry.node = NodeId{in.nodeid};
  entry.generation = in.generation;
  entry.attr = decode(in.attr);
  entry.entry_valid = validity(in.entry_valid, in.entry_valid_nsec);
  entry.attr_valid = validity(in.attr_valid, in.attr_valid_nsec);
  return entry;
}

wire::OpenOut encode(const Opened& opened) noexcept {
  wire::OpenOut out{};
  out.fh = raw(opened.handle);
  out.open_flags = opened.flags.word();
  out.backing_id = raw(opened.backing);
  return out;
}

Opened decode(const wire::OpenOut& in) noexcept {
  return {FileHandle{in.fh}, Flags<wire::OpenOutFlag>::from(in.open_flags), BackingId{in.backing_id}};
}

using wire::Opcode;
using wire::Writer;

Result<void> encode_answer(const Entry& entry, Writer& out, Opcode, std::size_t) noexcept {
  return out.put(encode(entry));
}

Result<void> encode_answer(const AttrReply& reply, Writer& out, Opcode, std::size_t) noexcept {
  wire::AttrOut body{};
  const WireTime valid = wire_validity(reply.attr_valid);
  body.attr_valid = valid.seconds;
  body.attr_valid_nsec = valid.nanoseconds;
  body.attr = encode(reply.attr);
  return out.put(body);
}

Result<void> encode_answer(const StatxReply& reply, Writer& out, Opcode, std::size_t) noexcept {
  wire::StatxOut body{};
  const WireTime valid = wire_validity(reply.attr_valid);
  body.attr_valid = valid.seconds;
  body.attr_valid_nsec = valid.nanoseconds;
  body.stat = reply.statx;
  return out.put(body);
}

Result<void> encode_answer(const Opened& opened, Writer& out, Opcode, std::size_t) noexcept {
  return out.put(encode(opened));
}

Result<void> encode_answer(const Created& created, Writer& out, Opcode, std::size_t) noexcept {
  TRY(out.put(encode(created.entry)));
  return out.put(encode(created.opened));
}

// The bytes are in the room already; only their length is added.
Result<void> encode_answer(const Data& data, Writer& out, Opcode, std::size_t asked) noexcept {
  if (data.size > asked || data.size > out.left()) return fail(ERANGE);
  TRY(out.reserve(data.size));
  return {};
}

Result<void> encode_answer(const XattrData& data, Writer& out, Opcode, std::size_t asked) noexcept {
  if (asked != 0) return encode_answer(Data{data.size}, out, Opcode{}, asked);
  wire::GetxattrOut body{};
  body.size = static_cast<std::uint32_t>(data.size);
  return out.put(body);
}

Result<void> encode_answer(const Written& written, Writer& out, Opcode, std::size_t) noexcept {
  wire::WriteOut body{};
  body.size = written.size;
  return out.put(body);
}

Result<void> encode_answer(const Copied& copied, Writer& out, Opcode opcode, std::size_t) noexcept {
  if (opcode == Opcode::copy_file_range_64) {
    wire::CopyFileRangeOut body{};
    body.bytes_copied = copied.size;
    return out.put(body);
  }
  return encode_answer(Written{static_cast<std::uint32_t>(copied.size)}, out, opcode, 0);
}

Result<void> encode_answer(const StatFs& stat, Writer& out, Opcode, std::size_t) noexcept {
  wire::StatfsOut body{};
  body.st = stat.fs;
  return out.put(body);
}

Result<void> encode_answer(const LockInfo& info, Writer& out, Opcode, std::size_t) noexcept {
  wire::LkOut body{};
  body.lk = info.lock;
  return out.put(body);
}

Result<void> encode_answer(const Position& position, Writer& out, Opcode, std::size_t) noexcept {
  wire::LseekOut body{};
  body.offset = position.offset;
  return out.put(body);
}

Result<void> encode_answer(const BlockMap& map, Writer& out, Opcode, std::size_t) noexcept {
  wire::BmapOut body{};
  body.block = map.block;
  return out.put(body);
}

Result<void> encode_answer(const IoctlReply& reply, Writer& out, Opcode, std::size_t asked) noexcept {
  wire::IoctlOut body{};
  body.result = reply.result;
  TRY(out.put(body));
  return encode_answer(Data{reply.size}, out, Opcode{}, asked);
}

Result<void> encode_answer(const Polled& polled, Writer& out, Opcode, std::size_t) noexcept {
  wire::PollOut body{};
  body.revents = polled.revents;
  return out.put(body);
}

Result<void> encode_answer(const Done&, Writer&, Opcode, std::size_t) noexcept { return {}; }

template <>
Result<Entry> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return decode(TRY(only<wire::EntryOut>(in)));
}

template <>
Result<AttrReply> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  const auto body = TRY(only<wire::AttrOut>(in));
  return AttrReply{decode(body.attr), validity(body.attr_valid, body.attr_valid_nsec)};
}

template <>
Result<StatxReply> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  const auto body = TRY(only<wire::StatxOut>(in));
  return StatxReply{body.stat, validity(body.attr_valid, body.attr_valid_nsec)};
}

template <>
Result<Opened> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return decode(TRY(only<wire::OpenOut>(in)));
}

template <>
Result<Created> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  const auto entry = TRY(in.take<wire::EntryOut>());
  return Created{decode(entry), decode(TRY(only<wire::OpenOut>(in)))};
}

template <>
Result<Data> decode_answer(wire::Reader& in, Opcode, std::size_t asked) noexcept {
  if (in.left() > asked) return fail(EIO);
  return Data{in.rest().size()};
}

template <>
Result<XattrData> decode_answer(wire::Reader& in, Opcode opcode, std::size_t asked) noexcept {
  if (asked == 0) return XattrData{TRY(only<wire::GetxattrOut>(in)).size};
  return XattrData{TRY(decode_answer<Data>(in, opcode, asked)).size};
}

template <>
Result<Written> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return Written{TRY(only<wire::WriteOut>(in)).size};
}

template <>
Result<Copied> decode_answer(wire::Reader& in, Opcode opcode, std::size_t) noexcept {
  if (opcode == Opcode::copy_file_range_64) {
    return Copied{TRY(only<wire::CopyFileRangeOut>(in)).bytes_copied};
  }
  return Copied{TRY(only<wire::WriteOut>(in)).size};
}

template <>
Result<StatFs> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return StatFs{TRY(only<wire::StatfsOut>(in)).st};
}

template <>
Result<LockInfo> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return LockInfo{TRY(only<wire::LkOut>(in)).lk};
}

template <>
Result<Position> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return Position{TRY(only<wire::LseekOut>(in)).offset};
}

template <>
Result<BlockMap> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return BlockMap{TRY(only<wire::BmapOut>(in)).block};
}

template <>
Result<IoctlReply> decode_answer(wire::Reader& in, Opcode opcode, std::size_t asked) noexcept {
  const auto body = TRY(in.take<wire::IoctlOut>());
  return IoctlReply{body.result, TRY(decode_answer<Data>(in, opcode, asked)).size};
}

template <>
Result<Polled> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  return Polled{TRY(only<wire::PollOut>(in)).revents};
}

template <>
Result<Done> decode_answer(wire::Reader& in, Opcode, std::size_t) noexcept {
  if (in.left() != 0) return fail(EIO);
  return Done{};
}

}  // namespace sluice::fuse
