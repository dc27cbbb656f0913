// SPDX-License-Identifier: MIT
#include "sluice/fuse/dir_writer.h"

#include <dirent.h>

#include <cstring>
#include <memory>

#include "sluice/fuse/codec.h"

namespace sluice::fuse {
namespace {

bool can_be_listed(std::string_view name) noexcept {
  return !name.empty() && name.size() <= wire::kMaxName && name.find('/') == std::string_view::npos;
}

bool is_dot(std::string_view name) noexcept { return name == "." || name == ".."; }

wire::Dirent record_of(std::string_view name, std::uint64_t ino, std::uint32_t type,
                       std::uint64_t next) noexcept {
  wire::Dirent entry{};
  entry.ino = ino;
  entry.off = next;
  entry.namelen = static_cast<std::uint32_t>(name.size());
  entry.type = (type & S_IFMT) >> 12;
  return entry;
}

}  // namespace

Added DirWriter::add(std::string_view name, std::uint64_t ino, std::uint32_t type,
                     std::uint64_t next) noexcept {
  if (!can_be_listed(name)) return Added::yes;
  return out_.put_record(record_of(name, ino, type, next), name) ? Added::yes : Added::full;
}

Result<void> DirWriter::list_from(std::uint64_t offset, std::initializer_list<Listed> all) noexcept {
  std::uint64_t next = 0;
  for (const Listed& one : all) {
    ++next;
    if (next <= offset) continue;
    if (add(one.name, one.attr.ino, one.attr.mode, next) == Added::full) break;
  }
  return {};
}

Result<void> DirWriter::list_from(std::uint64_t offset, const std::string& path) noexcept {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing{::opendir(path.c_str()), ::closedir};
  if (!listing) return fail_last();
  ::seekdir(listing.get(), static_cast<long>(offset));
  while (const dirent* entry = ::readdir(listing.get())) {
    const auto next = static_cast<std::uint64_t>(entry->d_off);
    if (add(entry->d_name, entry->d_ino, DTTOIF(entry->d_type), next) == Added::full) break;
  }
  return {};
}

bool DirPlusWriter::fits(std::string_view name) const noexcept {
  return wire::align_record(sizeof(wire::Direntplus) + name.size()) <= out_.left();
}

Added DirPlusWriter::add(std::string_view name, const Entry& entry, std::uint64_t next) noexcept {
  if (!can_be_listed(name)) return Added::yes;
  wire::Direntplus plus{};
  plus.entry_out = encode(entry);
  if (is_dot(name)) plus.entry_out.nodeid = 0;
  plus.dirent = record_of(name, entry.attr.ino, entry.attr.mode, next);
  return out_.put_record(plus, name) ? Added::yes : Added::full;
}

DirPlusWriter::At DirPlusWriter::entry_at(std::size_t offset) const noexcept {
  wire::Reader in{Bytes{room_}.subspan(offset, size() - offset)};
  auto plus = in.take<wire::Direntplus>();
  if (!plus) return {kNoNode, 0};
  return {NodeId{plus->entry_out.nodeid}, wire::align_record(sizeof(wire::Direntplus) + plus->dirent.namelen)};
}

}  // namespace sluice::fuse
