// SPDX-License-Identifier: MIT
// Mirror::with_file, for the files that use it.
#pragma once

#include <fcntl.h>

#include "sluice/mirror/mirror.h"

namespace sluice::mirror {

template <class Use>
auto Mirror::with_file(FileHandle handle, int access, Use use) -> decltype(use(0)) {
  auto file = TRY(files_.find(handle));
  if (file->substitute) {
    if (access != O_RDONLY) return fail(EBADF);
    const Fd* whole = file->substitute->file();
    // The kernel then copies by reading and writing.
    return whole != nullptr ? use(whole->get()) : fail(EOPNOTSUPP);
  }
  const int kept = file->flags & O_ACCMODE;
  if (file->fd && (kept == access || kept == O_RDWR)) return use(file->fd.get());
  const Fd opened = TRY(tree_->open(file->node, access | O_NONBLOCK));
  return use(opened.get());
}

}  // namespace sluice::mirror
