// SPDX-License-Identifier: MIT
// Feeds bytes to restore(), as they are and under an envelope whose digests are right. What comes
// back as a program must answer, and be the same when saved again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sluice/policy/explain.h"
#include "sluice/policy/save.h"

namespace {

using namespace sluice::policy;

void must(bool condition) {
  if (!condition) std::abort();
}

void use(const std::vector<std::byte>& bytes) {
  const auto program = restore(bytes);
  if (!program) {
    must(!program.error().line().empty());
    return;
  }
  must(save(*program) == bytes);
  // What is asked for may give grants numbers, which are saved as well.
  const GrantId id = program->terms(walk(*program, "a/.env").place, kUnknown).id;
  const auto again = restore(save(*program));
  must(again.has_value() && again->content_grant(id) == program->content_grant(id));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  use(bytes);
  constexpr std::size_t kHead = 80, kDigest = 48, kHash = 32;
  if (size < kHead) return 0;
  const Digest digest = digest_of(sluice::Bytes{bytes}.subspan(kHead));
  std::memcpy(bytes.data() + kDigest, digest.data(), kHash);
  use(bytes);
  return 0;
}
