// SPDX-License-Identifier: MIT
// An entry that leaves the cache while it is lent is out of all lists but keeps its descriptor; the
// last loan to end closes it. Entries that nobody lends are collected in a list of their own (the
// "closing list") under the mutex and closed after it.
#include "sluice/mirror/descriptor_cache.h"

#include <sys/resource.h>

#include <algorithm>
#include <bit>

namespace sluice::mirror {
namespace {

constexpr std::size_t kMostEver = 16384;
constexpr std::size_t kFewestBuckets = 1024;

}  // namespace

using Lock = std::scoped_lock<std::mutex>;

DescriptorCache::Borrowed& DescriptorCache::Borrowed::operator=(Borrowed&& other) noexcept {
  if (this != &other) {
    give_back();
    cache_ = std::exchange(other.cache_, nullptr);
    entry_ = std::exchange(other.entry_, nullptr);
    own_ = std::move(other.own_);
  }
  return *this;
}

int DescriptorCache::Borrowed::get() const noexcept {
  return entry_ != nullptr ? entry_->fd : own_.get();
}

void DescriptorCache::Borrowed::give_back() noexcept {
  if (entry_ != nullptr) cache_->give_back(*entry_);
  entry_ = nullptr;
}

std::size_t DescriptorCache::default_capacity() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMostEver;
  return std::min<std::size_t>(kMostEver, limit.rlim_cur / 2);
}

DescriptorCache::DescriptorCache(std::size_t capacity)
    : capacity_{capacity},
      most_{capacity},
      buckets_(std::bit_ceil(std::max(kFewestBuckets, capacity * 2)), kNone) {}

DescriptorCache::~DescriptorCache() {
  for (Entry& entry : entries_) Fd{std::exchange(entry.fd, -1)}.reset();
}

std::uint32_t& DescriptorCache::bucket(NodeId node) noexcept {
  // Slot numbers are given out in order, so they spread by themselves; generations are mixed in.
  const std::uint64_t mixed = raw(node) ^ (raw(node) >> 32) * 0x9e3779b97f4a7c15;
  return buckets_[mixed & (buckets_.size() - 1)];
}

DescriptorCache::Entry* DescriptorCache::lookup(NodeId node) noexcept {
  std::uint32_t number = bucket(node);
  while (number != kNone && entries_[number].node != node) number = entries_[number].chain;
  return number == kNone ? nullptr : &entries_[number];
}

DescriptorCache::Entry& DescriptorCache::add(NodeId node, int fd, Hold hold) {
  if (free_ == kNone) {
    const auto number = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back().number = number;
    free_ = number;
  }
  Entry& entry = entries_[free_];
  free_ = entry.chain;
  entry.references.store(1, std::memory_order_relaxed);
  entry.fd = fd;
  entry.hold = hold;
  entry.node = node;
  std::uint32_t& first = bucket(node);
  entry.chain = std::exchange(first, entry.number);
  if (hold == Hold::cached) {
    link_newest(entry);
    ++stats_.cached;
  } else {
    ++stats_.pinned;
  }
  return entry;
}

void DescriptorCache::link_newest(Entry& entry) noexcept {
  entry.newer = kNone;
  entry.older = newest_;
  (newest_ == kNone ? oldest_ : entries_[newest_].newer) = entry.number;
  newest_ = entry.number;
}

