// SPDX-License-Identifier: MIT
// The list of operations. Whoever needs something of every operation folds over this list.
#pragma once

#include "sluice/fuse/ops_dir.h"
#include "sluice/fuse/ops_file.h"
#include "sluice/fuse/ops_lock.h"
#include "sluice/fuse/ops_name.h"
#include "sluice/fuse/ops_node.h"

namespace sluice::fuse {

template <class... Ops>
struct OpList {};

using AllOps =
    OpList<Lookup, GetAttr, GetStatx, SetAttr, ReadLink, Access, GetStatFs, GetXattr, ListXattr,
           SetXattr, RemoveXattr, SyncFs, MakeNode, MakeDir, MakeSymlink, MakeLink, Unlink,
           RemoveDir, Rename, Open, Create, MakeTmpFile, Read, Write, Flush, Release, Fsync,
           Fallocate, Seek, CopyRange, Ioctl, Poll, MapBlock, GetLock, SetLock, SetLockWait,
           OpenDir, ReadDir, ReadDirPlus, ReleaseDir, FsyncDir>;

}  // namespace sluice::fuse
