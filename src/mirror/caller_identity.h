// SPDX-License-Identifier: MIT
// The calling thread in the name of a request's caller, for as long as a scope lasts: what it makes
// belongs to the caller, and what it writes obeys the limits and loses the setuid bits as the
// caller's own writing would. The kernel has checked permissions (default_permissions), with groups
// that we do not know; so the thread keeps the right to pass permission bits, and no other.
#pragma once

#include <cstdint>
#include <optional>

#include "sluice/base/ids.h"
#include "sluice/base/result.h"
#include "sluice/fuse/request.h"

namespace sluice::mirror {

// Makes the calling thread fit to serve: a umask of its own, and no CAP_SYS_RESOURCE.
// errors: those of unshare(2).
Result<void> prepare_thread() noexcept;

class AsCaller {
 public:
  // Does nothing for root, nor in a daemon that is not root (whose callers are its own user).
  explicit AsCaller(const fuse::Caller& caller) noexcept : AsCaller{caller, std::nullopt} {}
  // group: a supplementary group of the caller that matters, as the request brought it.
  AsCaller(const fuse::Caller& caller, std::optional<Gid> group) noexcept;
  ~AsCaller();
  AsCaller(const AsCaller&) = delete;
  AsCaller& operator=(const AsCaller&) = delete;

 private:
  bool ids_ = false;
  bool group_ = false;
};

// Sets the calling thread's umask, which counts in the lower file system as it would natively:
// a default ACL of the directory overrides it there. For threads that prepare_thread() made fit.
void set_umask(std::uint32_t umask) noexcept;

}  // namespace sluice::mirror