void DescriptorCache::unlink(Entry& entry) noexcept {
  (entry.newer == kNone ? newest_ : entries_[entry.newer].older) = entry.older;
  (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = entry.newer;
}

// Takes the entry out of the cache; where nobody lends it, onto the closing list.
void DescriptorCache::remove(Entry& entry, std::uint32_t& closing) noexcept {
  std::uint32_t* link = &bucket(entry.node);
  while (*link != entry.number) link = &entries_[*link].chain;
  *link = entry.chain;
  if (entry.hold == Hold::cached) {
    unlink(entry);
    --stats_.cached;
  } else {
    --stats_.pinned;
  }
  entry.hold = Hold::none;
  if (entry.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  entry.chain = std::exchange(closing, entry.number);
}

void DescriptorCache::evict_above(std::size_t limit, std::uint32_t& closing) noexcept {
  while (stats_.cached > limit) {
    remove(entries_[oldest_], closing);
    ++stats_.evictions;
  }
}

// Takes no lock; between two closes the mutex is held to give the entry back.
void DescriptorCache::close_all(std::uint32_t closing) noexcept {
  while (closing != kNone) {
    Entry* entry = nullptr;
    {
      Lock lock{mutex_};
      entry = &entries_[closing];
      closing = entry->chain;
    }
    Fd{std::exchange(entry->fd, -1)}.reset();
    Lock lock{mutex_};
    entry->chain = std::exchange(free_, entry->number);
  }
}

void DescriptorCache::give_back(Entry& entry) noexcept {
  if (entry.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Fd{std::exchange(entry.fd, -1)}.reset();
  Lock lock{mutex_};
  entry.chain = std::exchange(free_, entry.number);
}

std::optional<DescriptorCache::Borrowed> DescriptorCache::find(NodeId node) {
  Lock lock{mutex_};
  Entry* entry = lookup(node);
  if (entry == nullptr) {
    ++stats_.misses;
    return std::nullopt;
  }
  ++stats_.hits;
  if (entry->hold == Hold::cached && newest_ != entry->number) {
    unlink(*entry);
    link_newest(*entry);
  }
  entry->references.fetch_add(1, std::memory_order_relaxed);
  return Borrowed{*this, *entry};
}

DescriptorCache::Borrowed DescriptorCache::put(NodeId node, Fd fd) {
  std::uint32_t closing = kNone;
  Entry* entry = nullptr;
  {
    Lock lock{mutex_};
    entry = lookup(node);
    if (entry == nullptr) {
      if (capacity_ == 0) return Borrowed{std::move(fd)};
      evict_above(capacity_ - 1, closing);
      entry = &add(node, fd.release(), Hold::cached);
    }
    entry->references.fetch_add(1, std::memory_order_relaxed);
  }
  close_all(closing);
  return Borrowed{*this, *entry};
}

void DescriptorCache::pin(NodeId node, Fd fd) {
  std::uint32_t closing = kNone;
  {
    Lock lock{mutex_};
    if (Entry* old = lookup(node)) remove(*old, closing);
    add(node, fd.release(), Hold::pinned);
  }
  close_all(closing);
}

bool DescriptorCache::pin_cached(NodeId node) {
  Lock lock{mutex_};
  Entry* entry = lookup(node);
  if (entry == nullptr) return false;
  if (entry->hold == Hold::pinned) return true;
  unlink(*entry);
  entry->hold = Hold::pinned;
  --stats_.cached;
  ++stats_.pinned;
  return true;
}

void DescriptorCache::drop(NodeId node) {
  std::uint32_t closing = kNone;
  {
    Lock lock{mutex_};
    if (Entry* entry = lookup(node)) remove(*entry, closing);
  }
  close_all(closing);
}

std::size_t DescriptorCache::shed(std::size_t count) {
  std::uint32_t closing = kNone;
  std::size_t closed = 0;
  {
    Lock lock{mutex_};
    for (std::uint32_t number = oldest_; number != kNone && closed < count;) {
      Entry& entry = entries_[number];
      number = entry.newer;
      // Loans begin under the mutex, so one that is not lent now cannot become so here.
      if (entry.references.load(std::memory_order_acquire) != 1) continue;
      remove(entry, closing);
      ++stats_.evictions;
      ++closed;
    }
  }
  close_all(closing);
  return closed;
}

void DescriptorCache::set_capacity(std::size_t capacity) {
  std::uint32_t closing = kNone;
  {
    Lock lock{mutex_};
    capacity_ = std::min(capacity, most_);
    evict_above(capacity_, closing);
  }
  close_all(closing);
}

DescriptorCache::Stats DescriptorCache::stats() const {
  Lock lock{mutex_};
  Stats out = stats_;
  out.capacity = capacity_;
  return out;
}

}  // namespace sluice::mirror
