// SPDX-License-Identifier: MIT
// The names of directories: {parent node, name} kept beside a directory's slot, so that an audit
// record can say where something happened and a policy reload can walk the places top down.
// Nothing in the request path depends on them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/base/ids.h"
#include "sluice/base/result.h"
#include "sluice/mirror/record_slab.h"

namespace sluice::mirror {

// FUSE_NAME_MAX. source: linux fs/fuse/fuse_i.h
inline constexpr std::size_t kMaxNameBytes = 1024;

struct DirectoryName {
  NodeId parent{};
  std::uint16_t length = 0;
  std::array<char, kMaxNameBytes> bytes;

  std::string_view name() const noexcept { return {bytes.data(), length}; }
};

// The records of names, one chain each; which node has which chain is the node table's to know.
class DirectoryNames {
 public:
  explicit DirectoryNames(RecordSlab& slab) noexcept : slab_{slab} {}

  // Gives the number of the chain that now holds {parent, name}.
  // errors  EINVAL no name; ENAMETOOLONG above kMaxNameBytes; ENOMEM, ENOSPC.
  Result<std::uint32_t> store(NodeId parent, std::string_view name);
  // errors  ENODATA `chain` is 0; EIO it is damaged.
  Result<DirectoryName> load(std::uint32_t chain) const;
  void erase(std::uint32_t chain) { slab_.erase(chain); }

 private:
  RecordSlab& slab_;
};

// Puts a path together from its end in a buffer that the caller lends.
class PathWriter {
 public:
  explicit PathWriter(std::span<char> room) noexcept : room_{room}, start_{room.size()} {}

  // Puts `name` in front of what is there. errors: ENAMETOOLONG the buffer is full.
  Result<void> prepend(std::string_view name) noexcept;
  // What is there, borrowed from the buffer.
  std::string_view path() const noexcept {
    return {room_.data() + start_, room_.size() - start_};
  }

 private:
  std::span<char> room_;
  std::size_t start_;
};

}  // namespace sluice::mirror
