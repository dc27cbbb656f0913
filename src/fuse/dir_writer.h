// SPDX-License-Identifier: MIT
// Writers of directory listings. Each entry names the offset at which a later request goes on;
// once an entry does not fit, `add` says so and the handler answers what it has.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sluice/fuse/answers.h"
#include "sluice/wire/writer.h"

namespace sluice::fuse {

enum class Added { yes, full };

class DirWriter {
 public:
  explicit DirWriter(MutableBytes room) noexcept : out_{room} {}

  // Lists `name`; `type` is a mode's S_IFMT part, `next` the offset after this entry.
  // Names longer than the protocol's limit, or empty, are left out (Added::yes).
  Added add(std::string_view name, std::uint64_t ino, std::uint32_t type, std::uint64_t next) noexcept;

  struct Listed {
    std::string_view name;
    Attr attr;
  };
  // Lists a whole small directory, whose offsets are positions in the list.
  Result<void> list_from(std::uint64_t offset, std::initializer_list<Listed> all) noexcept;

  // Lists what the directory at `path` of another file system has from `offset` on, whose offsets
  // and inode numbers are passed on. errors: those of opendir(3).
  Result<void> list_from(std::uint64_t offset, const std::string& path) noexcept;

  // Bytes filled.
  std::size_t size() const noexcept { return out_.size(); }

 private:
  wire::Writer out_;
};

class DirPlusWriter {
 public:
  explicit DirPlusWriter(MutableBytes room) noexcept : room_{room}, out_{room} {}

  // Says whether an entry of this name would fit, to be asked before a lookup is counted for it.
  bool fits(std::string_view name) const noexcept;

  // Lists `name` with its entry. An entry without a node (kNoNode) gives type and ino alone and
  // counts no lookup; so do "." and "..", whatever is given.
  Added add(std::string_view name, const Entry& entry, std::uint64_t next) noexcept;

  std::size_t size() const noexcept { return out_.size(); }

  // Calls `visit(NodeId)` for each entry that would count a lookup, to take them back.
  template <class Visit>
  void for_each_counted(Visit visit) const {
    std::size_t at = 0;
    while (at < size()) {
      auto [node, length] = entry_at(at);
      if (length == 0) return;
      if (node != kNoNode) visit(node);
      at += length;
    }
  }

 private:
  struct At {
    NodeId node;
    std::size_t length;
  };
  At entry_at(std::size_t offset) const noexcept;

  MutableBytes room_;
  wire::Writer out_;
};

}  // namespace sluice::fuse
