// SPDX-License-Identifier: MIT
// What a request that creates something carries behind its own parts: the security context the new
// file is to have, and the group that lets the caller create in a setgid directory.
// Checked once as a whole; reading it afterwards cannot fail.
// source: linux fs/fuse/dir.c get_security_context(), get_create_supp_group()
#pragma once

#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/wire/reader.h"

namespace sluice::wire {

// An extended attribute that the new file is to have from its first moment.
struct SecurityContext {
  std::string_view name;  // such as "security.selinux"; a NUL stands right behind it
  Bytes value;
};

// Gives the contexts one after the other. Borrows from the request.
class SecurityContexts {
 public:
  SecurityContexts() noexcept = default;

  // The next one; nothing after the last.
  std::optional<SecurityContext> next() noexcept;
  std::uint32_t left() const noexcept { return left_; }

 private:
  friend class Extensions;
  SecurityContexts(Bytes bytes, std::uint32_t count) noexcept : bytes_{bytes}, left_{count} {}
  static Result<SecurityContext> take(Bytes& bytes) noexcept;

  Bytes bytes_;
  std::uint32_t left_ = 0;
};

class Extensions {
 public:
  Extensions() noexcept = default;

  // Reads what Reader::take_extensions() gave; borrows from it. Kinds without a meaning here are
  // skipped.
  // errors   EIO when a size or count says more than is there, a context has no name, or a kind
  //          comes twice.
  static Result<Extensions> parse(Bytes area) noexcept;

  // Starts anew with the first context at each call.
  SecurityContexts security_contexts() const noexcept { return contexts_; }

  // Gids to be added to the caller's own; the kernel sends one at most.
  Array<std::uint32_t> groups() const noexcept { return groups_; }

 private:
  Result<void> add_contexts(Bytes body, std::uint32_t count) noexcept;
  Result<void> add_groups(Bytes body) noexcept;

  SecurityContexts contexts_;
  Array<std::uint32_t> groups_;
  bool has_contexts_ = false;
  bool has_groups_ = false;
};

}  // namespace sluice::wire
