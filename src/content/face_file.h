// SPDX-License-Identifier: MIT
// Private to content: the files that faces lie in, and how bytes get into them. What is to be
// hidden is so before it is written anywhere.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/inspect/redaction.h"

namespace sluice::content {

class Face;

// Gives a folder that is ours and nobody else's, making it if it is not there; none if it is not.
Fd private_folder(const std::string& path) noexcept;

// Gives a folder in memory that is mounted nowhere: what is read of a file in it comes from large
// pages, as it does of a file on a disk, and from a memfd in small ones. None where it is not to be
// had, which is without privileges, and on older kernels.
// source: man 5 tmpfs, "huge"; linux mm/shmem.c
Fd memory_folder() noexcept;
// Gives an empty file in memory, to be sealed. folder: may be none
// errors  EMFILE, ENOMEM, ENOSPC.
Result<Fd> memory_file(const Fd& folder) noexcept;
// Gives a file without a name, that can get none, with so much room on the disk.
// errors  ENOSPC, EDQUOT; EOPNOTSUPP the file system has no such files; those of open(2).
Result<Fd> unnamed_file(const Fd& folder, std::uint64_t size) noexcept;

// Copies `size` bytes from the beginning on.
// redaction  is done to them; null: they are copied as they are
// errors     ESTALE there are fewer; those of reading and writing.
Result<void> copy_bytes(int from, int to, std::uint64_t size, const inspect::Redaction* redaction);
// Tells whether a file begins with the bytes of a face, as far as that goes.
bool same_bytes(int fd, const Face& face);

// From now on nobody opens a memory file to write to it, and nobody who did before writes by a
// memfd. errors: those of fcntl(2) and of setting an inode's flags.
Result<void> seal(const Fd& file) noexcept;
// Opens a file once more; whoever is given this cannot write by it. errors: those of open(2).
Result<Fd> opened_read_only(int fd) noexcept;

}  // namespace sluice::content
