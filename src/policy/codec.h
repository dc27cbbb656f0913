// SPDX-License-Identifier: MIT
// A document and held places as bytes, and back. What comes back has been checked like a policy
// that was read from text, patterns apart, which compiling checks.
#pragma once

#include <optional>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/policy/document.h"
#include "sluice/policy/engine.h"

namespace sluice::policy {

struct Saved {
  Document document;
  std::vector<ContentGrant> grants;  // in the order of their numbers
  std::vector<Program::Engine::Held> held;
};

std::vector<std::byte> encode(const Saved& saved);
// Gives nothing if the bytes are not what encode() could have given.
std::optional<Saved> decode(Bytes bytes);

}  // namespace sluice::policy
