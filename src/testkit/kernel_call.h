// SPDX-License-Identifier: MIT
// How Kernel sends any operation and takes its answer: the templates behind call(). Encoding and
// decoding follow the operation's own declaration.
#pragma once

#include "sluice/testkit/kernel.h"

namespace sluice::testkit {

namespace detail {

template <class... F>
constexpr wire::Opcode first_opcode(fuse::Forms<F...>) noexcept {
  constexpr std::array all{F::kOpcode...};
  return all[0];
}

template <class Op>
std::size_t room_of(const Op& op) noexcept {
  if constexpr (requires { op.room_size(); }) {
    return op.room_size();
  } else {
    return 0;
  }
}

// The bytes of a request; empty where a test gave what no request can carry.
struct Encoded {
  std::vector<std::byte> body;
  std::size_t fixed = 0;
};
template <class Op>
Result<Encoded> encoded(const Op& op, const fuse::Negotiated& negotiated) {
  Encoded out;
  for (std::size_t room :
       {std::size_t{8} << 10, std::size_t{negotiated.max_write} + (128U << 10)}) {
    out.body.resize(room);
    auto size = fuse::encode_request(op, MutableBytes{out.body}, negotiated);
    if (!size && size.error() == Errno{ERANGE}) continue;
    if (!size) return fail(size.error());
    out.body.resize(size->fixed + size->payload);
    out.fixed = size->fixed;
    return out;
  }
  return fail(ERANGE);
}

}  // namespace detail

template <class Op>
Started<Op> Kernel::start(Op op) {
  before(op);
  return start_prepared(std::move(op));
}

template <class Op>
Started<Op> Kernel::start_prepared(Op op) {
  if (raw(op.opcode) == 0) op.opcode = detail::first_opcode(typename Op::Wire{});
  auto encoded = detail::encoded(op, negotiated_);
  if (!encoded) {
    breaches_.add("the test asked for a request that cannot be encoded");
    encoded = detail::Encoded{};
  }
  auto message = message_for(op, std::move(encoded->body), encoded->fixed, detail::room_of(op));
  op.unique = Unique{message->header.unique};
  const bool known = knows(op.node);
  send(message);
  return Started<Op>{op, std::move(message), known};
}

template <class Op>
Result<typename Op::Answer> Kernel::wait(Started<Op>& started, std::vector<std::byte>* data) {
  using Answer = typename Op::Answer;
  const Message& message = *started.message;
  traffic_->wait(message);
  if (message.error == ENOSYS) remember_absent(started.op.opcode);
  if (message.error != 0) return fail(Errno::from(message.error));
  const Bytes reply{message.reply};
  constexpr std::size_t kFixed = fuse::kFixedReplySize<Answer>;
  const Bytes room = reply.subspan(std::min(kFixed, reply.size()));
  Answer answer{};
  if constexpr (!(requires { typename Op::Room; } && std::is_same_v<Answer, fuse::Done>)) {
    wire::Reader in{reply};
    answer = TRY(fuse::decode_answer<Answer>(in, started.op.opcode, message.asked));
  }
  if (!started.known)
    breaches_.add(describe(message) + ", which the kernel does not know, was served");
  TRY(settle(started, answer, room));
  if (data != nullptr) data->assign(room.begin(), room.end());
  return answer;
}

}  // namespace sluice::testkit
