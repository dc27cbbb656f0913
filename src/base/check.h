// SPDX-License-Identifier: MIT
// SLUICE_CHECK stops the process when an invariant of our own is broken. Nothing that comes from
// the wire, a file, a name or a policy may reach one: those answer an Errno or an Error.
#pragma once

namespace sluice::detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;
}

#define SLUICE_CHECK(condition)                                                    \
  (__builtin_expect(static_cast<bool>(condition), 1)                               \
       ? static_cast<void>(0)                                                      \
       : ::sluice::detail::check_failed(#condition, __FILE__, __LINE__))
