// SPDX-License-Identifier: MIT
#include "sluice/content/pool.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

namespace sluice::content {
namespace {

// For a process that is forked to say that it can be asked.
constexpr std::chrono::seconds kHello{10};
// What could not be started is not tried again at once.
constexpr std::chrono::seconds kTryAgain{1};

// A worker that says something unasked, or is gone, is of no use.
bool is_quiet(const Fd& line) noexcept {
  pollfd poll{line.get(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 0;
}

// Waits for a new worker's first word, and gives its pid.
Result<pid_t> greet(const Fd& line, Clock::time_point until) {
  TRY(wait_for(line.get(), until));
  const Packet packet = TRY(receive_packet(line.get(), 0, Wait::no));
  if (packet.bytes != hello()) return fail(EPROTO);
  return packet.sender;
}

}  // namespace

Result<void, Error> Inspector::Pool::start() { return restart(0); }

std::uint64_t Inspector::Pool::generation() const {
  const std::scoped_lock lock{mutex_};
  return generation_;
}

Result<void, Error> Inspector::Pool::restart(std::uint64_t generation_seen) {
  const std::scoped_lock starting{starting_};
  if (generation() != generation_seen) return {};
  if (!failure_.empty() && Clock::now() - failed_at_ < kTryAgain) return fail(Error{failure_});
  auto process = ForkerProcess::start({setup_.options.program, setup_.sets.get(),
                                       setup_.options.memory, setup_.options.start_timeout});
  if (!process) {
    failure_ = process.error().line();
    failed_at_ = Clock::now();
    return fail(std::move(process).error());
  }
  failure_.clear();
  auto made = std::make_unique<ForkerProcess>(std::move(*process));
  std::vector<Worker> gone;
  {
    const std::scoped_lock lock{mutex_};
    std::swap(forker_, made);
    std::swap(idle_, gone);
    count_ -= gone.size();
    for (const Worker& worker : gone) alive_.erase(worker.number);
    if (generation_++ > 0) ++stats_.restarted;
  }
  changed_.notify_all();
  return {};
}

Result<Inspector::Pool::Worker> Inspector::Pool::try_to_make(Clock::time_point until) {
  Worker worker;
  {
    const std::scoped_lock lock{mutex_};
    worker.number = next_worker_++;
    worker.line = TRY(forker_->fork(worker.number));
  }
  const auto pid = greet(worker.line, std::min(until, Clock::now() + kHello));
  const std::scoped_lock lock{mutex_};
  if (!pid) {
    forker_->end(worker.number);
    return fail(pid.error());
  }
  worker.pid = *pid;
  alive_.emplace(worker.number, worker.pid);
  return worker;
}

Result<Inspector::Pool::Worker, Error> Inspector::Pool::make(Clock::time_point until) {
  const std::uint64_t seen = generation();
  auto worker = try_to_make(until);
  if (worker) return std::move(*worker);
  const Errno why = worker.error();
  const bool ours = why == EMFILE || why == ENFILE || why == ENOMEM;
  if (ours || (why == ETIMEDOUT && Clock::now() >= until))
    return fail(Error::of("no inspector can be started", why));
  // The process that forks is gone, or does not.
  TRY(restart(seen));
  worker = try_to_make(until);
  if (worker) return std::move(*worker);
  return fail(Error::of("no inspector can be started", worker.error()));
}

Result<Inspector::Pool::Worker, Error> Inspector::Pool::borrow(Clock::time_point until,
                                                               const Interrupted& interrupted) {
  std::unique_lock lock{mutex_};
  for (;;) {
    if (interrupted && interrupted()) return fail(Error::of("nobody waits any more", Errno{EINTR}));
    if (!idle_.empty()) {
      Worker worker = std::move(idle_.back());
      idle_.pop_back();
      if (is_quiet(worker.line)) return worker;
      lock.unlock();
      drop(std::move(worker));
      lock.lock();
    } else if (count_ < setup_.options.workers) {
      ++count_;
      lock.unlock();
      auto worker = make(until);
      if (worker) return worker;
      lock.lock();
      --count_;
      changed_.notify_one();
      return worker;
    } else if (changed_.wait_until(lock, std::min(until, Clock::now() + kPatience)) ==
                   std::cv_status::timeout &&
               Clock::now() >= until && idle_.empty() && count_ >= setup_.options.workers) {
      ++stats_.busy;
      return fail(Error{"all inspectors are busy", EBUSY});
    }
  }
}

void Inspector::Pool::give_back(Worker worker) {
  {
    const std::scoped_lock lock{mutex_};
    idle_.push_back(std::move(worker));
  }
  changed_.notify_one();
}

void Inspector::Pool::drop(Worker worker) noexcept {
  {
    const std::scoped_lock lock{mutex_};
    forker_->end(worker.number);
    alive_.erase(worker.number);
    --count_;
  }
  changed_.notify_one();
}

Inspector::Pool::Waited Inspector::Pool::converse(const Worker& worker, const Question& question,
                                                  int file, std::size_t longest,
                                                  const Interrupted& interrupted) {
  const auto until = Clock::now() + setup_.deadline;
  const int line = worker.line.get();
  TRY(send_packet(line, encode(question), {&file, 1}, Wait::no));
  TRY(wait_for(line, until, interrupted));
  const Packet first = TRY(receive_packet(line, 0, Wait::no));
  const auto head = decode_head(first.bytes);
  if (!head || head->number != question.number || head->length > longest) return fail(EPROTO);
  std::vector<std::byte> answer{first.bytes.begin() + kHeadLength, first.bytes.end()};
  while (answer.size() < head->length) {
    TRY(wait_for(line, until, interrupted));
    const Packet part = TRY(receive_packet(line, 0, Wait::no));
    answer.insert(answer.end(), part.bytes.begin(), part.bytes.end());
  }
  if (answer.size() != head->length) return fail(EPROTO);
  return answer;
}

Inspector::Pool::Asked Inspector::Pool::ask(Question question, int file, std::size_t longest,
                                            const std::function<bool(Bytes)>& take,
                                            const Interrupted& interrupted) {
  auto worker = borrow(Clock::now() + setup_.options.queue_wait, interrupted);
  {
    const std::scoped_lock lock{mutex_};
    ++stats_.asked;
    question.number = ++next_question_;
  }
  if (!worker) {
    const bool busy = worker.error().cause() == EBUSY;
    return {busy ? Outcome::busy : Outcome::failed, worker.error().line()};
  }
  const Waited answer = converse(*worker, question, file, longest, interrupted);
  if (answer && take(*answer)) {
    give_back(std::move(*worker));
    return {Outcome::whole, {}};
  }
  drop(std::move(*worker));
  if (!answer && answer.error() == EINTR) return {Outcome::failed, "nobody waits for it any more"};
  const bool late = !answer && answer.error() == ETIMEDOUT;
  {
    const std::scoped_lock lock{mutex_};
    ++(late ? stats_.timed_out : stats_.died);
  }
  if (late)
    return {Outcome::timed_out,
            fmt::format("the inspection took longer than {} ms", setup_.deadline.count())};
  return {Outcome::failed, answer ? "the inspector gave an answer that makes no sense"
                                  : "the inspector ended without an answer"};
}

Inspector::Stats Inspector::Pool::stats() const {
  const std::scoped_lock lock{mutex_};
  return stats_;
}

std::vector<std::string> Inspector::Pool::missing() const {
  const std::scoped_lock lock{mutex_};
  return forker_ ? forker_->missing() : std::vector<std::string>{};
}

Inspector::Processes Inspector::Pool::processes() const {
  const std::scoped_lock lock{mutex_};
  Processes all;
  all.parent = forker_ ? forker_->pid() : 0;
  for (const auto& [number, pid] : alive_) all.workers.push_back(pid);
  return all;
}

}  // namespace sluice::content
