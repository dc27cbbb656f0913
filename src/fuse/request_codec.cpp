// SPDX-License-Identifier: MIT
#include "sluice/fuse/request_codec.h"

namespace sluice::fuse {
namespace {

template <class L>
struct FixedOf;
template <class Fixed, class... Items>
struct FixedOf<Layout<Fixed, Items...>> {
  static constexpr std::size_t kSize = std::is_same_v<Fixed, NoFixed> ? 0 : sizeof(Fixed);
};

// Calls `use` with the layout that carries `op` under its opcode. errors: EINVAL none does.
template <class Op, class Use, class... F>
Result<void> with_layout(const Op& op, const Negotiated& negotiated, Use use, Forms<F...>) {
  if constexpr (requires { Op::kExtendedSince; }) {
    if (!negotiated.has(Op::kExtendedSince)) return use(typename Op::Compat{});
  }
  Result<void> done = fail(EINVAL);
  static_cast<void>(
      ((op.opcode == F::kOpcode && (done = use(typename F::Layout{}), true)) || ...));
  return done;
}

}  // namespace

template <class Op>
Result<Op> decode_request(const Exchange& exchange, const Negotiated& negotiated) noexcept {
  const wire::InHeader& header = exchange.header;
  Op op;
  op.opcode = static_cast<Opcode>(header.opcode);
  op.unique = Unique{header.unique};
  op.node = NodeId{header.nodeid};
  op.caller = Caller{Uid{header.uid}, Gid{header.gid}, Pid{header.pid}};
  wire::Reader in = exchange.arguments();
  if (header.total_extlen != 0) {
    op.extensions = TRY(in.take_extensions(std::size_t{header.total_extlen} * 8));
  }
  TRY(with_layout(
      op, negotiated, [&](auto layout) { return decode_layout(op, in, layout); },
      typename Op::Wire{}));
  return op;
}

template <class Op>
Result<EncodedSize> encode_request(const Op& op, MutableBytes out,
                                   const Negotiated& negotiated) noexcept {
  EncodedSize size;
  TRY(with_layout(
      op, negotiated,
      [&]<class Fixed, class... Items>(Layout<Fixed, Items...> layout) -> Result<void> {
        wire::Writer writer{out};
        TRY(encode_layout(op, writer, layout));
        TRY(writer.put_bytes(op.extensions));
        size.fixed = FixedOf<Layout<Fixed, Items...>>::kSize;
        size.payload = writer.size() - size.fixed;
        return {};
      },
      typename Op::Wire{}));
  return size;
}

#define SLUICE_INSTANTIATE(Op)                                                            \
  template Result<Op> decode_request<Op>(const Exchange&, const Negotiated&) noexcept;    \
  template Result<EncodedSize> encode_request<Op>(const Op&, MutableBytes, const Negotiated&) noexcept;

SLUICE_INSTANTIATE(Lookup)
SLUICE_INSTANTIATE(GetAttr)
SLUICE_INSTANTIATE(GetStatx)
SLUICE_INSTANTIATE(SetAttr)
SLUICE_INSTANTIATE(ReadLink)
SLUICE_INSTANTIATE(Access)
SLUICE_INSTANTIATE(GetStatFs)
SLUICE_INSTANTIATE(GetXattr)
SLUICE_INSTANTIATE(ListXattr)
SLUICE_INSTANTIATE(SetXattr)
SLUICE_INSTANTIATE(RemoveXattr)
SLUICE_INSTANTIATE(SyncFs)
SLUICE_INSTANTIATE(MakeNode)
SLUICE_INSTANTIATE(MakeDir)
SLUICE_INSTANTIATE(MakeSymlink)
SLUICE_INSTANTIATE(MakeLink)
SLUICE_INSTANTIATE(Unlink)
SLUICE_INSTANTIATE(RemoveDir)
SLUICE_INSTANTIATE(Rename)
SLUICE_INSTANTIATE(Open)
SLUICE_INSTANTIATE(Create)
SLUICE_INSTANTIATE(MakeTmpFile)
SLUICE_INSTANTIATE(Read)
SLUICE_INSTANTIATE(Write)
SLUICE_INSTANTIATE(Flush)
SLUICE_INSTANTIATE(Release)
SLUICE_INSTANTIATE(Fsync)
SLUICE_INSTANTIATE(Fallocate)
SLUICE_INSTANTIATE(Seek)
SLUICE_INSTANTIATE(CopyRange)
SLUICE_INSTANTIATE(Ioctl)
SLUICE_INSTANTIATE(Poll)
SLUICE_INSTANTIATE(MapBlock)
SLUICE_INSTANTIATE(GetLock)
SLUICE_INSTANTIATE(SetLock)
SLUICE_INSTANTIATE(SetLockWait)
SLUICE_INSTANTIATE(OpenDir)
SLUICE_INSTANTIATE(ReadDir)
SLUICE_INSTANTIATE(ReadDirPlus)
SLUICE_INSTANTIATE(ReleaseDir)
SLUICE_INSTANTIATE(FsyncDir)
#undef SLUICE_INSTANTIATE

}  // namespace sluice::fuse
