// SPDX-License-Identifier: MIT
// What each operation needs of the policy before anything else is done for it: one line for every
// operation there is. An operation without a line here does not compile.
#pragma once

#include "sluice/fuse/op_list.h"

namespace sluice::guard {

enum class Needs {
  undeclared,
  nothing,   // it is about an open file or directory, which was admitted when it was opened
  to_see,    // the node, or the directory in which it is about a name
  to_read,   // what the node has in it
  to_write,  // the node; whatever it changes of it
  a_rule,    // one of its own: Guard::admit() for the operation
};

template <class Op>
inline constexpr Needs kNeeds = Needs::undeclared;

// clang-format off: a table
template <> inline constexpr Needs kNeeds<fuse::Lookup> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::GetAttr> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::GetStatx> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::SetAttr> = Needs::to_write;
template <> inline constexpr Needs kNeeds<fuse::ReadLink> = Needs::to_read;
template <> inline constexpr Needs kNeeds<fuse::Access> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::GetStatFs> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::GetXattr> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::ListXattr> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::SetXattr> = Needs::to_write;
template <> inline constexpr Needs kNeeds<fuse::RemoveXattr> = Needs::to_write;
template <> inline constexpr Needs kNeeds<fuse::SyncFs> = Needs::to_see;
// Names are judged one by one where the operation is done; see guard_name.cpp.
template <> inline constexpr Needs kNeeds<fuse::MakeNode> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::MakeDir> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::MakeSymlink> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::MakeLink> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::Unlink> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::RemoveDir> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::Rename> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::Create> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::MakeTmpFile> = Needs::to_write;
template <> inline constexpr Needs kNeeds<fuse::Open> = Needs::a_rule;
template <> inline constexpr Needs kNeeds<fuse::Read> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::Write> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::Flush> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::Release> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::Fsync> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::Fallocate> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::Seek> = Needs::a_rule;
template <> inline constexpr Needs kNeeds<fuse::CopyRange> = Needs::a_rule;
template <> inline constexpr Needs kNeeds<fuse::Ioctl> = Needs::a_rule;
template <> inline constexpr Needs kNeeds<fuse::Poll> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::MapBlock> = Needs::to_read;
template <> inline constexpr Needs kNeeds<fuse::GetLock> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::SetLock> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::SetLockWait> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::OpenDir> = Needs::to_read;
template <> inline constexpr Needs kNeeds<fuse::ReadDir> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::ReadDirPlus> = Needs::to_see;
template <> inline constexpr Needs kNeeds<fuse::ReleaseDir> = Needs::nothing;
template <> inline constexpr Needs kNeeds<fuse::FsyncDir> = Needs::nothing;
// clang-format on

namespace detail {
template <class... Ops>
constexpr bool all_declared(fuse::OpList<Ops...>) {
  return ((kNeeds<Ops> != Needs::undeclared) && ...);
}
}  // namespace detail
static_assert(detail::all_declared(fuse::AllOps{}), "an operation has no line in needs.h");

}  // namespace sluice::guard
