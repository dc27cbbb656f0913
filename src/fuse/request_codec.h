// SPDX-License-Identifier: MIT
// Requests to and from their bytes. Decoding serves the session, encoding testkit's kernel; both
// follow the operation's own declaration. The templates are instantiated for every operation of
// AllOps in request_codec.cpp, so that users of this header do not pay for them.
#pragma once

#include "sluice/fuse/channel.h"
#include "sluice/fuse/negotiated.h"
#include "sluice/fuse/op_list.h"

namespace sluice::fuse {

// Gives the operation in `exchange`; its names and bytes are borrowed from there.
// errors: EIO where the request is malformed.
template <class Op>
Result<Op> decode_request(const Exchange& exchange, const Negotiated& negotiated) noexcept;

// How long the fixed part (without the header) and the whole of an encoded request are.
struct EncodedSize {
  std::size_t fixed = 0;
  std::size_t payload = 0;  // what follows the fixed part
};

// Writes the arguments of `op`, as a kernel would send them under `op.opcode`, without a header.
// errors: ERANGE where `out` is too small; EINVAL where the opcode does not carry this operation.
template <class Op>
Result<EncodedSize> encode_request(const Op& op, MutableBytes out, const Negotiated& negotiated) noexcept;

}  // namespace sluice::fuse
