// SPDX-License-Identifier: MIT
// The thread that writes records out. It alone waits for the file, the pipe or the disk; when they
// are slow the ring fills and drops, and the number of dropped records is written as soon as
// something can be written again.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

#include "sluice/observe/record_ring.h"

namespace sluice::observe {

class RecordDrain {
 public:
  // Called by the drain's thread with records in the order they were put, and with how many were
  // dropped since it was called last.
  using Write = std::function<void(std::span<const Record> records, std::uint64_t dropped)>;

  // Starts the thread. `ring` outlives this. errors: EAGAIN no thread can be started.
  static Result<std::unique_ptr<RecordDrain>> start(RecordRing& ring, Write write);
  RecordDrain(const RecordDrain&) = delete;
  RecordDrain& operator=(const RecordDrain&) = delete;
  // Writes what is there, and ends the thread; waits for a write that is under way.
  ~RecordDrain();

 private:
  RecordDrain(RecordRing& ring, Write write) : ring_{ring}, write_{std::move(write)} {}
  void work() noexcept;
  bool write_some();

  RecordRing& ring_;
  Write write_;
  std::uint64_t told_ = 0;  // drops that were told
  std::mutex mutex_;        // guards stop_
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::observe
