// SPDX-License-Identifier: MIT
// A compiled program as bytes: for a cache of compiled policies and for a daemon that takes over
// from another. Places that are held keep their numbers; so do rules, subjects and grants.
#pragma once

#include <cstddef>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/policy/program.h"

namespace sluice::policy {

std::vector<std::byte> save(const Program& program);

// Gives the program that was saved. Whatever the bytes are, they cannot do harm beyond an Error;
// but only who may set the policy may write them: [[never]] is not proved again.
// errors   EINVAL cut short, damaged, of another version, or not a program.
Result<Program, Error> restore(Bytes bytes, const Limits& limits = {});

// Gives the hash of the policy's text that saved bytes claim to be compiled from, without loading.
Result<Digest, Error> saved_hash(Bytes bytes);

}  // namespace sluice::policy
