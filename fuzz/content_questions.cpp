// SPDX-License-Identifier: MIT
// Feeds bytes to all that an inspector reads from whoever started it. What it takes is written as
// the same bytes again; a job's sets are made ready, or refused with a reason.
#include <cstdint>
#include <cstdlib>

#include "sluice/content/engine.h"
#include "sluice/content/messages.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

bool same(const std::vector<std::byte>& code, sluice::Bytes packet) {
  return std::vector<std::byte>{packet.begin(), packet.end()} == code;
}

// Compiling is others' code and slow; what is tried here is that what was read can be given to it.
bool is_small(const sluice::content::SetSpec& spec) {
  std::size_t bytes = 0;
  for (const auto& rule : spec.rules.rules) bytes += rule.regex.size() + rule.path.size();
  return bytes < 64 && spec.rules.rules.size() < 4;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::content;
  const sluice::Bytes packet{reinterpret_cast<const std::byte*>(data), size};
  if (const auto question = decode_question(packet)) must(same(encode(*question), packet));
  if (const auto command = decode_command(packet)) must(same(encode(*command), packet));
  if (const auto jobs = decode_jobs(packet)) {
    must(jobs->size() <= kMostSets);
    for (const SetJob& job : *jobs) {
      if (!is_small(job.spec)) continue;
      if (const auto engine = Engine::make(job.spec); !engine) must(!engine.error().line().empty());
    }
  }
  return 0;
}
