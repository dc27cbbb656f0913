// SPDX-License-Identifier: MIT
// DescriptorCache: a bounded number of open descriptors, one per node, most recently used first.
//
// A node's handle can always be opened again, which costs about 3 us more than a descriptor that is
// still there (measured on ext4, xfs, btrfs and tmpfs); so this is a cache, and a node that is not
// in it is none the worse. Except for the pinned: the only way to a file that has no handle or has
// lost its last name. Those stay until dropped, outside the bound, and are counted.
//
// What get() lends stays open for as long as it is borrowed, evicted or not. A hit takes one mutex
// for a hash look-up and allocates nothing; descriptors are opened and closed outside the mutex.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/base/ids.h"
#include "sluice/base/result.h"

namespace sluice::mirror {

class DescriptorCache {
  struct Entry;

 public:
  // A descriptor on loan; it must be given back (destroyed) before the cache goes.
  class Borrowed {
   public:
    Borrowed() noexcept = default;
    Borrowed(Borrowed&& other) noexcept
        : cache_{std::exchange(other.cache_, nullptr)},
          entry_{std::exchange(other.entry_, nullptr)},
          own_{std::move(other.own_)} {}
    Borrowed& operator=(Borrowed&& other) noexcept;
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    ~Borrowed() { give_back(); }

    int get() const noexcept;
    explicit operator bool() const noexcept { return get() >= 0; }

   private:
    friend class DescriptorCache;
    Borrowed(DescriptorCache& cache, Entry& entry) noexcept : cache_{&cache}, entry_{&entry} {}
    explicit Borrowed(Fd own) noexcept : own_{std::move(own)} {}
    void give_back() noexcept;

    DescriptorCache* cache_ = nullptr;
    Entry* entry_ = nullptr;
    Fd own_;  // instead, where the cache keeps nothing
  };

  struct Stats {
    std::size_t capacity = 0;
    std::size_t cached = 0;
    std::size_t pinned = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;
  };

  // min(16384, half of RLIMIT_NOFILE).
  static std::size_t default_capacity() noexcept;

  // capacity 0 caches nothing; pins work all the same.
  explicit DescriptorCache(std::size_t capacity = default_capacity());
  ~DescriptorCache();
  DescriptorCache(const DescriptorCache&) = delete;
  DescriptorCache& operator=(const DescriptorCache&) = delete;

  // Lends the node's descriptor, or what `open` (a call that gives Result<Fd>) opens, which is then
  // kept. Several threads that miss at once all open; one descriptor is kept.
  // errors  those of `open`. On EMFILE and ENFILE: shed() and call again.
  template <class Open>
  Result<Borrowed> get(NodeId node, Open&& open) {
    if (std::optional<Borrowed> hit = find(node)) return std::move(*hit);
    Fd fd = TRY(std::forward<Open>(open)());
    return put(node, std::move(fd));
  }
  // Lends the node's descriptor if it is there.
  std::optional<Borrowed> find(NodeId node);
  // Keeps `fd` as the node's, unless one is there already: then lends that one and closes `fd`.
  Borrowed put(NodeId node, Fd fd);

  // Keeps `fd` until drop(), in place of what was there.
  void pin(NodeId node, Fd fd);
  // Makes a cached descriptor a pinned one; false when none is there.
  bool pin_cached(NodeId node);
  // Lets go of the node's descriptor, cached or pinned; to be called when the node is freed.
  void drop(NodeId node);

  // Closes up to `count` descriptors that nobody borrows, least recently used first; gives how
  // many it closed. For a caller that got EMFILE.
  std::size_t shed(std::size_t count);
  // Changes the bound, up to what it was at construction, and evicts what is above it.
  void set_capacity(std::size_t capacity);

  Stats stats() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  enum class Hold : std::uint8_t { none, cached, pinned };

  struct Entry {
    // The cache's own reference and one for each loan; who drops the last one closes.
    std::atomic<std::uint32_t> references{0};
    std::uint32_t number = 0;
    int fd = -1;
    Hold hold = Hold::none;
    NodeId node{};
    std::uint32_t chain = kNone;  // next of its bucket; or next of the free or the closing list
    std::uint32_t newer = kNone;
    std::uint32_t older = kNone;
  };

  std::uint32_t& bucket(NodeId node) noexcept;
  Entry* lookup(NodeId node) noexcept;
  Entry& add(NodeId node, int fd, Hold hold);
  void link_newest(Entry& entry) noexcept;
  void unlink(Entry& entry) noexcept;
  void remove(Entry& entry, std::uint32_t& closing) noexcept;
  void evict_above(std::size_t limit, std::uint32_t& closing) noexcept;
  void close_all(std::uint32_t closing) noexcept;
  void give_back(Entry& entry) noexcept;

  mutable std::mutex mutex_;  // guards all below, except Entry::references and a lent Entry::fd
  std::size_t capacity_;
  const std::size_t most_;
  std::deque<Entry> entries_;  // never moves an entry
  std::vector<std::uint32_t> buckets_;
  std::uint32_t free_ = kNone;
  std::uint32_t newest_ = kNone;
  std::uint32_t oldest_ = kNone;
  Stats stats_;
};

}  // namespace sluice::mirror
