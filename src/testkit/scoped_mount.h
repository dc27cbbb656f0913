// SPDX-License-Identifier: MIT
// A mount that ends with its scope, also where a test ends early. Declared after the session, it
// goes before it, which a kernel that was made first (as the control of a file system's backings)
// would not.
#pragma once

#include "sluice/testkit/kernel.h"

namespace sluice::testkit {

class ScopedMount {
 public:
  // Both outlive this.
  ScopedMount(Kernel& kernel, fuse::Session& session)
      : kernel_{kernel}, result_{kernel.mount(session)} {}
  ~ScopedMount() { kernel_.unmount(); }
  ScopedMount(const ScopedMount&) = delete;
  ScopedMount& operator=(const ScopedMount&) = delete;

  // What INIT came to; see Kernel::mount().
  const Result<void, Error>& result() const noexcept { return result_; }

 private:
  Kernel& kernel_;
  Result<void, Error> result_;
};

}  // namespace sluice::testkit
