// SPDX-License-Identifier: MIT
// How each answer stands on the wire, in both directions: the session encodes replies with it,
// testkit's kernel decodes them. What a Room holds comes after the fixed part.
#pragma once

#include "sluice/fuse/answers.h"
#include "sluice/fuse/negotiated.h"
#include "sluice/wire/reader.h"
#include "sluice/wire/writer.h"

namespace sluice::fuse {

wire::Attr encode(const Attr& attr) noexcept;
Attr decode(const wire::Attr& attr) noexcept;
wire::EntryOut encode(const Entry& entry) noexcept;
Entry decode(const wire::EntryOut& entry) noexcept;
wire::OpenOut encode(const Opened& opened) noexcept;
Opened decode(const wire::OpenOut& opened) noexcept;

// The fixed part that precedes the room's bytes, in the reply of `opcode`.
template <class Answer>
inline constexpr std::size_t kFixedReplySize = 0;
template <>
inline constexpr std::size_t kFixedReplySize<IoctlReply> = sizeof(wire::IoctlOut);

// Writes an answer; `asked` is the room the request allowed (0 tells an attribute's size probe).
// errors: ERANGE where the reply buffer is too small.
Result<void> encode_answer(const Entry&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const AttrReply&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const StatxReply&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Opened&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Created&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Data&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const XattrData&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Written&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Copied&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const StatFs&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const LockInfo&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Position&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const BlockMap&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const IoctlReply&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Polled&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;
Result<void> encode_answer(const Done&, wire::Writer&, wire::Opcode, std::size_t asked) noexcept;

// Reads an answer from a reply's body, as the kernel would. errors: EIO where the length is not
// what the opcode promises. Data and XattrData give the size of what is there.
template <class Answer>
Result<Answer> decode_answer(wire::Reader& in, wire::Opcode opcode, std::size_t asked) noexcept;

}  // namespace sluice::fuse
