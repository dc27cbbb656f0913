// SPDX-License-Identifier: MIT
// What is known of files that have several names: the places of those names, of which the strictest
// holds for all of them, and whether there are names that nobody has come by.
//
// Bounded: of a file that there is no room for only the name in hand is known.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/base/ids.h"
#include "sluice/mirror/lower_handle.h"
#include "sluice/policy/program.h"

namespace sluice::guard {

// A name by its directory and a hash; for counting names, so that two that collide count as one.
using NameMark = std::uint64_t;
NameMark name_mark(NodeId directory, std::string_view name) noexcept;

class HardLinks {
 public:
  static constexpr std::size_t kMostFiles = 65536;
  static constexpr std::size_t kMostNames = 16;

  struct Known {
    std::vector<policy::Place> places;  // whose grants differ; held for as long as they stand here
    bool all = false;                   // there is no name beside those
  };

  // Notes that the file has `name` at `place`, and that it has `links` names now.
  // returns  what is known then; of a file for which there is no room, that name alone.
  Known learn(const policy::Program& program, const mirror::LowerHandle& file, policy::Place place,
              NameMark name, std::uint64_t links);
  // Notes the first further name of a file whose only name had `place`.
  void learn_only(const policy::Program& program, const mirror::LowerHandle& file,
                  policy::Place place);
  std::optional<Known> find(const mirror::LowerHandle& file) const;
  // The file has lost a name, which may be given again to another.
  void lost(const mirror::LowerHandle& file, NameMark name);
  // The file has one name left.
  void forget(const policy::Program& program, const mirror::LowerHandle& file);
  // Forgets all, without giving places back: their program is gone.
  void clear();

  std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return count_.load(std::memory_order_acquire) == 0; }

 private:
  struct Hash {
    std::size_t operator()(const mirror::LowerHandle& file) const noexcept;
  };
  struct Record {
    Known known;
    std::vector<NameMark> names;
  };
  Record* record_of(const mirror::LowerHandle& file);
  static void add_place(const policy::Program& program, Known& known, policy::Place place);

  mutable std::mutex mutex_;  // guards the map
  std::unordered_map<mirror::LowerHandle, Record, Hash> files_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace sluice::guard
