// SPDX-License-Identifier: MIT
// Listings: READDIR and READDIRPLUS taken apart as Linux takes them apart.
// source: linux fs/fuse/readdir.c parse_dirfile(), parse_dirplusfile(), fuse_direntplus_link()
#include <fcntl.h>

#include <set>

#include "sluice/testkit/kernel.h"

namespace sluice::testkit {
namespace {

bool is_dot(std::string_view name) noexcept { return name == "." || name == ".."; }

// Takes one record's fixed part and name. errors: EIO where Linux answers so; ENODATA an
// incomplete record, at which Linux stops without an error.
template <class Fixed>
struct Record {
  Fixed fixed;
  std::string_view name;
};
const wire::Dirent& dirent_of(const wire::Dirent& fixed) noexcept { return fixed; }
const wire::Dirent& dirent_of(const wire::Direntplus& fixed) noexcept { return fixed.dirent; }

template <class Fixed>
Result<Record<Fixed>> take_record(wire::Reader& in) {
  auto fixed = in.take<Fixed>();
  if (!fixed) return fail(ENODATA);
  const wire::Dirent& dirent = dirent_of(*fixed);
  const std::size_t size = dirent.namelen;
  if (size == 0 || size > wire::kMaxName) return fail(EIO);
  auto name = in.take_bytes(wire::align_record(sizeof(Fixed) + size) - sizeof(Fixed));
  if (!name) return fail(ENODATA);
  return Record<Fixed>{*fixed, text_of(*name).substr(0, size)};
}

Listed listed(const wire::Dirent& dirent, std::string_view name) {
  return {std::string{name}, dirent.ino, dirent.off, dirent.type, std::nullopt};
}

Result<Listed> next_listed(wire::Reader& in, bool plus) {
  if (!plus) {
    auto record = TRY(take_record<wire::Dirent>(in));
    return listed(record.fixed, record.name);
  }
  auto record = TRY(take_record<wire::Direntplus>(in));
  Listed one = listed(record.fixed.dirent, record.name);
  one.entry = fuse::decode(record.fixed.entry_out);
  return one;
}

}  // namespace

Result<std::vector<Listed>> Kernel::parse(const File& dir, const std::vector<std::byte>& data,
                                          bool plus) {
  const std::string what = "a listing of node " + std::to_string(raw(dir.node));
  std::vector<Listed> all;
  wire::Reader in{Bytes{data}};
  while (in.left() > 0) {
    auto one = next_listed(in, plus);
    if (!one) {
      breaches_.add(what + (one.error() == Errno{EIO} ? " has a name of no length"
                                                      : " ends within an entry"));
      if (one.error() == Errno{EIO}) return fail(EIO);
      break;
    }
    if (one->name.find('/') != std::string::npos || one->name.find('\0') != std::string::npos) {
      breaches_.add(what + " has the name `" + one->name + "`");
      return fail(EIO);
    }
    all.push_back(std::move(*one));
  }
  return all;
}

Result<void> Kernel::settle(Started<fuse::ReadDirPlus>& done, const fuse::Done&, Bytes data) {
  const File dir{done.op.node, done.op.handle, 0, {}, 0};
  const std::vector<std::byte> copy{data.begin(), data.end()};
  for (const Listed& one : TRY(parse(dir, copy, true))) {
    if (one.entry->node == kNoNode) continue;
    if (is_dot(one.name)) {
      breaches_.add(describe(*done.message) + " counted a lookup for `" + one.name + "`");
      continue;
    }
    TRY(settle_entry(*done.message, done.op.node, one.name, *one.entry, Negative::allowed, 0));
  }
  return {};
}

Result<std::vector<Listed>> Kernel::readdir(const File& dir, std::uint64_t offset,
                                            std::uint32_t size) {
  fuse::ReadDir op;
  op.node = dir.node;
  op.handle = dir.handle;
  op.offset = offset;
  op.size = size;
  std::vector<std::byte> data;
  TRY(call(op, &data));
  return parse(dir, data, false);
}

Result<std::vector<Listed>> Kernel::readdirplus(const File& dir, std::uint64_t offset,
                                                std::uint32_t size) {
  fuse::ReadDirPlus op;
  op.node = dir.node;
  op.handle = dir.handle;
  op.offset = offset;
  op.size = size;
  std::vector<std::byte> data;
  TRY(call(op, &data));
  return parse(dir, data, true);
}

Result<std::vector<Listed>> Kernel::list(const File& dir) {
  std::vector<Listed> all;
  std::set<std::uint64_t> seen{0};
  std::uint64_t offset = 0;
  for (;;) {
    auto some = TRY(readdir(dir, offset));
    if (some.empty()) return all;
    for (Listed& one : some) {
      if (!seen.insert(one.next).second) {
        breaches_.add("a listing of node " + std::to_string(raw(dir.node)) +
                      " came back to offset " + std::to_string(one.next));
        return fail(EIO);
      }
      offset = one.next;
      all.push_back(std::move(one));
    }
  }
}

}  // namespace sluice::testkit
