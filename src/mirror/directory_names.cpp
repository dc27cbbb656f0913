// SPDX-License-Identifier: MIT
#include "sluice/mirror/directory_names.h"

#include <cstring>

namespace sluice::mirror {
namespace {

// What a chain starts with; the name follows.
struct Prefix {
  std::uint64_t parent;
  std::uint16_t length;
};
constexpr std::size_t kPrefixBytes = 10;

}  // namespace

Result<std::uint32_t> DirectoryNames::store(NodeId parent, std::string_view name) {
  if (name.empty()) return fail(EINVAL);
  if (name.size() > kMaxNameBytes) return fail(ENAMETOOLONG);
  const Prefix prefix{raw(parent), static_cast<std::uint16_t>(name.size())};
  std::array<std::byte, kPrefixBytes + kMaxNameBytes> text;
  std::memcpy(text.data(), &prefix, kPrefixBytes);
  std::memcpy(text.data() + kPrefixBytes, name.data(), name.size());
  return slab_.put(Bytes{text.data(), kPrefixBytes + name.size()});
}

Result<DirectoryName> DirectoryNames::load(std::uint32_t chain) const {
  if (chain == 0) return fail(ENODATA);
  std::array<std::byte, kPrefixBytes + kMaxNameBytes> text;
  TRY(slab_.copy(chain, MutableBytes{text.data(), kPrefixBytes}));
  Prefix prefix{};
  std::memcpy(&prefix, text.data(), kPrefixBytes);
  if (prefix.length == 0 || prefix.length > kMaxNameBytes) return fail(EIO);
  TRY(slab_.copy(chain, MutableBytes{text.data(), kPrefixBytes + prefix.length}));
  DirectoryName out;
  out.parent = NodeId{prefix.parent};
  out.length = prefix.length;
  std::memcpy(out.bytes.data(), text.data() + kPrefixBytes, prefix.length);
  return out;
}

Result<void> PathWriter::prepend(std::string_view name) noexcept {
  const std::size_t slash = start_ == room_.size() ? 0 : 1;
  if (name.size() + slash > start_) return fail(ENAMETOOLONG);
  if (slash == 1) room_[--start_] = '/';
  start_ -= name.size();
  std::memcpy(room_.data() + start_, name.data(), name.size());
  return {};
}

}  // namespace sluice::mirror
