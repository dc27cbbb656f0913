// SPDX-License-Identifier: MIT
// A worker: one question at a time, its file beside it.
#include "sluice/content/worker.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "sluice/content/examiners.h"
#include "sluice/content/packets.h"

namespace sluice::content {
namespace {

// The head and what there is room for beside it are one packet.
bool send_answer(const Fd& line, std::uint64_t number, Bytes answer) {
  std::vector<std::byte> packet = encode(AnswerHead{number, answer.size()});
  constexpr std::size_t kPart = kLongestPacket / 2;
  do {
    const Bytes part = answer.first(std::min(kPart, answer.size()));
    packet.insert(packet.end(), part.begin(), part.end());
    if (!send_packet(line.get(), packet)) return false;
    answer = answer.subspan(part.size());
    packet.clear();
  } while (!answer.empty());
  return true;
}

// Gives the bytes of the answer; none to a question about a set that is not there.
std::optional<std::vector<std::byte>> answer_to(const Question& question, const Fd& file,
                                                Examiners& examiners) {
  const Input input{file.get(), question.size};
  if (question.asks == Asks::redact)
    return encode(examiners.redact(question.wanted, question.with, input, question.path));
  const auto findings = examiners.find(question.set, input, question.path);
  if (!findings) return std::nullopt;
  return findings->encode();
}

}  // namespace

int run_worker(Fd line, const std::vector<const Engine*>& engines) {
  Examiners examiners{engines};
  if (!send_packet(line.get(), hello())) return EXIT_FAILURE;
  for (;;) {
    auto packet = receive_packet(line.get(), 1, Wait::yes);
    if (!packet) return packet.error() == ECONNRESET ? EXIT_SUCCESS : EXIT_FAILURE;
    const auto question = decode_question(packet->bytes);
    if (!question || packet->fds.size() != 1) return EXIT_FAILURE;
    const auto answer = answer_to(*question, packet->fds.front(), examiners);
    // Before the answer, so that who has it may take the file for closed.
    packet->fds.clear();
    if (!answer || !send_answer(line, question->number, *answer)) return EXIT_FAILURE;
  }
}

}  // namespace sluice::content
