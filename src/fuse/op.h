// SPDX-License-Identifier: MIT
// What an operation's declaration is made of. Each operation is one struct: its arguments, its
// answer, how it stands on the wire (one Form per opcode that carries it), and, through
// SLUICE_HANDLER, the name of the method that serves it. Dispatch, decoding, names, counters and
// testkit's encoder are derived from these structs; nothing about an operation is said twice.
#pragma once

#include <string_view>
#include <utility>

#include "sluice/fuse/answers.h"
#include "sluice/fuse/layout.h"
#include "sluice/fuse/request.h"

namespace sluice::fuse {

using wire::Opcode;

template <Opcode opcode, class WireLayout>
struct Form {
  static constexpr Opcode kOpcode = opcode;
  using Layout = WireLayout;
};

// An operation may arrive under several opcodes (RENAME and RENAME2).
template <class... F>
struct Forms {};

}  // namespace sluice::fuse

// Binds an operation to the method `name` of a file system.
//   call(fs, args...)   calls it, and takes part in overload resolution only where that is legal
//   kNamed<Fs>          whether Fs has a member of that name at all, whatever its signature
#define SLUICE_HANDLER(name)                                                                 \
  static constexpr std::string_view kMethod = #name;                                         \
  template <class Fs, class... Args>                                                         \
  static auto call(Fs& fs, Args&&... args)->decltype(fs.name(std::forward<Args>(args)...)) { \
    return fs.name(std::forward<Args>(args)...);                                             \
  }                                                                                          \
  template <class Fs>                                                                        \
  static constexpr bool kNamed = requires { &Fs::name; };
