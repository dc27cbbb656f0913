// SPDX-License-Identifier: MIT
// Directories in which a name has several spellings (case-insensitive ones, and those of file
// systems with short names). A rule names one spelling; there a file would be had by another. Which
// spellings there are cannot be known from here, so that whatever lies there gets the strictest
// terms.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_set>

#include "sluice/base/ids.h"

namespace sluice::guard {

// Tells whether names in the directory have other spellings. fd: may be O_PATH. True in doubt.
bool folds_names(int fd) noexcept;

// The directories of the kind that the kernel knows, or knew.
class FoldingDirectories {
 public:
  void add(NodeId directory) {
    const std::lock_guard lock{mutex_};
    directories_.insert(directory);
    any_.store(true, std::memory_order_release);
  }
  bool has(NodeId directory) const {
    if (!any_.load(std::memory_order_acquire)) return false;
    const std::lock_guard lock{mutex_};
    return directories_.contains(directory);
  }
  // A node that was made just now is none of those of old.
  void remove(NodeId directory) {
    if (!any_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock{mutex_};
    directories_.erase(directory);
  }
  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return directories_.size();
  }

 private:
  mutable std::mutex mutex_;  // guards the set
  std::unordered_set<NodeId> directories_;
  std::atomic<bool> any_{false};
};

}  // namespace sluice::guard
