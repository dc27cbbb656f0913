// SPDX-License-Identifier: MIT
// What is open, by the handle that the kernel was given. Slots are used again under a new
// generation, so that a handle from the past is EBADF and never another file. Finding one takes a
// short mutex and allocates nothing; who has found one keeps it from going until done.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include "sluice/base/ids.h"
#include "sluice/base/result.h"

namespace sluice::mirror {

template <class T>
class HandleTable {
  struct Slot {
    T value{};
    std::uint32_t generation = 1;
    std::uint32_t references = 0;  // one for being open, one for each Ref
    bool open = false;
    std::uint32_t next_free = 0;
  };

 public:
  // An open thing in use. The last one of a closed thing destroys it.
  class Ref {
   public:
    Ref(Ref&& other) noexcept
        : table_{std::exchange(other.table_, nullptr)}, index_{other.index_}, slot_{other.slot_} {}
    Ref& operator=(Ref&&) = delete;
    ~Ref() {
      if (table_ != nullptr) table_->put(index_);
    }
    T& operator*() const noexcept { return slot_->value; }
    T* operator->() const noexcept { return &slot_->value; }

   private:
    friend class HandleTable;
    Ref(HandleTable& table, std::uint32_t index, Slot& slot) noexcept
        : table_{&table}, index_{index}, slot_{&slot} {}
    HandleTable* table_;
    std::uint32_t index_;
    Slot* slot_;
  };

  // Keeps `value` open. errors: ENFILE, ENOMEM.
  Result<FileHandle> add(T&& value) noexcept {
    std::lock_guard lock{mutex_};
    std::uint32_t index = free_;
    if (index == 0) {
      if (slots_.size() >= kMost) return fail(ENFILE);
      try {
        slots_.emplace_back();
      } catch (...) {
        return fail(ENOMEM);
      }
      index = static_cast<std::uint32_t>(slots_.size());
    } else {
      free_ = at(index).next_free;
    }
    Slot& slot = at(index);
    slot.value = std::move(value);
    slot.references = 1;
    slot.open = true;
    ++open_;
    return FileHandle{(std::uint64_t{slot.generation} << 32) | index};
  }

  // errors: EBADF.
  Result<Ref> find(FileHandle handle) noexcept {
    std::lock_guard lock{mutex_};
    Slot* slot = known(handle);
    if (slot == nullptr) return fail(EBADF);
    ++slot->references;
    return Ref{*this, index_of(handle), *slot};
  }

  // Ends the handle; what was open goes with the last Ref. errors: EBADF.
  Result<Ref> close(FileHandle handle) noexcept {
    std::lock_guard lock{mutex_};
    Slot* slot = known(handle);
    if (slot == nullptr) return fail(EBADF);
    slot->open = false;  // the reference for being open becomes the Ref's
    --open_;
    return Ref{*this, index_of(handle), *slot};
  }

  std::size_t open() const noexcept {
    std::lock_guard lock{mutex_};
    return open_;
  }

 private:
  static constexpr std::size_t kMost = 1U << 28;

  static std::uint32_t index_of(FileHandle handle) noexcept {
    return static_cast<std::uint32_t>(raw(handle));
  }
  Slot& at(std::uint32_t index) noexcept { return slots_[index - 1]; }
  Slot* known(FileHandle handle) noexcept {
    const std::uint32_t index = index_of(handle);
    if (index == 0 || index > slots_.size()) return nullptr;
    Slot& slot = at(index);
    const auto generation = static_cast<std::uint32_t>(raw(handle) >> 32);
    return slot.open && slot.generation == generation ? &slot : nullptr;
  }
  void put(std::uint32_t index) noexcept {
    T gone{};  // destroyed after the mutex is released
    std::lock_guard lock{mutex_};
    Slot& slot = at(index);
    if (--slot.references > 0) return;
    gone = std::exchange(slot.value, T{});
    if (++slot.generation == 0) slot.generation = 1;
    slot.next_free = free_;
    free_ = index;
  }

  mutable std::mutex mutex_;   // guards all below, and each slot but a value in use
  std::deque<Slot> slots_;     // never moves one
  std::uint32_t free_ = 0;
  std::size_t open_ = 0;
};

}  // namespace sluice::mirror
