// SPDX-License-Identifier: MIT
#include "sluice/fuse/workers.h"

#include <sys/prctl.h>

#include <algorithm>
#include <system_error>
#include <thread>

namespace sluice::fuse {
namespace {

class Pool {
 public:
  Pool(Session& session, Connection& connection, const WorkerOptions& options)
      : session_{session}, connection_{connection}, options_{options} {}

  Result<void> run() {
    run_one();  // the calling thread is the first worker
    std::unique_lock lock{mutex_};
    ended_.wait(lock, [this] { return threads_ == 0; });
    if (failure_) return fail(*failure_);
    return {};
  }

  // The pool that the calling thread is of, or null.
  static Pool*& of_this_thread() noexcept {
    thread_local Pool* pool = nullptr;
    return pool;
  }

  void hold_up() noexcept {
    held_up_.fetch_add(1);
    if (idle_.load() == 0) start_another();
  }
  void go_on() noexcept { held_up_.fetch_sub(1); }

 private:
  enum class Waiting { yes, enough };
  enum class Got { request, nothing };

  // Stands between the channel and the session to see when the last waiting thread leaves.
  class Counted final : public Channel {
   public:
    Counted(Pool& pool, std::unique_ptr<Channel> channel) noexcept
        : pool_{pool}, channel_{std::move(channel)} {}

    Result<Exchange*> next() noexcept override {
      if (pool_.begin_waiting() == Waiting::enough) return fail(ENODEV);
      Result<Exchange*> exchange = channel_->next();
      pool_.end_waiting(exchange ? Got::request : Got::nothing);
      return exchange;
    }
    Delivery commit(Exchange& exchange, int error, std::size_t size) noexcept override {
      return channel_->commit(exchange, error, size);
    }
    void drop(Exchange& exchange) noexcept override { channel_->drop(exchange); }
    Result<std::unique_ptr<Pending>> detach(Exchange& exchange) noexcept override {
      return channel_->detach(exchange);
    }

   private:
    Pool& pool_;
    std::unique_ptr<Channel> channel_;
  };

  Waiting begin_waiting() noexcept {
    if (idle_.fetch_add(1) < std::max(options_.keep_idle, 1)) return Waiting::yes;
    idle_.fetch_sub(1);
    return Waiting::enough;
  }

  // Who got nothing is about to wait again, or the connection is over: neither calls for help.
  void end_waiting(Got got) noexcept {
    if (idle_.fetch_sub(1) == 1 && got == Got::request) start_another();
  }

  void start_another() noexcept {
    std::lock_guard lock{mutex_};
    const int uncounted = std::min(held_up_.load(), std::max(options_.held_up, 0));
    if (over_ || threads_ - uncounted >= std::max(options_.limit, 1)) return;
    try {
      std::thread{[this] { run_one(); }}.detach();
      ++threads_;
    } catch (const std::system_error&) {
      // Without memory or process slots for one more, those there are go on.
    }
  }

  void run_one() noexcept {
    ::prctl(PR_SET_NAME, "sluice-worker");
    of_this_thread() = this;
    Result<void> done = work();
    of_this_thread() = nullptr;
    std::lock_guard lock{mutex_};
    if (!done && !failure_) failure_ = done.error();
    // A thread that ends without an error either found enough others or the connection over;
    // starting no more is right in the second case and settled by the count in the first.
    if (!done) over_ = true;
    --threads_;
    ended_.notify_all();
  }

  Result<void> work() noexcept {
    if (options_.start) TRY(options_.start());
    Counted channel{*this, TRY(connection_.open_channel())};
    return session_.work(channel);
  }

  Session& session_;
  Connection& connection_;
  const WorkerOptions& options_;
  std::atomic<int> idle_{0};
  std::atomic<int> held_up_{0};
  std::mutex mutex_;  // guards all below
  std::condition_variable ended_;
  int threads_ = 1;
  bool over_ = false;
  std::optional<Errno> failure_;
};

}  // namespace

HeldUp::HeldUp() noexcept {
  if (Pool* pool = Pool::of_this_thread()) pool->hold_up();
}

HeldUp::~HeldUp() {
  if (Pool* pool = Pool::of_this_thread()) pool->go_on();
}

Result<void> serve(Session& session, Connection& connection, const WorkerOptions& options) {
  return Pool{session, connection, options}.run();
}

}  // namespace sluice::fuse
