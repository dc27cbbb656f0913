// SPDX-License-Identifier: MIT
// The envelope: what it is, of which version, of which policy, and a digest over the rest.
#include "sluice/policy/save.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "sluice/policy/codec.h"

namespace sluice::policy {
namespace {

constexpr std::array<char, 8> kMagic{'s', 'l', 'u', 'i', 'c', 'e', 'P', '\n'};
constexpr std::uint32_t kVersion = 3;

struct Envelope {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t zero;
  Digest content_hash;
  Digest payload_hash;
};
static_assert(sizeof(Envelope) == 80);

std::unexpected<Error> refuse(std::string_view why) {
  std::string line = "cannot use the saved policy: ";
  line += why;
  return fail(Error{line + "; compile the policy again", EINVAL});
}

Result<Envelope, Error> envelope_of(Bytes bytes) {
  Envelope envelope;
  if (bytes.size() < sizeof envelope) return refuse("it is cut short");
  std::memcpy(&envelope, bytes.data(), sizeof envelope);
  if (envelope.magic != kMagic) return refuse("it is none");
  if (envelope.version != kVersion || envelope.zero != 0) return refuse("it is of another version");
  return envelope;
}

}  // namespace

std::vector<std::byte> save(const Program& program) {
  const std::vector<std::byte> payload =
      encode({program.document(), program.engine().grants().all(), program.engine().held()});
  const Envelope envelope{kMagic, kVersion, 0, program.document().content_hash, digest_of(payload)};
  std::vector<std::byte> all(payload.size() + sizeof envelope);
  std::memcpy(all.data(), &envelope, sizeof envelope);
  std::memcpy(all.data() + sizeof envelope, payload.data(), payload.size());
  return all;
}

Result<Digest, Error> saved_hash(Bytes bytes) { return TRY(envelope_of(bytes)).content_hash; }

Result<Program, Error> restore(Bytes bytes, const Limits& limits) {
  const Envelope envelope = TRY(envelope_of(bytes));
  const Bytes payload = bytes.subspan(sizeof envelope);
  if (digest_of(payload) != envelope.payload_hash) return refuse("it is damaged");
  auto saved = decode(payload);
  if (!saved || saved->document.content_hash != envelope.content_hash)
    return refuse("it makes no sense");
  auto engine = Program::Engine::build(std::move(saved->document), limits);
  if (engine == nullptr) return refuse("it makes no sense");
  for (std::size_t i = 0; i < saved->grants.size(); ++i) {
    const GrantId id = engine->grants().id_of(saved->grants[i]);
    if (static_cast<std::size_t>(id) != kFirstContentGrant + i)
      return refuse("its grants do not fit");
  }
  for (const Program::Engine::Held& held : saved->held) {
    if (!engine->restore(held)) return refuse("its places do not fit");
  }
  return Program{std::move(engine)};
}

}  // namespace sluice::policy
