// SPDX-License-Identifier: MIT
// What the tests of the node table share: made-up handles, and a directory that cleans up.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

#include "sluice/mirror/node_table.h"

namespace sluice::mirror::test {

// A handle of `length` (8 or more) bytes that differs for each number.
inline LowerHandle handle(std::uint64_t number, std::size_t length = 20, std::uint16_t mount = 0) {
  std::array<std::byte, LowerHandle::kMaxBytes> bytes;
  bytes.fill(std::byte{0x5a});
  std::memcpy(bytes.data() + length - sizeof number, &number, sizeof number);
  auto made = LowerHandle::from(1, Bytes{bytes.data(), length}, LowerHandle::Grade::real);
  return made.value().on(MountIndex{mount});
}

inline LowerHandle root_handle() { return handle(~std::uint64_t{0}); }

// A table with its root.
inline NodeTable table(NodeTable::Limits limits = {}) {
  auto made = NodeTable::create(limits);
  EXPECT_TRUE(made.has_value());
  EXPECT_TRUE(made->set_root(root_handle(), 2).has_value());
  return std::move(*made);
}

inline NodeId intern(NodeTable& nodes, std::uint64_t number, NodeKind kind = NodeKind::regular) {
  auto node = nodes.intern(handle(number), {}, number, kind);
  EXPECT_TRUE(node.has_value());
  return node.value_or(kNoNode);
}

// A directory below `where` that goes with the object.
class Folder {
 public:
  explicit Folder(const std::string& where = "/tmp") : path_{where + "/nodes-test-XXXXXX"} {
    made_ = ::mkdtemp(path_.data()) != nullptr;
  }
  ~Folder() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  bool made() const { return made_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace sluice::mirror::test
