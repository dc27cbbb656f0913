// SPDX-License-Identifier: MIT
#include "sluice/observe/record_drain.h"

#include <array>
#include <chrono>
#include <system_error>

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;

// Looks this often: those who put records do not wake anybody, since a wake-up would cost a request
// more than the record does.
constexpr auto kPause = 20ms;
constexpr std::size_t kAtOnce = 64;

}  // namespace

Result<std::unique_ptr<RecordDrain>> RecordDrain::start(RecordRing& ring, Write write) {
  std::unique_ptr<RecordDrain> drain{new RecordDrain{ring, std::move(write)}};
  try {
    drain->thread_ = std::thread{[raw = drain.get()] { raw->work(); }};
  } catch (const std::system_error&) {
    return fail(EAGAIN);
  }
  return drain;
}

RecordDrain::~RecordDrain() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool RecordDrain::write_some() {
  std::array<Record, kAtOnce> records;
  const std::size_t taken = ring_.take(records);
  const std::uint64_t dropped = ring_.dropped();
  if (taken == 0 && dropped == told_) return false;
  write_(std::span{records}.first(taken), dropped - told_);
  told_ = dropped;
  return taken > 0;
}

void RecordDrain::work() noexcept {
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

}  // namespace sluice::observe
