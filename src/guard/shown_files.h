// SPDX-License-Identifier: MIT
// What each open file of a node shows, where that depends on content. The kernel reads and maps all
// open files of one node from one place, so they all show the same: the first decides, and a file
// that is to be shown otherwise meanwhile gets another node, by the next epoch.
//
// A node stands here while it is open. All may be called by many threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "sluice/base/ids.h"
#include "sluice/content/contents.h"
#include "sluice/mirror/lower_handle.h"
#include "sluice/mirror/node_slot.h"

namespace sluice::guard {

class ShownFiles {
 public:
  // Epochs start again from 0 here: a handful is in use at a time, and what a node shows is looked
  // at whatever its epoch.
  static constexpr std::uint16_t kEpochs = 32;
  static constexpr std::size_t kMostEpochs = 65536;

  struct State {
    std::shared_ptr<const content::Face> face;  // null: the lower file itself
    policy::ContentSet found;
    policy::ContentSet asked;
    std::uint32_t opens = 0;
    std::uint32_t writers = 0;  // of them, through the kernel or through here
  };
  enum class Opens : std::uint8_t { to_read, to_write };

  // Holds back other opens and closes of a node while one is decided.
  class Turn {
   public:
    // Gives what the node shows while it is open.
    const State* state() const noexcept;
    // Counts an open that shows `state`'s face; the node's own if it is open already.
    void opened(const State& state, Opens how);
    // Takes back what opened() counted.
    void undo(Opens how) noexcept { files_.count_out(node_, how); }

   private:
    friend ShownFiles;
    Turn(ShownFiles& files, NodeId node)
        : files_{files}, node_{node}, lock_{files.stripe(node).mutex} {}
    ShownFiles& files_;
    NodeId node_;
    std::unique_lock<std::mutex> lock_;
  };
  Turn turn(NodeId node) { return {*this, node}; }

  std::optional<State> find(NodeId node) const;
  // An open file of the node was closed.
  // returns  what the last writer of the node leaves to be looked at again
  std::optional<policy::ContentSet> closed(NodeId node, Opens how);

  // Gives the epoch by which a file is found now under a grant.
  mirror::FaceEpoch epoch(const mirror::LowerHandle& file, mirror::Grant grant) const;
  // Has the file be found by another one than `shown`, which is open and shows something else.
  void advance(const mirror::LowerHandle& file, mirror::NodeKeyExtra shown);
  bool has_epochs() const noexcept { return epoch_count_.load(std::memory_order_acquire) != 0; }

  bool empty() const noexcept { return count_.load(std::memory_order_acquire) == 0; }
  std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  struct Stripe {
    mutable std::mutex mutex;
    std::unordered_map<NodeId, State> files;
  };
  struct Key {
    mirror::LowerHandle file;
    mirror::Grant grant{};
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };

  Stripe& stripe(NodeId node) noexcept { return stripes_[raw(node) % stripes_.size()]; }
  const Stripe& stripe(NodeId node) const noexcept { return stripes_[raw(node) % stripes_.size()]; }
  // With the node's stripe locked.
  std::optional<policy::ContentSet> count_out(NodeId node, Opens how) noexcept;

  std::array<Stripe, 64> stripes_;
  std::atomic<std::size_t> count_{0};
  mutable std::mutex epochs_mutex_;  // guards epochs_
  std::unordered_map<Key, mirror::FaceEpoch, Hash> epochs_;
  std::atomic<std::size_t> epoch_count_{0};
};

}  // namespace sluice::guard
