// SPDX-License-Identifier: MIT
#include "sluice/content/lease_watch.h"

#include <algorithm>
#include <chrono>

namespace sluice::content {
namespace {

constexpr std::chrono::milliseconds kPace{3};

}  // namespace

LeaseWatch::Held::Held(LeaseWatch& watch, Lease lease) : watch_{watch}, lease_{std::move(lease)} {
  const std::lock_guard lock{watch_.mutex_};
  watch_.held_.push_back(this);
  watch_.any_.notify_one();
}

LeaseWatch::Held::~Held() {
  const std::lock_guard lock{watch_.mutex_};
  std::erase(watch_.held_, this);
}

bool LeaseWatch::Held::still() noexcept {
  const std::lock_guard lock{watch_.mutex_};
  return lease_.held();
}

LeaseWatch::LeaseWatch() : thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void LeaseWatch::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (any_.wait(lock, stop, [&] { return !held_.empty(); })) {
    for (Held* each : held_) static_cast<void>(each->lease_.held());
    lock.unlock();
    std::this_thread::sleep_for(kPace);
    lock.lock();
  }
}

}  // namespace sluice::content
