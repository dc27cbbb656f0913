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

// Gives an empty file in memory, to be sealed. errors: EMFILE, ENOMEM.
Result<Fd> memory_file() noexcept;
// Gives a file without a name, that can get none, with so much room on the disk.
// errors  ENOSPC, EDQUOT; EOPNOTSUPP the file system has no such files; those of open(2).
Result<Fd> unnamed_file(const Fd& folder, std::uint64_t size) noexcept;

// Copies `size` bytes from the beginning on.
// redaction  is done to them; null: they are copied as they are
// errors     ESTALE there are fewer; those of reading and writing.
Result<void> copy_bytes(int from, int to, std::uint64_t size, const inspect::Redaction* redaction);
// Tells whether a file begins with the bytes of a face, as far as that goes.
bool same_bytes(int fd, const Face& face);

// From now on nobody writes to a memory file, whatever descriptor he has.
Result<void> seal(const Fd& file) noexcept;
// Opens a file once more; whoever is given this cannot write by it. errors: those of open(2).
Result<Fd> opened_read_only(int fd) noexcept;

}  // namespace sluice::content
