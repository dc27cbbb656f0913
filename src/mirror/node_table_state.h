// SPDX-License-Identifier: MIT
// The inside of NodeTable, shared by its source files only. The functions here expect the mutex to
// be held, and take slot numbers that were checked.
#pragma once

#include <atomic>
#include <cstring>
#include <mutex>

#include "sluice/mirror/memory_file.h"
#include "sluice/mirror/node_index.h"
#include "sluice/mirror/node_table.h"

namespace sluice::mirror {

inline constexpr std::uint32_t kRootSlot = 1;

struct NodeTable::State {
  explicit State(MemoryFile memory) noexcept : file{std::move(memory)} {}

  // Guards all that is in the file. Nothing is called out to while it is held.
  mutable std::mutex mutex;
  MemoryFile file;
  NodeHeader& header = *reinterpret_cast<NodeHeader*>(file.owner());
  RecordSlab records{file, kRecords, header.records};
  DirectoryNames names{records};
  NodeIndex index{file, header, records};

  NodeSlot& slot(std::uint32_t number) const noexcept {
    return reinterpret_cast<NodeSlot*>(file.base(kSlots))[number];
  }
  bool known(NodeId node) const noexcept;
  // Gives the slot's number. errors: ESTALE.
  Result<std::uint32_t> resolve(NodeId node) const noexcept;
  NodeId id_of(std::uint32_t number) const noexcept;

  // Makes a slot, live, counted once, in the index.
  Result<std::uint32_t> make(const LowerHandle& handle, NodeKeyExtra extra, std::uint64_t ino,
                             NodeKind kind);
  void free(std::uint32_t number);
  Forgotten free_if_unused(std::uint32_t number);
  void detach(std::uint32_t number);
  Result<LowerHandle> handle_of(const NodeSlot& node) const;

  // What attach does.
  Result<void> validate();
  void rebuild();

 private:
  Result<std::uint32_t> take_slot();
  void put_back(std::uint32_t number);
  Result<void> store_handle(NodeSlot& node, const LowerHandle& handle);
};

inline std::uint32_t long_handle_record(const NodeSlot& node) noexcept {
  std::uint32_t first = 0;
  std::memcpy(&first, node.handle.data(), sizeof first);
  return first;
}

// Marks the file as being changed, so that a successor of a process that dies meanwhile knows that
// links may be half made. Stores of a killed process are not lost: compiler order is enough.
class Changing {
 public:
  explicit Changing(NodeHeader& header) noexcept : header_{header} {
    header_.changing = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~Changing() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    header_.changing = 0;
  }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  NodeHeader& header_;
};

}  // namespace sluice::mirror
