// SPDX-License-Identifier: MIT
// From a file system's methods to the session's table. An operation is served if the file system
// has the method that SLUICE_HANDLER names; it may take one of these forms:
//
//   Result<Answer> method(const Op&)                  most operations; Result<void> for Done
//   Result<Answer> method(const Op&, Op::Room&)       those that fill a buffer or a listing
//   void           method(const Op&, Reply<Answer>)   answered later, from any thread
//
// A method of the right name and the wrong form does not compile. An operation without a method
// answers ENOSYS, which the kernel remembers for those it can do without.
//
// Instead of methods by name a file system may have one door for all of them, which takes every
// operation that it is to serve, in the same forms:
//
//   auto serve(const Op&, ...)
//
// Optional beside the operations:
//   Result<void, Error> init(Terms&)      settle with the kernel; an error refuses the mount
//   void ready(const Negotiated&)         what was settled, before any other request
//   void forget(const Forget&)
//   void destroy()                        the kernel is done
//   void undelivered(const Op&, const Answer&)             the caller was gone: undo the answer
//   void undelivered(const ReadDirPlus&, DirPlusWriter&)   likewise, for each entry counted
#pragma once

#include <concepts>

#include "sluice/fuse/request_codec.h"
#include "sluice/fuse/session.h"

namespace sluice::fuse {

namespace detail {

template <class Answer>
using Returned = Result<std::conditional_t<std::is_same_v<Answer, Done>, void, Answer>>;

// Calls what serves the operation: the one door, where there is one, else the method of its name.
template <class Fs, class Op, class... Args>
  requires requires(Fs& fs, const Op& op, Args&&... args) { fs.serve(op, std::forward<Args>(args)...); }
auto call(Fs& fs, const Op& op, Args&&... args) {
  return fs.serve(op, std::forward<Args>(args)...);
}
template <class Fs, class Op, class... Args>
auto call(Fs& fs, const Op& op, Args&&... args)
    -> decltype(Op::call(fs, op, std::forward<Args>(args)...)) {
  return Op::call(fs, op, std::forward<Args>(args)...);
}

template <class Fs, class Op>
concept ServesPlain = requires(Fs& fs, const Op& op) {
  { call(fs, op) } -> std::convertible_to<Returned<typename Op::Answer>>;
};

template <class Fs, class Op>
concept ServesRoom = requires(Fs& fs, const Op& op, typename Op::Room& room) {
  { call(fs, op, room) } -> std::convertible_to<Returned<typename Op::Answer>>;
};

template <class Fs, class Op>
concept ServesLater = requires(Fs& fs, const Op& op, Reply<typename Op::Answer> reply) {
  { call(fs, op, std::move(reply)) } -> std::same_as<void>;
};

template <class Op>
std::size_t room_asked(const Op& op) noexcept {
  if constexpr (requires { op.room_size(); }) {
    return op.room_size();
  } else {
    return 0;
  }
}

template <class Fs, class Op, class Value>
void undo(Fs& fs, const Op& op, Value& value) noexcept {
  if constexpr (requires { fs.undelivered(op, value); }) fs.undelivered(op, value);
}

template <class Fs, class Op>
void serve_plain(Fs& fs, const Op& op, Session& session, Worker& worker, Channel& channel,
                 Exchange& exchange) {
  Returned<typename Op::Answer> result = call(fs, op);
  if (!result) {
    session.finish(worker, channel, exchange, result.error().value(), 0);
    return;
  }
  if constexpr (std::is_same_v<typename Op::Answer, Done>) {
    session.finish(worker, channel, exchange, 0, 0);
  } else {
    wire::Writer out{exchange.reply};
    const bool fits = encode_answer(*result, out, op.opcode, 0).has_value();
    const Delivery delivery =
        session.finish(worker, channel, exchange, fits ? 0 : EIO, out.size());
    if (!fits || delivery != Delivery::taken) undo(fs, op, *result);
  }
}

template <class Fs, class Op>
void serve_room(Fs& fs, const Op& op, Session& session, Worker& worker, Channel& channel,
                Exchange& exchange) {
  constexpr std::size_t kFixed = kFixedReplySize<typename Op::Answer>;
  if (exchange.reply.size() < kFixed) {
    session.finish(worker, channel, exchange, EIO, 0);
    return;
  }
  const std::size_t asked = std::min(room_asked(op), exchange.reply.size() - kFixed);
  typename Op::Room room{exchange.reply.subspan(kFixed, asked)};
  Returned<typename Op::Answer> result = call(fs, op, room);
  if (!result) {
    session.finish(worker, channel, exchange, result.error().value(), 0);
  } else if constexpr (std::is_same_v<typename Op::Answer, Done>) {
    if (session.finish(worker, channel, exchange, 0, room.size()) != Delivery::taken) {
      undo(fs, op, room);
    }
  } else {
    wire::Writer out{exchange.reply};
    const bool fits = encode_answer(*result, out, op.opcode, asked).has_value();
    session.finish(worker, channel, exchange, fits ? 0 : EIO, out.size());
  }
}

template <class Fs, class Op>
void serve_later(Fs& fs, const Op& op, Session& session, Worker& worker, Channel& channel,
                 Exchange& exchange) {
  auto pending = channel.detach(exchange);
  if (!pending) {
    session.finish(worker, channel, exchange, pending.error().value(), 0);
    return;
  }
  worker.counters->count(raw(op.opcode), false);
  Reply<typename Op::Answer> reply{
      session.later().add(std::move(*pending), op.opcode, op.unique, room_asked(op))};
  // An INTERRUPT that came before the reply was in the table has marked the worker alone.
  if (op.interrupted()) session.later().interrupt(op.unique);
  try {
    call(fs, op, std::move(reply));
  } catch (...) {
    // The reply has answered EIO as it went; the exchange itself is no longer ours to answer.
    session.count_malformed();
  }
}

template <class Fs, class Op>
void serve(void* object, Session& session, Worker& worker, Channel& channel, Exchange& exchange) {
  Fs& fs = *static_cast<Fs*>(object);
  Result<Op> op = decode_request<Op>(exchange, session.negotiated());
  if (!op) {
    session.count_malformed();
    session.finish(worker, channel, exchange, EIO, 0);
    return;
  }
  op->in_flight = &worker.in_flight;
  if constexpr (ServesPlain<Fs, Op>) {
    serve_plain(fs, *op, session, worker, channel, exchange);
  } else if constexpr (ServesLater<Fs, Op>) {
    serve_later(fs, *op, session, worker, channel, exchange);
  } else {
    serve_room(fs, *op, session, worker, channel, exchange);
  }
}

// Our own code throws nothing on this path; a file system of somebody else's may, and memory may
// run out. Either costs the request EIO.
template <class Fs, class Op>
void serve_guarded(void* object, Session& session, Worker& worker, Channel& channel,
                   Exchange& exchange) {
  try {
    serve<Fs, Op>(object, session, worker, channel, exchange);
  } catch (...) {
    session.count_malformed();
    session.finish(worker, channel, exchange, EIO, 0);
  }
}

template <class Fs, class Op>
constexpr bool serves() {
  constexpr bool served = [] {
    if constexpr (requires { typename Op::Room; }) {
      return ServesRoom<Fs, Op>;
    } else {
      return ServesPlain<Fs, Op> || ServesLater<Fs, Op>;
    }
  }();
  static_assert(served || !Op::template kNamed<Fs>,
                "the file system has a method of this operation's name that cannot be called for "
                "it; see the forms at the top of sluice/fuse/dispatch.h");
  return served;
}

template <class Fs, class Op, class... F>
void enter(FileSystem& table, Forms<F...>) {
  if constexpr (serves<Fs, Op>()) {
    ((table.thunks[raw(F::kOpcode)] = &serve_guarded<Fs, Op>), ...);
  }
}

template <class Fs, class... Ops>
void enter_all(FileSystem& table, OpList<Ops...>) {
  (enter<Fs, Ops>(table, typename Ops::Wire{}), ...);
}

}  // namespace detail

template <class Fs, class Op>
inline constexpr bool kServes = detail::serves<Fs, Op>();

// Gives the session's view of `fs`, which is borrowed.
template <class Fs>
FileSystem file_system_of(Fs& fs) {
  FileSystem table;
  table.object = &fs;
  detail::enter_all<Fs>(table, AllOps{});
  if constexpr (kServes<Fs, ReadDirPlus>) {
    table.wanted.set(InitFlag::do_readdirplus).set(InitFlag::readdirplus_auto);
  }
  if constexpr (requires(Terms& terms) { fs.init(terms); }) {
    table.init = [](void* object, Terms& terms) -> Result<void, Error> {
      return static_cast<Fs*>(object)->init(terms);
    };
  }
  if constexpr (requires(const Negotiated& negotiated) { fs.ready(negotiated); }) {
    table.ready = [](void* object, const Negotiated& negotiated) {
      static_cast<Fs*>(object)->ready(negotiated);
    };
  }
  if constexpr (requires(const Forget& forget) { fs.forget(forget); }) {
    table.forget = [](void* object, const Forget& forget) {
      static_cast<Fs*>(object)->forget(forget);
    };
  }
  if constexpr (requires { fs.destroy(); }) {
    table.destroy = [](void* object) { static_cast<Fs*>(object)->destroy(); };
  }
  return table;
}

}  // namespace sluice::fuse
