// SPDX-License-Identifier: MIT
// The record of one decision of the guard, of a fixed size so that it fits a ring, and whoever
// takes such records. Names of subjects and rules are the program's to tell.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "sluice/base/ids.h"
#include "sluice/policy/program.h"
#include "sluice/wire/protocol.h"

namespace sluice::guard {

// No rule of the name in hand: another name of the same file (a hard link), or that not all of its
// names are known, gave the value.
inline constexpr policy::RuleId kByOtherNames{0xfffffff0};

// Which bytes an open was given.
enum class Shows : std::uint8_t {
  lower,     // the lower file's
  redacted,  // those, but for some
  snapshot,  // those that were inspected, while somebody else is writing
};

struct Decision {
  static constexpr std::size_t kNameBytes = 64;

  std::int64_t time_ns = 0;  // since the epoch
  NodeId node{};             // the file; of a name, its directory
  wire::Opcode operation{};
  Uid uid{};
  Gid gid{};
  Pid pid{};
  policy::SubjectIndex subject{};
  policy::Mode mode{};
  policy::See see{};
  policy::Read read{};  // for Mode::execute: of the execution
  policy::Write write{};
  policy::Log log{};
  Shows shows{};
  policy::ContentSet found{};  // what the file contained, of what the policy asks about
  policy::RuleId by{};     // the rule that decided
  // What gave see, read (or execution), write and log.
  std::array<policy::RuleId, 4> rules{};
  std::int32_t error = 0;  // what was answered; 0 for success
  std::uint32_t microseconds = 0;
  bool enforced = true;    // false: `error` was not answered, only told
  std::uint16_t program = 0;  // counts reloads: which program `subject` and `by` belong to
  std::uint8_t name_length = 0;
  std::array<char, kNameBytes> name_bytes{};  // the start of a longer name

  std::string_view name() const noexcept { return {name_bytes.data(), name_length}; }
  void set_name(std::string_view text) noexcept {
    const std::size_t length = std::min(text.size(), kNameBytes);
    std::copy_n(text.data(), length, name_bytes.data());
    name_length = static_cast<std::uint8_t>(length);
  }
};

// Takes decisions: each refusal, each name that was kept hidden, each open that was given redacted
// bytes, and each that a rule logs.
class Decisions {
 public:
  virtual ~Decisions() = default;
  // Called by serving threads: must not block.
  virtual void note(const Decision& decision) noexcept = 0;
};

}  // namespace sluice::guard
