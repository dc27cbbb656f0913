// SPDX-License-Identifier: MIT
#include "sluice/content/verdict_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace sluice::content {
namespace {

using Failure = CacheDatabase::Failure;
using Make = CacheDatabase::Make;

constexpr std::size_t kBatch = 4096;

}  // namespace

VerdictCache::VerdictCache(std::string file, Limits limits)
    : file_{std::move(file)}, limits_{std::max<std::size_t>(limits.rows, 16), limits.bytes} {
  open();
  if (!writing_.database) {
    place_.reset();
    return;
  }
  writer_ = std::jthread{[this](const std::stop_token& stop) { write(stop); }};
}

VerdictCache::~VerdictCache() = default;

void VerdictCache::say(std::string line) {
  const std::lock_guard lock{trouble_mutex_};
  trouble_ = std::move(line);
}

std::string VerdictCache::trouble() const {
  const std::lock_guard lock{trouble_mutex_};
  return trouble_;
}

void VerdictCache::open() {
  auto place = CachePlace::claim(file_);
  if (!place) return say(place.error().line());
  place_.emplace(std::move(*place));
  const bool alone = place_->claimed() == CachePlace::Claim::alone;
  if (alone && !place_->make()) {
    return say(fmt::format("cannot make `{}`: what is found in files is not kept", file_));
  }
  auto failure = Failure::not_to_be;
  bool good = false;
  if (alone && place_->marked()) {
    failure = Failure::not_ours;
  } else {
    good = connect(alone ? Make::yes : Make::no, failure);
  }
  if (!good && failure == Failure::not_ours && alone && place_->set_aside() && place_->make()) {
    good = connect(Make::yes, failure);
    say(fmt::format("`{0}` was no cache of this version, or damaged: it is `{0}.bad` now, and begun"
                    " anew",
                    file_));
  }
  if (good) return place_->share();
  if (failure == Failure::not_ours) {
    return say(fmt::format("`{}` is no cache of this version, or damaged, and others are using it:"
                           " what is found in files is not kept",
                           file_));
  }
  say(fmt::format("cannot use `{}` now: what is found in files is not kept", file_));
}

bool VerdictCache::connect(Make make, Failure& failure) {
  for (Connection* each : {&writing_, &asking_}) {
    const auto use = each == &writing_ ? CacheDatabase::Use::writing : CacheDatabase::Use::asking;
    auto database = CacheDatabase::open(place_->file(), make, use, limits_);
    if (!database) {
      failure = database.error();
      writing_.database.reset();
      return false;
    }
    each->database = std::move(*database);
  }
  return true;
}

// Not before it is opened the next time is it set aside: now others may be at it.
void VerdictCache::give_up() noexcept {
  place_->mark();
  for (Connection* each : {&writing_, &asking_}) {
    const std::lock_guard lock{each->mutex};
    each->database.reset();
  }
  try {
    say(fmt::format("`{}` is damaged: what is found in files is not kept, until it is begun anew"
                    " at the next start",
                    file_));
  } catch (const std::exception&) {  // no memory; it is not used in any case
  }
}

std::optional<Findings> VerdictCache::find(Bytes key, bool& is_old) {
  bool damaged = false;
  std::optional<CacheDatabase::Found> found;
  {
    const std::lock_guard lock{asking_.mutex};
    if (!asking_.database) return std::nullopt;
    found = asking_.database->get(key);
    damaged = asking_.database->is_damaged();
  }
  if (damaged) give_up();
  if (!found) return std::nullopt;
  is_old = found->is_old;
  return std::move(found->findings);
}

std::optional<Findings> VerdictCache::get(Bytes key) noexcept try {
  bool is_old = false;
  auto findings = find(key, is_old);
  if (findings && is_old) queue({{key.begin(), key.end()}, {}});
  return findings;
} catch (const std::exception&) {  // no memory
  return std::nullopt;
}

void VerdictCache::put(std::vector<std::byte> key, const Findings& findings) noexcept try {
  if (!writer_.joinable()) return;
  std::vector<std::byte> value = findings.encode();
  if (value.size() <= kLongestValue) queue({std::move(key), std::move(value)});
} catch (const std::exception&) {  // no memory: it is found out again
}

void VerdictCache::queue(Row row) {
  const std::size_t size = row.key.size() + row.value.size();
  const std::lock_guard lock{queue_mutex_};
  if (queue_.size() >= kQueueRows || queued_bytes_ + size > kQueueBytes) return;
  queue_.push_back(std::move(row));
  queued_bytes_ += size;
  queued_.notify_one();
}

void VerdictCache::flush() noexcept {
  if (!writer_.joinable()) return;
  std::unique_lock lock{queue_mutex_};
  constexpr std::chrono::seconds kLongest{10};
  written_.wait_for(lock, kLongest, [&] { return queue_.empty() && !is_writing_; });
}

void VerdictCache::write(const std::stop_token& stop) {
  std::vector<Row> rows;
  for (;;) {
    {
      std::unique_lock lock{queue_mutex_};
      is_writing_ = false;
      if (queue_.empty()) written_.notify_all();
      queued_.wait(lock, stop, [&] { return !queue_.empty(); });
      if (queue_.empty()) return;  // asked to stop, and all is written
      rows.clear();
      while (!queue_.empty() && rows.size() < kBatch) {
        queued_bytes_ -= queue_.front().key.size() + queue_.front().value.size();
        rows.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      is_writing_ = true;
    }
    bool damaged = false;
    try {
      const std::lock_guard lock{writing_.mutex};
      // What cannot be written, as there is no room or others are at it, is not kept.
      if (writing_.database && !writing_.database->write(rows)) {
        damaged = writing_.database->is_damaged();
      }
    } catch (const std::exception&) {  // no memory: likewise
    }
    if (damaged) give_up();
  }
}

}  // namespace sluice::content
