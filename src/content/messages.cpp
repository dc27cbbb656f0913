// SPDX-License-Identifier: MIT
#include "sluice/content/messages.h"

#include "sluice/content/code.h"
#include "sluice/content/patches.h"

namespace sluice::content {
namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kMostLines = 64;
constexpr std::size_t kMostWanted = 256;
constexpr std::size_t kMostDetectors = 4096;

enum class Tag : std::uint8_t { command = 1, readiness, hello, question, head, redaction };

CodeWriter begin(Tag tag) {
  CodeWriter out;
  out.number(kProtocol);
  out.word(tag);
  return out;
}

CodeReader read(Bytes packet, Tag tag) {
  CodeReader in{packet};
  if (in.number<std::uint32_t>() != kProtocol || in.word(Tag::redaction) != tag) in.refuse();
  return in;
}

}  // namespace

std::vector<std::byte> encode(const Command& command) {
  CodeWriter out = begin(Tag::command);
  out.word(command.order);
  out.number(command.worker);
  out.number(command.memory);
  return std::move(out).finish();
}

std::optional<Command> decode_command(Bytes packet) {
  CodeReader in = read(packet, Tag::command);
  Command command;
  command.order = in.word(Order::end);
  command.worker = in.number<std::uint32_t>();
  command.memory = in.number<std::uint64_t>();
  if (!in.done()) return std::nullopt;
  return command;
}

std::vector<std::byte> encode(const Readiness& readiness) {
  CodeWriter out = begin(Tag::readiness);
  out.text(std::string_view{readiness.error}.substr(0, kLongestLine));
  out.number(static_cast<std::uint32_t>(std::min(readiness.missing.size(), kMostLines)));
  for (std::size_t i = 0; i < std::min(readiness.missing.size(), kMostLines); ++i)
    out.text(std::string_view{readiness.missing[i]}.substr(0, kLongestLine / 8));
  return std::move(out).finish();
}

std::optional<Readiness> decode_readiness(Bytes packet) {
  CodeReader in = read(packet, Tag::readiness);
  Readiness readiness;
  readiness.error = in.text(kLongestLine);
  const std::size_t lines = in.count(kMostLines, 4);
  for (std::size_t i = 0; i < lines && in.ok(); ++i)
    readiness.missing.emplace_back(in.text(kLongestLine));
  if (!in.done()) return std::nullopt;
  return readiness;
}

std::vector<std::byte> hello() { return begin(Tag::hello).finish(); }

std::vector<std::byte> encode(const Question& question) {
  CodeWriter out = begin(Tag::question);
  out.word(question.asks);
  out.number(question.number);
  out.number(question.size);
  out.word(question.set);
  out.word(question.with);
  out.number(static_cast<std::uint32_t>(question.wanted.size()));
  for (const Detection::Wanted& wanted : question.wanted) {
    out.word(wanted.set);
    out.number(static_cast<std::uint8_t>(wanted.any));
    out.number(static_cast<std::uint32_t>(wanted.detectors.size()));
    for (const std::uint32_t detector : wanted.detectors) out.number(detector);
  }
  out.text(question.path.size() <= kLongestPath ? std::string_view{question.path} : "");
  return std::move(out).finish();
}

std::optional<Question> decode_question(Bytes packet) {
  CodeReader in = read(packet, Tag::question);
  Question question;
  question.asks = in.word(Asks::redact);
  question.number = in.number<std::uint64_t>();
  question.size = in.number<std::uint64_t>();
  question.set = SetIndex{in.number<std::uint32_t>()};
  question.with = in.word(policy::With::all);
  const std::size_t sets = in.count(kMostWanted, 9);
  for (std::size_t i = 0; i < sets && in.ok(); ++i) {
    Detection::Wanted& wanted = question.wanted.emplace_back();
    wanted.set = SetIndex{in.number<std::uint32_t>()};
    wanted.any = in.flag();
    const std::size_t detectors = in.count(kMostDetectors, 4);
    for (std::size_t d = 0; d < detectors && in.ok(); ++d)
      wanted.detectors.push_back(in.number<std::uint32_t>());
  }
  question.path = in.text(kLongestPath);
  if (!in.done()) return std::nullopt;
  return question;
}

std::vector<std::byte> encode(const AnswerHead& head) {
  CodeWriter out = begin(Tag::head);
  out.number(head.number);
  out.number(head.length);
  return std::move(out).finish();
}

std::optional<AnswerHead> decode_head(Bytes packet) {
  CodeReader in = read(packet.first(std::min(packet.size(), kHeadLength)), Tag::head);
  AnswerHead head;
  head.number = in.number<std::uint64_t>();
  head.length = in.number<std::uint64_t>();
  if (!in.done()) return std::nullopt;
  return head;
}

std::vector<std::byte> encode(const RedactionAnswer& answer) {
  CodeWriter out = begin(Tag::redaction);
  out.word(answer.outcome);
  out.text(std::string_view{answer.why}.substr(0, Findings::kLongestWhy));
  out.bytes(answer.outcome == Outcome::whole ? encode(answer.redaction) : std::vector<std::byte>{});
  return std::move(out).finish();
}

std::optional<RedactionAnswer> decode_answer(Bytes code, std::uint64_t file_size) {
  CodeReader in = read(code, Tag::redaction);
  RedactionAnswer answer;
  answer.outcome = in.word(Outcome::failed);
  answer.why = in.text(Findings::kLongestWhy);
  const Bytes patches = in.bytes(kLongestPatches);
  if (!in.done()) return std::nullopt;
  if (answer.why.find_first_of(std::string_view{"\n\r\0", 3}) != answer.why.npos)
    return std::nullopt;
  if (answer.outcome != Outcome::whole) {
    if (!patches.empty()) return std::nullopt;
    return answer;
  }
  auto redaction = decode_redaction(patches, file_size);
  if (!redaction) return std::nullopt;
  answer.redaction = std::move(*redaction);
  return answer;
}

}  // namespace sluice::content
