// SPDX-License-Identifier: MIT
#include "sluice/fuse/session.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "sluice/wire/reader.h"
#include "sluice/wire/writer.h"

namespace sluice::fuse {
namespace {

std::size_t counter_of(std::uint32_t opcode) noexcept {
  return opcode < wire::kOpcodeLimit ? opcode : 0;
}

}  // namespace

Session::Session(const FileSystem& fs, SessionOptions options)
    : fs_{fs}, options_{std::move(options)} {}

Worker& Session::add_worker() {
  std::lock_guard lock{mutex_};
  Worker& worker = workers_.emplace_back();
  worker.thread_id = static_cast<int>(::syscall(SYS_gettid));
  worker.counters = &counters_.take_shard();
  return worker;
}

Result<void> Session::work(Channel& channel) {
  Worker& worker = add_worker();
  for (;;) {
    Result<Exchange*> exchange = channel.next();
    if (exchange) {
      handle(worker, channel, **exchange);
      continue;
    }
    switch (exchange.error().value()) {
      case ENODEV:
      case ECONNABORTED:
        return {};
      case EINTR:
      case ENOENT:  // the request was withdrawn while it was being read
        continue;
      case EIO:
        count_malformed();
        continue;
      default:
        return fail(exchange.error());
    }
  }
}

void Session::handle(Worker& worker, Channel& channel, Exchange& exchange) noexcept {
  const std::uint32_t opcode = exchange.header.opcode;
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::init:
      return init(worker, channel, exchange);
    case Opcode::forget:
    case Opcode::batch_forget:
      worker.counters->count(counter_of(opcode), false);
      return forget(channel, exchange);
    case Opcode::interrupt:
      return interrupt(worker, channel, exchange);
    case Opcode::notify_reply:
      return channel.drop(exchange);
    case Opcode::destroy:
      if (initialized() && fs_.destroy != nullptr) fs_.destroy(fs_.object);
      finish(worker, channel, exchange, 0, 0);
      return;
    default:
      break;
  }
  if (!initialized()) {
    finish(worker, channel, exchange, EIO, 0);
    return;
  }
  Thunk thunk = opcode < wire::kOpcodeLimit ? fs_.thunks[opcode] : nullptr;
  if (thunk == nullptr) {
    finish(worker, channel, exchange, ENOSYS, 0);
    return;
  }
  // An INTERRUPT may come from here on; one that came before found no one and was sent back.
  worker.in_flight.store(exchange.header.unique & ~wire::kInterruptBit, std::memory_order_release);
  thunk(fs_.object, *this, worker, channel, exchange);
  worker.in_flight.store(0, std::memory_order_release);
}

Delivery Session::finish(Worker& worker, Channel& channel, Exchange& exchange, int error,
                         std::size_t size) noexcept {
  worker.counters->count(counter_of(exchange.header.opcode), error != 0);
  return channel.commit(exchange, error, error == 0 ? size : 0);
}

void Session::refuse(Error error) {
  if (options_.report) options_.report(error);
  std::lock_guard lock{mutex_};
  refusal_.emplace(std::move(error));
}

std::optional<Error> Session::refusal() const {
  std::lock_guard lock{mutex_};
  return refusal_;
}

void Session::init(Worker& worker, Channel& channel, Exchange& exchange) noexcept {
  wire::Reader in = exchange.arguments();
  auto offer = wire::parse_init(in);
  if (!offer) {
    refuse(std::move(offer).error());
    finish(worker, channel, exchange, EPROTO, 0);
    return;
  }
  wire::Writer out{exchange.reply};
  if (offer->wants_our_major()) {
    // The kernel asks again in the version that this reply names.
    wire::InitOut ours{};
    ours.major = wire::kMajor;
    ours.minor = wire::kMinor;
    const bool written = out.put(ours).has_value();
    finish(worker, channel, exchange, written ? 0 : EIO, out.size());
    return;
  }
  Terms terms;
  terms.offered = *offer;
  terms.wanted = ordinary_flags() | fs_.wanted;
  if (fs_.init != nullptr) {
    if (auto agreed = fs_.init(fs_.object, terms); !agreed) {
      refuse(std::move(agreed).error());
      finish(worker, channel, exchange, EPROTO, 0);
      return;
    }
  }
  InitAnswer answer = settle(terms);
  negotiated_ = answer.negotiated;
  if (fs_.ready != nullptr) fs_.ready(fs_.object, negotiated_);
  initialized_.store(true, std::memory_order_release);
  const bool written = out.put(answer.out).has_value();
  finish(worker, channel, exchange, written ? 0 : EIO, out.size());
}

void Session::forget(Channel& channel, Exchange& exchange) noexcept {
  wire::Reader in = exchange.arguments();
  if (static_cast<Opcode>(exchange.header.opcode) == Opcode::forget) {
    if (auto one = in.take<wire::ForgetIn>()) {
      if (fs_.forget != nullptr) {
        fs_.forget(fs_.object, Forget{NodeId{exchange.header.nodeid}, one->nlookup});
      }
    } else {
      count_malformed();
    }
  } else {
    auto batch = in.take<wire::BatchForgetIn>();
    // The count is the sender's word: what is really there decides.
    std::uint32_t left = batch ? batch->count : 0;
    for (; left > 0; --left) {
      auto one = in.take<wire::ForgetOne>();
      if (!one) break;
      if (fs_.forget != nullptr) fs_.forget(fs_.object, Forget{NodeId{one->nodeid}, one->nlookup});
    }
    if (!batch || left > 0) count_malformed();
  }
  channel.drop(exchange);
}

bool Session::interrupt_worker(std::uint64_t unique) noexcept {
  std::lock_guard lock{mutex_};
  for (Worker& worker : workers_) {
    std::uint64_t expected = unique;
    if (!worker.in_flight.compare_exchange_strong(expected, unique | wire::kInterruptBit)) continue;
    if (options_.interrupt_signal != 0) {
      ::syscall(SYS_tgkill, ::getpid(), worker.thread_id, options_.interrupt_signal);
    }
    return true;
  }
  return false;
}

void Session::interrupt(Worker& worker, Channel& channel, Exchange& exchange) noexcept {
  wire::Reader in = exchange.arguments();
  auto target = in.take<wire::InterruptIn>();
  if (!target) {
    count_malformed();
    return channel.drop(exchange);
  }
  worker.counters->count(counter_of(exchange.header.opcode), false);
  const std::uint64_t unique = target->unique & ~wire::kInterruptBit;
  // Both, since a handler may run on after it has given its reply away; see serve_later().
  const bool running = interrupt_worker(unique);
  if (later_.interrupt(Unique{unique}) || running) return channel.drop(exchange);
  // Either the request is answered already, and the kernel says so to this reply, or another
  // worker has read it and not yet begun: then EAGAIN makes the kernel send the INTERRUPT again.
  // source: linux fs/fuse/dev.c fuse_dev_do_write()
  channel.commit(exchange, EAGAIN, 0);
}

}  // namespace sluice::fuse
