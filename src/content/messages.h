// SPDX-License-Identifier: MIT
// Private to content: what the daemon's side and the inspector's say to each other. There are two
// kinds of sockets, both SOCK_SEQPACKET. The *control* leads to the process that forks: the job
// once, then workers to be forked and ended. A *line* leads to one worker: a question, its file
// beside it, and then the answer, one at a time.
//
// Neither side believes the other. The daemon takes an answer only if it fits the question; the
// inspector takes questions only of the form below, and ends if there is anything else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/content/detection.h"
#include "sluice/content/findings.h"
#include "sluice/inspect/redaction.h"
#include "sluice/policy/terms.h"

namespace sluice::content {

// To be raised with any change to what is below: both programs are of one build.
inline constexpr std::uint32_t kProtocol = 0x534c4901;
inline constexpr std::size_t kLongestPacket = std::size_t{64} << 10;
// A longer path is not told: the worker then takes it as not known.
inline constexpr std::size_t kLongestPath = std::size_t{16} << 10;

// --- control
enum class Order : std::uint8_t {
  prepare,  // with a file: the sets, as set_spec.h encodes them. Answered by a Readiness
  fork,     // a worker, with its end of a line
  end,      // kills a worker, or forgets one that has ended
};
struct Command {
  Order order = Order::end;
  std::uint32_t worker = 0;  // a number that the daemon gave it
  std::uint64_t memory = 0;  // prepare: of each worker, in bytes
};
std::vector<std::byte> encode(const Command& command);
std::optional<Command> decode_command(Bytes packet);

struct Readiness {
  std::string error{};                 // empty: it is ready
  std::vector<std::string> missing{};  // what could not be given up; a line each
};
std::vector<std::byte> encode(const Readiness& readiness);
std::optional<Readiness> decode_readiness(Bytes packet);

// --- a line
// What a worker sends once it can be asked.
std::vector<std::byte> hello();

enum class Asks : std::uint8_t { find, redact };
struct Question {
  Asks asks = Asks::find;
  std::uint64_t number = 0;                   // the answer has it, too
  std::uint64_t size = 0;                     // of the file
  SetIndex set{};                             // find
  policy::With with = policy::With::nothing;  // redact
  std::vector<Detection::Wanted> wanted{};    // redact
  std::string path{};
};
std::vector<std::byte> encode(const Question& question);
std::optional<Question> decode_question(Bytes packet);

// An answer is a head, and then as many packets as it takes.
struct AnswerHead {
  std::uint64_t number = 0;  // of the question
  std::uint64_t length = 0;  // in bytes, of what follows
};
std::vector<std::byte> encode(const AnswerHead& head);
// Gives what the packet begins with; the answer's first bytes may follow in it, kHeadLength from
// its begin.
std::optional<AnswerHead> decode_head(Bytes packet);
inline constexpr std::size_t kHeadLength = 5 + 2 * sizeof(std::uint64_t);

// The answer to Asks::redact; to Asks::find it is Findings::encode().
struct RedactionAnswer {
  Outcome outcome = Outcome::failed;
  std::string why{};
  inspect::Redaction redaction{0};
};
std::vector<std::byte> encode(const RedactionAnswer& answer);
std::optional<RedactionAnswer> decode_answer(Bytes code, std::uint64_t file_size);

}  // namespace sluice::content
