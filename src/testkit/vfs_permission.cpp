// SPDX-License-Identifier: MIT
// Attributes as the kernel holds them, and what they let a caller do.
// source: linux fs/fuse/dir.c fuse_permission(), fs/namei.c generic_permission(), may_delete()
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

// As system.posix_acl_access holds it. source: linux include/uapi/linux/posix_acl_xattr.h
struct AclEntry {
  std::uint16_t tag;
  std::uint16_t perm;
  std::uint32_t id;
};
constexpr std::size_t kAclHeader = 4;
enum AclTag : std::uint16_t {
  kUserObject = 0x01,
  kUser = 0x02,
  kGroupObject = 0x04,
  kGroup = 0x08,
  kMask = 0x10,
  kOther = 0x20,
};

std::vector<AclEntry> acl_entries(std::string_view value) {
  std::vector<AclEntry> entries;
  for (std::size_t at = kAclHeader; at + sizeof(AclEntry) <= value.size(); at += sizeof(AclEntry)) {
    AclEntry entry{};
    std::memcpy(&entry, value.data() + at, sizeof(entry));
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace

bool Vfs::in_group(Gid gid) const noexcept {
  return raw(gid) == who_.gid || std::ranges::find(who_.groups, raw(gid)) != who_.groups.end();
}

Result<fuse::Attr> Vfs::refreshed(NodeId node) {
  without_privileges_.erase(node);
  return TRY(kernel_.getattr(node)).attr;
}

Result<fuse::Attr> Vfs::attributes(NodeId node) {
  if (auto attr = kernel_.cached_attributes(node)) return *attr;
  return refreshed(node);
}

Result<std::uint32_t> Vfs::type_of(NodeId node) {
  if (auto attr = kernel_.last_attributes(node)) return attr->mode & S_IFMT;
  return TRY(refreshed(node)).mode & S_IFMT;
}

// The answer of an access control list, where there is one.
std::optional<bool> Vfs::may_by_acl(NodeId node, const fuse::Attr& attr, int mask) {
  if (!kernel_.negotiated().has(wire::InitFlag::posix_acl) || (attr.mode & S_IRWXG) == 0) return {};
  auto value = kernel_.getxattr(node, "system.posix_acl_access");
  if (!value || value->size() <= kAclHeader) return {};
  const auto entries = acl_entries(*value);
  const auto want = static_cast<std::uint16_t>(mask & 7);
  std::uint16_t limit = 7;
  for (const AclEntry& entry : entries) {
    if (entry.tag == kMask) limit = entry.perm;
  }
  bool member = false;
  for (const AclEntry& entry : entries) {
    const bool named = entry.tag == kUser && entry.id == who_.uid;
    const bool group = (entry.tag == kGroupObject && in_group(attr.gid)) ||
                       (entry.tag == kGroup && in_group(Gid{entry.id}));
    if (named) return (entry.perm & limit & want) == want;
    if (group && (entry.perm & want) == want) return (limit & want) == want;
    member = member || group;
    if (entry.tag == kOther) return !member && (entry.perm & want) == want;
  }
  return false;
}

Result<void> Vfs::may_by(NodeId node, const fuse::Attr& attr, int mask) {
  const auto want = static_cast<std::uint32_t>(mask);
  const std::uint32_t any_execute = attr.mode & 0111;
  if (is_root()) {
    // Root passes everything but executing what nobody may execute.
    if ((want & X_OK) != 0 && !attr.is_directory() && any_execute == 0) return fail(EACCES);
    return {};
  }
  std::uint32_t bits = attr.mode;
  if (raw(attr.uid) == who_.uid) {
    bits >>= 6;
  } else if (auto allowed = may_by_acl(node, attr, mask)) {
    if (*allowed) return {};
    return fail(EACCES);
  } else if (in_group(attr.gid)) {
    bits >>= 3;
  }
  if ((bits & want) != want) return fail(EACCES);
  return {};
}

Result<void> Vfs::may(NodeId node, int mask) {
  const auto held = kernel_.cached_attributes(node);
  if (held && may_by(node, *held, mask)) return {};
  // A refusal by what is merely remembered is not final.
  return may_by(node, TRY(refreshed(node)), mask);
}

Result<void> Vfs::may_remove(NodeId parent, NodeId victim) {
  TRY(may(parent, W_OK | X_OK));
  const fuse::Attr dir = TRY(attributes(parent));
  const bool sticky = (dir.mode & S_ISVTX) != 0;
  if (!sticky || owns(dir) || owns(TRY(attributes(victim)))) return {};
  return fail(EPERM);
}

// source: linux fs/inode.c mode_strip_sgid()
mode_t Vfs::without_foreign_setgid(NodeId parent, mode_t mode) {
  constexpr mode_t kBoth = S_ISGID | S_IXGRP;
  auto dir = attributes(parent);
  if (!dir || S_ISDIR(mode) || (dir->mode & S_ISGID) == 0 || (mode & kBoth) != kBoth) return mode;
  if (is_root() || in_group(dir->gid)) return mode;
  return mode & ~static_cast<mode_t>(S_ISGID);
}

Result<void> Vfs::access(const std::string& path, int mode) {
  return retry_stale([&]() -> Result<void> {
    const Place place = TRY(existing(path, Follow::yes));
    return mode == F_OK ? Result<void>{} : may(place.node, mode);
  });
}

}  // namespace sluice::testkit
