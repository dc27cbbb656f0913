// SPDX-License-Identifier: MIT
// Registers lower descriptors with the kernel and lets go of them.
#pragma once

#include "sluice/backing/abi.h"
#include "sluice/base/ids.h"

namespace sluice::backing {

// Whose privileges later writes by the kernel have. The kernel keeps the credentials of the thread
// that registers, and uses them for every write of every caller: with root's, ordinary users could
// eat into reserved blocks, pass their quota, and leave setuid bits on files they write to.
// source: linux fs/backing-file.c backing_file_write_iter()
enum class Credentials {
  unprivileged,  // the thread's, with fsuid and fsgid 65534 and no CAP_SYS_RESOURCE, for the call
  as_they_are,
};

class Registrar {
 public:
  // `control` outlives this.
  Registrar(Control& control, Abi abi, Credentials credentials) noexcept
      : control_{control}, abi_{abi}, credentials_{credentials} {}

  Abi abi() const noexcept { return abi_; }
  // Whether all opens of a node must name one id; otherwise each open needs one of its own, which
  // the kernel takes away with the reply that names it.
  bool shared() const noexcept { return abi_ == Abi::mainline; }

  // Registers the open file of `lower`; the kernel keeps its own reference.
  // errors: EPERM no CAP_SYS_ADMIN in the initial user namespace, or not negotiated; ELOOP the
  // lower file system is itself stacked too deep; EISDIR, EINVAL not a regular file; ENOSYS no
  // interface; EBADF.
  Result<BackingId> open(const Fd& lower) noexcept;

  // Lets go of an id that is not used up; open files that pass through go on.
  void close(BackingId id) noexcept;

 private:
  Result<BackingId> open_android(int lower) noexcept;

  Control& control_;
  Abi abi_;
  Credentials credentials_;
};

}  // namespace sluice::backing
