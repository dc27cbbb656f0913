// SPDX-License-Identifier: MIT
// Extended attributes, and who may ask for which.
// source: linux fs/xattr.c xattr_permission(), fs/fuse/xattr.c
#include <unistd.h>

#include "sluice/testkit/vfs.h"

namespace sluice::testkit {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLargestValue = 65536;

// What a server that has no such operation means.
Errno as_shown(Errno error) noexcept { return error == Errno{ENOSYS} ? Errno{EOPNOTSUPP} : error; }

}  // namespace

Result<void> Vfs::xattr_allowed(NodeId node, const std::string& name, int mask) {
  if (name.empty() || name.size() > kLongestName) return fail(ERANGE);
  const bool writes = (mask & W_OK) != 0;
  const bool known = name.starts_with("user.") || name.starts_with("trusted.") ||
                     name.starts_with("security.") || name.starts_with("system.");
  if (!known) return fail(EOPNOTSUPP);
  if (name.starts_with("security.") || name.starts_with("system.")) {
    if (writes && name.starts_with("security.") && !is_root()) return fail(EPERM);
    return {};
  }
  if (name.starts_with("trusted.")) {
    if (is_root()) return {};
    return writes ? fail(EPERM) : fail(ENODATA);
  }
  const fuse::Attr attr = TRY(attributes(node));
  if (!attr.is_regular() && !attr.is_directory()) return writes ? fail(EPERM) : fail(ENODATA);
  const bool sticky = attr.is_directory() && (attr.mode & S_ISVTX) != 0;
  if (sticky && writes && !owns(attr)) return fail(EPERM);
  return may(node, mask);
}

Result<std::string> Vfs::getxattr(const std::string& path, const std::string& name,
                                  std::size_t size) {
  return retry_stale([&]() -> Result<std::string> {
    const NodeId node = TRY(existing(path, Follow::no)).node;
    TRY(xattr_allowed(node, name, R_OK));
    if (kernel_.absent(wire::Opcode::getxattr)) return fail(EOPNOTSUPP);
    auto value =
        kernel_.getxattr(node, name, static_cast<std::uint32_t>(std::min(size, kLargestValue)));
    if (!value) return fail(as_shown(value.error()));
    return value;
  });
}

Result<std::vector<std::string>> Vfs::listxattr(const std::string& path) {
  return retry_stale([&]() -> Result<std::vector<std::string>> {
    const NodeId node = TRY(existing(path, Follow::no)).node;
    if (kernel_.absent(wire::Opcode::listxattr)) return fail(EOPNOTSUPP);
    auto names = kernel_.listxattr(node);
    if (!names) return fail(as_shown(names.error()));
    return names;
  });
}

Result<void> Vfs::setxattr(const std::string& path, const std::string& name, std::string_view value,
                           int flags) {
  return retry_stale([&]() -> Result<void> {
    const NodeId node = TRY(existing(path, Follow::no)).node;
    if (value.size() > kLargestValue) return fail(E2BIG);
    TRY(xattr_allowed(node, name, W_OK));
    if (kernel_.absent(wire::Opcode::setxattr)) return fail(EOPNOTSUPP);
    auto done = kernel_.setxattr(node, name, value, flags);
    without_privileges_.erase(node);
    if (!done) return fail(as_shown(done.error()));
    return {};
  });
}

Result<void> Vfs::removexattr(const std::string& path, const std::string& name) {
  return retry_stale([&]() -> Result<void> {
    const NodeId node = TRY(existing(path, Follow::no)).node;
    TRY(xattr_allowed(node, name, W_OK));
    if (kernel_.absent(wire::Opcode::removexattr)) return fail(EOPNOTSUPP);
    auto done = kernel_.removexattr(node, name);
    if (!done) return fail(as_shown(done.error()));
    return {};
  });
}

}  // namespace sluice::testkit
