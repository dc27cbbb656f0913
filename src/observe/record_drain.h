// SPDX-License-Identifier: MIT
// The thread that writes records out. It alone waits for the file, the pipe or the disk; when they
// are slow the ring fills and drops, and the number of dropped records is told as soon as something
// can be written again.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>

#include "sluice/observe/record_ring.h"

namespace sluice::observe {

template <class Record>
class RecordDrain {
 public:
  // Called by the drain's thread with records in the order they were put, and with how many were
  // dropped since it was called last.
  using Write = std::function<void(std::span<const Record> records, std::uint64_t dropped)>;

  // Starts the thread. `ring` outlives this. errors: EAGAIN no thread can be started.
  static Result<std::unique_ptr<RecordDrain>> start(RecordRing<Record>& ring, Write write) {
    std::unique_ptr<RecordDrain> drain{new RecordDrain{ring, std::move(write)}};
    try {
      drain->thread_ = std::thread{[raw = drain.get()] { raw->work(); }};
    } catch (const std::system_error&) {
      return fail(EAGAIN);
    }
    return drain;
  }
  RecordDrain(const RecordDrain&) = delete;
  RecordDrain& operator=(const RecordDrain&) = delete;
  // Writes what is there, and ends the thread; waits for a write that is under way.
  ~RecordDrain() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock{mutex_};
      stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  // Looks this often: those who put records do not wake anybody, since a wake-up would cost a
  // request more than the record does.
  static constexpr std::chrono::milliseconds kPause{20};
  static constexpr std::size_t kAtOnce = 64;

  RecordDrain(RecordRing<Record>& ring, Write write) : ring_{ring}, write_{std::move(write)} {}

  void work() noexcept {
    for (;;) {
      bool stop = false;
      {
        std::unique_lock lock{mutex_};
        stop = wake_.wait_for(lock, kPause, [this] { return stop_; });
      }
      try {
        while (write_some()) {
        }
      } catch (...) {
        // No memory for a line: these records are lost, the next ones may not be.
      }
      if (stop) return;
    }
  }

  bool write_some() {
    const std::size_t taken = ring_.take(records_);
    const std::uint64_t dropped = ring_.dropped();
    if (taken == 0 && dropped == told_) return false;
    write_(std::span<const Record>{records_}.first(taken), dropped - told_);
    told_ = dropped;
    return taken > 0;
  }

  RecordRing<Record>& ring_;
  Write write_;
  std::array<Record, kAtOnce> records_{};
  std::uint64_t told_ = 0;  // drops that were told
  std::mutex mutex_;        // guards stop_
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::observe
