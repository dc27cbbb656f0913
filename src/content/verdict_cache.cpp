// SPDX-License-Identifier: MIT
#include "sluice/content/verdict_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "sluice/content/cache_database.h"
#include "sluice/content/cache_place.h"

namespace sluice::content {
namespace {

using Failure = CacheDatabase::Failure;
using Make = CacheDatabase::Make;

constexpr std::size_t kBatch = 4096;
// How long rows are waited for, once there is one: one transaction for each would keep those from
// asking who put them.
constexpr std::chrono::milliseconds kGathered{100};

}  // namespace

class VerdictCache::Open {
 public:
  Open(std::string file, Limits limits);

  std::string trouble() const;
  std::optional<Findings> get(Bytes key);
  void put(std::vector<std::byte> key, const Findings& findings);
  void flush();

 private:
  using Row = CacheDatabase::Row;
  // A connection for who asks, and one for who writes: those who ask do not wait for the other.
  struct Connection {
    std::mutex mutex;
    std::unique_ptr<CacheDatabase> database;  // null: not used, or not any more
  };

  void open();
  bool connect(Make make, Failure& failure);
  std::optional<Findings> find(Bytes key, bool& is_old);
  void give_up() noexcept;
  void queue(Row row);
  void write(const std::stop_token& stop);
  bool take(std::vector<Row>& rows, const std::stop_token& stop);
  void say(std::string line);

  const std::string file_;
  const Limits limits_;
  std::optional<CachePlace> place_;  // longer than the connections
  Connection asking_, writing_;
  mutable std::mutex trouble_mutex_;  // guards trouble_
  std::string trouble_;

  std::mutex queue_mutex_;  // guards all below but the thread
  std::condition_variable_any queued_, written_;
  std::deque<Row> queue_;
  std::size_t queued_bytes_ = 0;
  int flushing_ = 0;  // who waits for all of it
  bool is_writing_ = false;
  std::jthread writer_;  // the last member: it uses the others
};

VerdictCache::Open::Open(std::string file, Limits limits)
    : file_{std::move(file)}, limits_{std::max<std::size_t>(limits.rows, 16), limits.bytes} {
  open();
  if (!writing_.database) {
    place_.reset();
    return;
  }
  writer_ = std::jthread{[this](const std::stop_token& stop) { write(stop); }};
}

void VerdictCache::Open::say(std::string line) {
  const std::lock_guard lock{trouble_mutex_};
  trouble_ = std::move(line);
}

std::string VerdictCache::Open::trouble() const {
  const std::lock_guard lock{trouble_mutex_};
  return trouble_;
}

void VerdictCache::Open::open() {
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
    say(
        fmt::format("`{0}` was no cache of this version, or damaged: it is `{0}.bad` now, and begun"
                    " anew",
                    file_));
  }
  if (good) return place_->share();
  if (failure == Failure::not_ours) {
    return say(
        fmt::format("`{}` is no cache of this version, or damaged, and others are using it:"
                    " what is found in files is not kept",
                    file_));
  }
  say(fmt::format("cannot use `{}` now: what is found in files is not kept", file_));
}

bool VerdictCache::Open::connect(Make make, Failure& failure) {
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
void VerdictCache::Open::give_up() noexcept {
  place_->mark();
  for (Connection* each : {&writing_, &asking_}) {
    const std::lock_guard lock{each->mutex};
    each->database.reset();
  }
  try {
    say(
        fmt::format("`{}` is damaged: what is found in files is not kept, until it is begun anew"
                    " at the next start",
                    file_));
  } catch (const std::exception&) {  // no memory; it is not used in any case
  }
}

std::optional<Findings> VerdictCache::Open::find(Bytes key, bool& is_old) {
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

std::optional<Findings> VerdictCache::Open::get(Bytes key) {
  bool is_old = false;
  auto findings = find(key, is_old);
  if (findings && is_old) queue({{key.begin(), key.end()}, {}});
  return findings;
}

void VerdictCache::Open::put(std::vector<std::byte> key, const Findings& findings) {
  if (!writer_.joinable()) return;
  std::vector<std::byte> value = findings.encode();
  if (value.size() <= kLongestValue) queue({std::move(key), std::move(value)});
}

void VerdictCache::Open::queue(Row row) {
  const std::size_t size = row.key.size() + row.value.size();
  const std::lock_guard lock{queue_mutex_};
  if (queue_.size() >= kQueueRows || queued_bytes_ + size > kQueueBytes) return;
  queue_.push_back(std::move(row));
  queued_bytes_ += size;
  if (queue_.size() == 1 || queue_.size() == kBatch) queued_.notify_one();
}

void VerdictCache::Open::flush() {
  if (!writer_.joinable()) return;
  std::unique_lock lock{queue_mutex_};
  constexpr std::chrono::seconds kLongest{10};
  ++flushing_;
  queued_.notify_one();
  written_.wait_for(lock, kLongest, [&] { return queue_.empty() && !is_writing_; });
  --flushing_;
}

// Waits for rows; tells whether there are any, as there are not when asked to stop.
bool VerdictCache::Open::take(std::vector<Row>& rows, const std::stop_token& stop) {
  std::unique_lock lock{queue_mutex_};
  is_writing_ = false;
  if (queue_.empty()) written_.notify_all();
  if (queued_.wait(lock, stop, [&] { return !queue_.empty(); })) {
    queued_.wait_for(lock, stop, kGathered,
                     [&] { return queue_.size() >= kBatch || flushing_ > 0; });
  }
  rows.clear();
  while (!queue_.empty() && rows.size() < kBatch) {
    queued_bytes_ -= queue_.front().key.size() + queue_.front().value.size();
    rows.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  is_writing_ = !rows.empty();
  return is_writing_;
}

void VerdictCache::Open::write(const std::stop_token& stop) {
  std::vector<Row> rows;
  rows.reserve(kBatch);
  while (take(rows, stop)) {
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

VerdictCache::VerdictCache(std::string file, Limits limits)
    : open_{std::make_unique<Open>(std::move(file), limits)} {}

VerdictCache::~VerdictCache() = default;

std::string VerdictCache::trouble() const { return open_->trouble(); }

std::optional<Findings> VerdictCache::get(Bytes key) noexcept try {
  return open_->get(key);
} catch (const std::exception&) {  // no memory
  return std::nullopt;
}

void VerdictCache::put(std::vector<std::byte> key, const Findings& findings) noexcept try {
  open_->put(std::move(key), findings);
} catch (const std::exception&) {  // no memory: it is found out again
}

void VerdictCache::flush() noexcept { open_->flush(); }

}  // namespace sluice::content
