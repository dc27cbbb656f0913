// SPDX-License-Identifier: MIT
// Findings, kept in a file from one start to the next, for any number of processes at once. It is
// only ever a shortcut: whatever is odd about the file or a row of it, there is nothing known.
//
// Who may write to it could have files shown; so it must be our own, in a folder of our own. A row
// has a checksum, so that one that is torn is none. What is to be kept is written by a thread of
// its own: nobody waits for the disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sluice/content/cache_database.h"
#include "sluice/content/cache_place.h"
#include "sluice/content/findings.h"

namespace sluice::content {

class VerdictCache {
 public:
  using Limits = CacheDatabase::Limits;
  // What waits to be written; more is not kept.
  static constexpr std::size_t kQueueRows = 262'144;
  static constexpr std::size_t kQueueBytes = std::size_t{64} << 20;
  // What is longer is not kept: it is rare, and finding it out again is cheaper.
  static constexpr std::size_t kLongestValue = std::size_t{64} << 10;

  // file       is made where it is not there; its folder too. A file that is none of ours, of
  //            another version, or damaged is set aside as FILE.bad, and another one made, unless
  //            somebody is using it
  // most_rows  beyond, those that were not used for longest go
  VerdictCache(std::string file, std::size_t most_rows)
      : VerdictCache{std::move(file), Limits{.rows = most_rows}} {}
  VerdictCache(std::string file, Limits limits);
  ~VerdictCache();  // what waits is written

  // Gives why nothing is kept; empty where all is well. One line.
  std::string trouble() const;

  std::optional<Findings> get(Bytes key) noexcept;
  void put(std::vector<std::byte> key, const Findings& findings) noexcept;
  // Waits until what was put is written.
  void flush() noexcept;

 private:
  using Row = CacheDatabase::Row;
  // A connection for who asks, and one for who writes: those who ask do not wait for the other.
  struct Connection {
    std::mutex mutex;
    std::unique_ptr<CacheDatabase> database;  // null: not used, or not any more
  };

  void open();
  bool connect(CacheDatabase::Make make, CacheDatabase::Failure& failure);
  std::optional<Findings> find(Bytes key, bool& is_old);
  void give_up() noexcept;
  void queue(Row row);
  void write(const std::stop_token& stop);
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
  bool is_writing_ = false;
  std::jthread writer_;  // the last member: it uses the others
};

}  // namespace sluice::content
