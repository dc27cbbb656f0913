// SPDX-License-Identifier: MIT
// A value or the reason there is none. Requests fail with an Errno, people's commands with an Error.
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "sluice/base/errno.h"
#include "sluice/base/error.h"

namespace sluice {

template <class T, class E = Errno>
using Result = std::expected<T, E>;

// Makes the failure of any Result<T>; `return fail(ENOENT);`.
constexpr std::unexpected<Errno> fail(Errno error) noexcept { return std::unexpected{error}; }
inline std::unexpected<Error> fail(Error error) { return std::unexpected{std::move(error)}; }

// Makes the failure of the call that has just set errno.
inline std::unexpected<Errno> fail_last() noexcept { return std::unexpected{Errno::last()}; }

namespace detail {
template <class R>
constexpr decltype(auto) unwrap(R&& result) {
  using Value = typename std::remove_cvref_t<R>::value_type;
  if constexpr (!std::is_void_v<Value>) return *std::forward<R>(result);
}
}  // namespace detail

}  // namespace sluice

// Gives the value of a Result, or returns its error from the enclosing function.
#define TRY(expression) SLUICE_TRY_AS(expression, SLUICE_JOIN(sluice_try_, __COUNTER__))
// The name differs each time, so that one TRY may stand inside another.
#define SLUICE_TRY_AS(expression, held)                               \
  (__extension__({                                                    \
    auto held = (expression);                                         \
    static_assert(!std::is_reference_v<decltype(held)>);              \
    if (!held) return std::unexpected{std::move(held).error()};       \
    ::sluice::detail::unwrap(std::move(held));                        \
  }))
#define SLUICE_JOIN(a, b) SLUICE_JOIN_EXPANDED(a, b)
#define SLUICE_JOIN_EXPANDED(a, b) a##b
