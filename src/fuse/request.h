// SPDX-License-Identifier: MIT
// What every request carries beside its own arguments: its name, the node it is about, who asks,
// and whether that caller has given up waiting.
#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/base/ids.h"
#include "sluice/wire/protocol.h"

namespace sluice::fuse {

// Who asks. uid and gid are the caller's fsuid and fsgid; supplementary groups are not sent.
// RELEASE, RELEASEDIR and written-back WRITEs carry no caller (all zero): never decide by it there.
// source: linux fs/fuse/dev.c fuse_get_req(), fuse_force_creds()
struct Caller {
  Uid uid{};
  Gid gid{};
  Pid pid{};  // a thread id; 0 where the caller is not visible in the mount's pid namespace
  friend bool operator==(const Caller&, const Caller&) = default;
};

struct Request {
  wire::Opcode opcode{};
  Unique unique{};
  NodeId node{};  // the directory for operations on names
  Caller caller{};
  Bytes extensions;  // what follows the arguments, still encoded; see wire::Extensions

  // Says whether the caller was interrupted while it waits. A handler that takes long looks at
  // this now and then and answers EINTR.
  bool interrupted() const noexcept {
    return in_flight != nullptr && (in_flight->load(std::memory_order_relaxed) & 1) != 0;
  }

  // The worker's word for this request: its unique, with bit 0 set once an INTERRUPT came for it.
  // Set by the session; borrowed for the duration of the call.
  const std::atomic<std::uint64_t>* in_flight = nullptr;
};

}  // namespace sluice::fuse
