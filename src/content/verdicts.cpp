// SPDX-License-Identifier: MIT
#include "sluice/content/verdicts.h"

#include <algorithm>
#include <exception>
#include <optional>

#include "sluice/policy/digest.h"

namespace sluice::content {

using policy::ContentSet;

namespace {

// How often a file that changes while it is looked into is looked into again.
constexpr int kTries = 3;
// There are no more sets than names for what they find; they are counted in the bits of a word.
constexpr std::size_t kMostSets = 64;
static_assert(policy::kMaxContents <= kMostSets);

ContentSet failed() noexcept {
  ContentSet set;
  set.add(policy::kFailed);
  return set;
}

}  // namespace

Verdicts::Verdicts(std::shared_ptr<const Detection> detection, Finder& finder,
                   VerdictsOptions options)
    : detection_{std::move(detection)}, finder_{finder}, options_{std::move(options)} {
  set_of_.fill(kNoSet);
  for (std::size_t i = 0; i < set_of_.size(); ++i) {
    const ContentSet one{policy::ContentId{static_cast<std::uint8_t>(i)}};
    for (const SetIndex set : detection_->sets_for(one)) {
      if (static_cast<std::size_t>(set) < kMostSets) set_of_[i] = static_cast<std::uint8_t>(set);
    }
  }
  if (!options_.cache_file.empty()) {
    cache_ = std::make_unique<VerdictCache>(options_.cache_file,
                                            VerdictCache::Limits{.rows = options_.most_rows});
  }
  worker_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

Verdicts::~Verdicts() = default;

std::string Verdicts::trouble() const { return cache_ ? cache_->trouble() : std::string{}; }

Verdicts::Stats Verdicts::stats() const noexcept {
  return {.from_memory = counts_.from_memory.load(),
          .from_file = counts_.from_file.load(),
          .inspected = counts_.inspected.load(),
          .written_meanwhile = counts_.written_meanwhile.load(),
          .later = counts_.later.load()};
}

void Verdicts::flush() noexcept {
  if (cache_) cache_->flush();
}

Verdicts::Key Verdicts::key_of(const Version& version, SetIndex set, std::string_view path) const {
  Key key{version, set, {}};
  if (detection_->by_path(set)) key.path = policy::digest_of(bytes_of(path));
  return key;
}

// The file outlives the process, and so must what its rows are named by.
std::vector<std::byte> Verdicts::row_key(const Key& key) const {
  std::vector<std::byte> bytes = key.version.key();
  const Digest32& digest = detection_->digest(key.set);
  bytes.insert(bytes.end(), digest.begin(), digest.end());
  bytes.insert(bytes.end(), key.path.begin(), key.path.end());
  return bytes;
}

Verdicts::Answer Verdicts::in_memory(const Key& key) {
  Shard& mine = shard(key);
  const std::lock_guard lock{mine.mutex};
  const auto found = mine.by_key.find(key);
  if (found == mine.by_key.end()) return nullptr;
  const auto row = found->second;
  if (row->answer->outcome == Outcome::failed && row->until < std::chrono::steady_clock::now()) {
    mine.by_key.erase(found);
    mine.rows.erase(row);
    return nullptr;
  }
  mine.rows.splice(mine.rows.begin(), mine.rows, row);
  return row->answer;
}

Verdicts::Answer Verdicts::remembered(const Key& key) {
  if (Answer answer = in_memory(key)) {
    counts_.from_memory.fetch_add(1, std::memory_order_relaxed);
    return answer;
  }
  if (cache_ == nullptr || !key.version.persistent()) return nullptr;
  auto kept = cache_->get(row_key(key));
  if (!kept || kept->outcome != Outcome::whole) return nullptr;
  counts_.from_file.fetch_add(1, std::memory_order_relaxed);
  auto answer = std::make_shared<const Findings>(std::move(*kept));
  remember(key, answer);
  return answer;
}

void Verdicts::remember(const Key& key, const Answer& answer) {
  Shard& mine = shard(key);
  const std::lock_guard lock{mine.mutex};
  const std::size_t most = std::max<std::size_t>(options_.memory_rows / shards_.size(), 1);
  const auto until = std::chrono::steady_clock::now() + options_.failed_for;
  if (const auto known = mine.by_key.find(key); known != mine.by_key.end()) {
    known->second->answer = answer;
    known->second->until = until;
  } else {
    mine.rows.push_front({key, answer, until});
    mine.by_key.emplace(key, mine.rows.begin());
  }
  if (mine.rows.size() > most) {
    mine.by_key.erase(mine.rows.back().key);
    mine.rows.pop_back();
  }
}

void Verdicts::keep(const Key& key, const Answer& answer) {
  // How long it took says nothing of how long it takes the next time.
  if (answer->outcome == Outcome::timed_out || answer->outcome == Outcome::busy) return;
  remember(key, answer);
  if (cache_ == nullptr || !key.version.persistent()) return;
  if (answer->outcome == Outcome::whole) cache_->put(row_key(key), *answer);
}

// What is known by now; the sets that nothing is known of are put into `missing`.
Verdicts::Known Verdicts::gather(const Version& version, std::string_view path, ContentSet asked,
                                 std::vector<SetIndex>& missing) {
  Known known;
  known.version = version;
  missing.clear();
  std::uint64_t done = 0;
  for (const policy::ContentId content : asked) {
    const auto index = static_cast<std::size_t>(content);
    if (index >= set_of_.size() || set_of_[index] == kNoSet) continue;
    const std::uint64_t bit = std::uint64_t{1} << set_of_[index];
    if ((done & bit) != 0) continue;
    done |= bit;
    const SetIndex set{set_of_[index]};
    Answer answer = remembered(key_of(version, set, path));
    if (answer == nullptr) {
      missing.push_back(set);
      continue;
    }
    known.contents |= detection_->contents_of(set, *answer);
    known.findings.emplace_back(set, std::move(answer));
  }
  known.kept = missing.empty();
  return known;
}

std::optional<Verdicts::Known> Verdicts::known(int fd, std::string_view path,
                                               ContentSet asked) noexcept try {
  const auto version = Version::of(fd);
  if (!version) return std::nullopt;
  std::vector<SetIndex> missing;
  Known known = gather(*version, path, asked, missing);
  if (!missing.empty()) return std::nullopt;
  return known;
} catch (const std::exception&) {
  return std::nullopt;
}

Verdicts::Known Verdicts::of(int fd, std::string_view path, ContentSet asked,
                             const Interrupted& interrupted) noexcept try {
  return look({fd, path, interrupted}, asked);
} catch (const std::exception&) {
  Known nothing;
  nothing.contents = failed();
  return nothing;
}

Verdicts::Known Verdicts::look(const Asking& who, ContentSet asked) {
  std::vector<SetIndex> missing;
  Known known;
  for (int i = 0; i < kTries; ++i) {
    const auto version = Version::of(who.fd);
    if (!version) {
      if (asked.empty()) return known;
      break;
    }
    known = gather(*version, who.path, asked, missing);
    if (missing.empty()) return known;
    if (find_out(who, missing, known) || known.writers) return known;
  }
  known.contents = failed();
  known.findings.clear();
  return known;
}

// Tells whether all of it is about one version, or about none because somebody writes; and whether
// nobody wants to know.
bool Verdicts::find_out(const Asking& who, const std::vector<SetIndex>& missing, Known& known) {
  for (const SetIndex set : missing) {
    auto [answer, writers] = inspect(who, key_of(known.version, set, who.path));
    const bool interrupted = answer == nullptr;
    if (interrupted || answer->outcome == Outcome::busy) {
      known.contents = failed();
      known.unanswered = interrupted ? Errno{EINTR} : Errno{EAGAIN};
      return true;
    }
    known.writers = known.writers || writers;
    known.contents |= detection_->contents_of(set, *answer);
    known.findings.emplace_back(set, std::move(answer));
  }
  if (known.writers) return true;
  const auto now = Version::of(who.fd);
  return now && *now == known.version;
}

// Gives one that has landed, or makes the caller the one who has to; null: he was interrupted.
std::shared_ptr<Verdicts::Flight> Verdicts::take_off(const Asking& who, const Key& key,
                                                     bool& mine) {
  constexpr std::chrono::milliseconds kNow{20};  // how soon an interrupt is noticed
  std::unique_lock lock{flights_mutex_};
  for (;;) {
    auto& known = flights_[key];
    mine = known == nullptr;
    if (mine) known = std::make_shared<Flight>();
    const std::shared_ptr<Flight> flight = known;
    if (mine) return flight;
    // Whoever finds it out is bounded in time, and so is this.
    while (!landed_.wait_for(lock, kNow, [&] { return flight->landed; })) {
      if (who.is_interrupted()) return nullptr;
    }
    if (flight->answer != nullptr) return flight;
  }
}

// Gives no answer to who was interrupted.
std::pair<Verdicts::Answer, bool> Verdicts::inspect(const Asking& who, const Key& key) {
  bool mine = false;
  const std::shared_ptr<Flight> flight = take_off(who, key, mine);
  if (flight == nullptr) return {};
  if (!mine) return {flight->answer, flight->writers};
  std::pair<Answer, bool> answer;
  try {
    answer = inspect_alone(who, key);
  } catch (const std::exception&) {  // no memory; those who wait must not wait for ever
    static const auto kNoMemory =
        std::make_shared<const Findings>(nothing_known(Outcome::failed, "out of memory"));
    answer = {kNoMemory, false};
  }
  const std::lock_guard lock{flights_mutex_};
  flight->answer = answer.first;
  flight->writers = answer.second;
  flight->landed = true;
  flights_.erase(key);
  landed_.notify_all();
  return answer;
}

std::pair<Verdicts::Answer, bool> Verdicts::inspect_alone(const Asking& who, const Key& key) {
  auto lease = Lease::take(who.fd);
  const bool writers = !lease && lease.error() == Errno{EAGAIN};
  std::optional<LeaseWatch::Held> held;
  if (lease) held.emplace(leases_, std::move(*lease));
  // Of a file that was changed just before the first byte is read, a change after the last one is
  // not to be told; however long reading takes.
  const bool settled = key.version.settled(std::chrono::system_clock::now());
  counts_.inspected.fetch_add(1, std::memory_order_relaxed);
  if (writers) counts_.written_meanwhile.fetch_add(1, std::memory_order_relaxed);
  Answer answer = std::make_shared<const Findings>(
      finder_.find(key.set, who.fd, key.version.size(), who.path, who.interrupted));
  if (answer->outcome == Outcome::failed && who.is_interrupted()) return {};
  const bool untouched = !writers && (!held || held->still());
  const auto now = Version::of(who.fd);
  const bool same = now && *now == key.version;
  if (untouched && same && settled) keep(key, answer);
  return {std::move(answer), writers};
}

void Verdicts::later(Fd fd, std::string path, ContentSet asked) noexcept try {
  const std::lock_guard lock{jobs_mutex_};
  if (jobs_.size() >= kLater) return;
  jobs_.push_back({std::move(fd), std::move(path), asked});
  queued_.notify_one();
} catch (const std::exception&) {  // it is found out when somebody asks
}

// Waits for one that is due; gives none when asked to stop.
std::optional<Verdicts::Job> Verdicts::next_job(const std::stop_token& stop) {
  std::unique_lock lock{jobs_mutex_};
  while (queued_.wait(lock, stop, [&] { return !jobs_.empty(); }) && !stop.stop_requested()) {
    const auto first = std::ranges::min_element(jobs_, {}, &Job::due);
    if (first->due <= std::chrono::steady_clock::now()) {
      Job job = std::move(*first);
      jobs_.erase(first);
      return job;
    }
    queued_.wait_until(lock, stop, first->due, [] { return false; });
  }
  return std::nullopt;
}

void Verdicts::run(const std::stop_token& stop) {
  while (auto job = next_job(stop)) {
    try {
      run(std::move(*job));
    } catch (const std::exception&) {  // no memory: it is found out when somebody asks
    }
  }
}

// What was just written may be written to again, and what is found then is not kept: it is put off
// for a while, and then left to whoever asks.
void Verdicts::run(Job job) {
  constexpr int kTurns = 50;
  const auto version = Version::of(job.fd.get());
  if (!version) return;
  if (!version->settled(std::chrono::system_clock::now())) {
    job.due = std::chrono::steady_clock::now() + Version::kGrain;
    const std::lock_guard lock{jobs_mutex_};
    if (++job.turns <= kTurns && jobs_.size() < kLater) jobs_.push_back(std::move(job));
    return;
  }
  counts_.later.fetch_add(1, std::memory_order_relaxed);
  static_cast<void>(of(job.fd.get(), job.path, job.asked));
}

}  // namespace sluice::content
