// SPDX-License-Identifier: MIT
// Feeds bytes to all that the daemon reads from an inspector: a worker that was taken over must not
// be able to do more than to give a wrong answer about its own file. A redaction that is taken
// stays within the file. The first two bytes are the file's size.
#include <cstdint>
#include <cstdlib>

#include "sluice/content/messages.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::content;
  if (size < 2) return 0;
  const std::uint64_t file_size = data[0] + data[1] * std::uint64_t{256};
  const sluice::Bytes packet{reinterpret_cast<const std::byte*>(data + 2), size - 2};
  if (const auto answer = decode_answer(packet, file_size)) {
    must(answer->outcome == Outcome::whole || answer->redaction.empty());
    for (const auto range : answer->redaction.ranges()) must(range.end() <= file_size);
    std::vector<std::byte> file(file_size);
    answer->redaction.apply(0, file);
    const auto again = decode_answer(encode(*answer), file_size);
    must(again && again->redaction.ranges() == answer->redaction.ranges());
  }
  if (const auto head = decode_head(packet)) must(decode_head(encode(*head)).has_value());
  if (const auto ready = decode_readiness(packet)) {
    const auto again = decode_readiness(encode(*ready));
    must(again && again->error == ready->error);
  }
  return 0;
}
