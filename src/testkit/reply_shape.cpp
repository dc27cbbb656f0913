// SPDX-License-Identifier: MIT
#include "sluice/testkit/reply_shape.h"

#include <array>

#include "sluice/fuse/codec.h"
#include "sluice/fuse/op_list.h"

namespace sluice::testkit {
namespace {

struct Shape {
  std::string_view name;
  bool (*accepts)(Bytes body, wire::Opcode opcode, std::size_t asked) = nullptr;
};
using Table = std::array<Shape, wire::kOpcodeLimit>;

template <class Op>
bool accepts(Bytes body, wire::Opcode opcode, std::size_t asked) {
  if constexpr (requires { typename Op::Room; } &&
                std::is_same_v<typename Op::Answer, fuse::Done>) {
    return body.size() <= asked;  // a listing
  } else {
    wire::Reader in{body};
    return fuse::decode_answer<typename Op::Answer>(in, opcode, asked).has_value();
  }
}

template <class Op, class... F>
constexpr void enter(Table& table, fuse::Forms<F...>) {
  ((table[raw(F::kOpcode)] = Shape{Op::kMethod, &accepts<Op>}), ...);
}

template <class... Ops>
constexpr Table make(fuse::OpList<Ops...>) {
  Table table{};
  (enter<Ops>(table, typename Ops::Wire{}), ...);
  table[raw(wire::Opcode::forget)].name = "forget";
  table[raw(wire::Opcode::batch_forget)].name = "batch_forget";
  table[raw(wire::Opcode::init)].name = "init";
  table[raw(wire::Opcode::interrupt)].name = "interrupt";
  table[raw(wire::Opcode::destroy)].name = "destroy";
  table[raw(wire::Opcode::notify_reply)].name = "notify_reply";
  return table;
}

constexpr Table kShapes = make(fuse::AllOps{});

const Shape* shape_of(wire::Opcode opcode) noexcept {
  return raw(opcode) < kShapes.size() ? &kShapes[raw(opcode)] : nullptr;
}

}  // namespace

bool has_reply_shape(wire::Opcode opcode, Bytes body, std::size_t asked) noexcept {
  const Shape* shape = shape_of(opcode);
  return shape == nullptr || shape->accepts == nullptr || shape->accepts(body, opcode, asked);
}

std::string_view name_of(wire::Opcode opcode) noexcept {
  const Shape* shape = shape_of(opcode);
  return shape == nullptr || shape->name.empty() ? "unknown opcode" : shape->name;
}

}  // namespace sluice::testkit
