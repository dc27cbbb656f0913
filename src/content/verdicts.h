// SPDX-License-Identifier: MIT
// What versions of files contain: from memory, else from the cache's file, else found out now. What
// is being found out is not asked for twice: whoever comes meanwhile waits for the same answer.
//
// An answer is kept only if it cannot be of two versions at once: nobody had the file open for
// writing meanwhile (a lease says so, or, where there are none, its times), and it was last changed
// long enough ago for a further change to show. All may be called by many threads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/content/detection.h"
#include "sluice/content/finder.h"
#include "sluice/content/lease_watch.h"
#include "sluice/content/verdict_cache.h"
#include "sluice/content/version.h"

namespace sluice::content {

struct VerdictsOptions {
  std::string cache_file{};  // empty: memory alone
  std::size_t memory_rows = 200'000;
  std::size_t most_rows = 2'000'000;  // in the file
  // For so long it is not tried again to look into what could not be looked into: it may have been
  // the workers, and it may be that each try costs one.
  std::chrono::milliseconds failed_for{2000};
};

class Verdicts {
 public:
  static constexpr std::size_t kLater = 256;  // files that wait to be looked into; more are not

  struct Known {
    policy::ContentSet contents;
    std::vector<std::pair<SetIndex, std::shared_ptr<const Findings>>> findings{};
    Version version{};
    bool kept = false;     // nothing had to be read for it
    bool writers = false;  // somebody has it open for writing: it is of no version
    // Why nothing else here means anything: EINTR who asks was interrupted; EAGAIN all inspectors
    // were busy for as long as anybody waits.
    std::optional<Errno> unanswered{};
  };
  struct Stats {
    std::uint64_t from_memory = 0;
    std::uint64_t from_file = 0;
    std::uint64_t inspected = 0;
    std::uint64_t written_meanwhile = 0;  // files that somebody had open for writing
    std::uint64_t later = 0;              // looked into without being asked
  };

  // detection, finder  finder outlives this
  Verdicts(std::shared_ptr<const Detection> detection, Finder& finder, VerdictsOptions options);
  ~Verdicts();

  // Tells what of `asked` the file contains, or how finding that out ended.
  // fd    a regular file, open for reading; borrowed
  // path  below the mounted root; empty: not known
  Known of(int fd, std::string_view path, policy::ContentSet asked,
           const Interrupted& interrupted = {}) noexcept;
  // The same, if nothing has to be read from the file for it. fd: may be O_PATH
  std::optional<Known> known(int fd, std::string_view path, policy::ContentSet asked) noexcept;
  // Finds it out when there is time. Does not wait.
  void later(Fd fd, std::string path, policy::ContentSet asked) noexcept;
  // Waits until what was found is in the file.
  void flush() noexcept;

  // Why there is no file, or why it was begun anew; empty: all is well.
  std::string trouble() const;
  Stats stats() const noexcept;

 private:
  struct Key {
    Version version;
    SetIndex set{};
    // A digest, where it matters: whoever chooses names finds no two with the same.
    Digest32 path{};
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      std::size_t path = 0;
      std::memcpy(&path, key.path.data(), sizeof path);
      return key.version.hash() + static_cast<std::size_t>(key.set) * 31 + path;
    }
  };
  using Answer = std::shared_ptr<const Findings>;
  struct Row {
    Key key;
    Answer answer;
    std::chrono::steady_clock::time_point until;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Row> rows;  // the last used one first
    std::unordered_map<Key, std::list<Row>::iterator, Hash> by_key;
  };
  // Somebody is finding it out.
  struct Flight {
    bool landed = false;
    Answer answer;  // null: whoever did it was interrupted
    bool writers = false;
  };
  struct Job {
    Fd fd;
    std::string path;
    policy::ContentSet asked;
    int turns = 0;  // that it was put off
    std::chrono::steady_clock::time_point due{};
  };

  struct Asking {
    int fd;
    std::string_view path;
    const Interrupted& interrupted;
    bool is_interrupted() const { return interrupted && interrupted(); }
  };

  Known look(const Asking& who, policy::ContentSet asked);
  Known gather(const Version& version, std::string_view path, policy::ContentSet asked,
               std::vector<SetIndex>& missing);
  Key key_of(const Version& version, SetIndex set, std::string_view path) const;
  std::vector<std::byte> row_key(const Key& key) const;
  Answer remembered(const Key& key);
  void remember(const Key& key, const Answer& answer);
  void keep(const Key& key, const Answer& answer);
  bool find_out(const Asking& who, const std::vector<SetIndex>& missing, Known& known);
  std::pair<Answer, bool> inspect(const Asking& who, const Key& key);
  std::shared_ptr<Flight> take_off(const Asking& who, const Key& key, bool& mine);
  std::pair<Answer, bool> inspect_alone(const Asking& who, const Key& key);
  Answer in_memory(const Key& key);
  void run(const std::stop_token& stop);
  std::optional<Job> next_job(const std::stop_token& stop);
  void run(Job job);
  Shard& shard(const Key& key) noexcept { return shards_[Hash{}(key) / 64 % shards_.size()]; }

  static constexpr std::uint8_t kNoSet = 0xff;

  const std::shared_ptr<const Detection> detection_;
  std::array<std::uint8_t, policy::kMaxContents> set_of_{};  // that tells of a content, or kNoSet
  Finder& finder_;
  const VerdictsOptions options_;
  std::unique_ptr<VerdictCache> cache_;
  LeaseWatch leases_;
  std::array<Shard, 16> shards_;

  std::mutex flights_mutex_;  // guards flights_ and each of them
  std::condition_variable landed_;
  std::unordered_map<Key, std::shared_ptr<Flight>, Hash> flights_;

  struct Counts {
    std::atomic<std::uint64_t> from_memory{0}, from_file{0}, inspected{0}, written_meanwhile{0},
        later{0};
  };
  Counts counts_;

  std::mutex jobs_mutex_;  // guards jobs_
  std::condition_variable_any queued_;
  std::deque<Job> jobs_;
  std::jthread worker_;  // the last member: it uses the others
};

}  // namespace sluice::content
