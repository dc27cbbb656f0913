// SPDX-License-Identifier: MIT
// One conversation with the kernel: INIT, every request after it, until the mount is gone.
// The session knows the protocol's own requests (INIT, FORGET, INTERRUPT, DESTROY); the rest goes
// through a table of thunks that dispatch.h makes from the file system's methods.
//
// Threads: any number of workers call work(), each with a channel of its own. Everything else may
// be called from any thread.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>

#include "sluice/fuse/channel.h"
#include "sluice/fuse/later.h"
#include "sluice/fuse/negotiated.h"
#include "sluice/fuse/ops_node.h"
#include "sluice/observe/request_counters.h"

namespace sluice::fuse {

class Session;

// One thread that serves requests. `in_flight` is the unique of the request being served, 0 when
// idle, with bit 0 set once the caller was interrupted (uniques are even).
struct Worker {
  alignas(64) std::atomic<std::uint64_t> in_flight{0};
  int thread_id = 0;
  observe::RequestCounters::Shard* counters = nullptr;
};

using Thunk = void (*)(void* fs, Session& session, Worker& worker, Channel& channel,
                       Exchange& exchange);

// A file system as the session sees it; made by file_system_of() in dispatch.h.
struct FileSystem {
  void* object = nullptr;
  std::array<Thunk, wire::kOpcodeLimit> thunks{};  // null: not served
  Flags<InitFlag> wanted;                          // what its methods imply
  Result<void, Error> (*init)(void* fs, Terms& terms) = nullptr;
  void (*ready)(void* fs, const Negotiated& negotiated) = nullptr;
  void (*forget)(void* fs, const Forget& forget) = nullptr;
  void (*destroy)(void* fs) = nullptr;
};

struct SessionOptions {
  // Sent to a worker whose caller was interrupted, so that a blocking system call of its handler
  // ends with EINTR; 0 for none. The program installs a handler for it, without SA_RESTART.
  int interrupt_signal = 0;
  // Told once for each thing that a person should know; called from worker threads.
  std::function<void(const Error&)> report;
};

class Session {
 public:
  // `fs.object` outlives the session.
  explicit Session(const FileSystem& fs, SessionOptions options = {});
  Session(const Session&) = delete;

  // Serves requests from `channel` until the connection ends. errors: what the channel's next()
  // ended with, other than the normal ends (unmounted, aborted) and stop().
  Result<void> work(Channel& channel);

  // Serves one exchange; what work() does for each. For callers that bring their own loop.
  void handle(Worker& worker, Channel& channel, Exchange& exchange) noexcept;

  // Makes a worker for handle(); it lives as long as the session.
  Worker& add_worker();

  bool initialized() const noexcept { return initialized_.load(std::memory_order_acquire); }
  // Holds once initialized.
  const Negotiated& negotiated() const noexcept { return negotiated_; }
  // Why INIT was refused, once it was.
  std::optional<Error> refusal() const;

  observe::RequestCounters::Totals counted() const { return counters_.totals(); }
  std::uint64_t malformed() const noexcept { return malformed_.load(std::memory_order_relaxed); }
  std::size_t waiting() const noexcept { return later_.waiting(); }

  // For thunks: ends the exchange with an error, or with a body already in exchange.reply.
  Delivery finish(Worker& worker, Channel& channel, Exchange& exchange, int error,
                  std::size_t size) noexcept;
  void count_malformed() noexcept { malformed_.fetch_add(1, std::memory_order_relaxed); }
  LaterReplies& later() noexcept { return later_; }

 private:
  void init(Worker& worker, Channel& channel, Exchange& exchange) noexcept;
  void forget(Channel& channel, Exchange& exchange) noexcept;
  void interrupt(Worker& worker, Channel& channel, Exchange& exchange) noexcept;
  bool interrupt_worker(std::uint64_t unique) noexcept;
  void refuse(Error error);

  FileSystem fs_;
  SessionOptions options_;
  Negotiated negotiated_;
  std::atomic<bool> initialized_{false};
  std::atomic<std::uint64_t> malformed_{0};
  observe::RequestCounters counters_;
  LaterReplies later_;

  mutable std::mutex mutex_;  // guards all below
  std::list<Worker> workers_;
  std::optional<Error> refusal_;
};

}  // namespace sluice::fuse
