// SPDX-License-Identifier: MIT
// Objects in which nothing was found, from one look into a repository's history to the next, so
// that only what was committed since is looked into. What it says may be forgotten at any time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "sluice/base/bytes.h"
#include "sluice/policy/digest.h"

namespace sluice::cli {

class CleanObjects {
 public:
  // file  in a folder that is the user's alone; empty: nothing is kept. What cannot be read, or is
  // no
  //       such list, is an empty one.
  explicit CleanObjects(std::string file);

  // key  of all that decides what is found in an object, and of the object
  bool has(const policy::Digest& key) const { return keys_.contains(cut(key)); }
  void add(const policy::Digest& key) { keys_.insert(cut(key)); }
  // Replaces the file, whole or not at all. Nobody is told where it cannot be written.
  void save() const;

 private:
  // Half of a digest; nobody who commits can choose it.
  using Key = std::array<std::byte, 16>;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  static Key cut(const policy::Digest& key);

  std::string file_;
  std::unordered_set<Key, Hash> keys_;
};

}  // namespace sluice::cli
