// SPDX-License-Identifier: MIT
// The helper that runs inside and tries one way out. It says what the kernel answered, and its
// status is kOut when it got anywhere, kHeld when not.
#pragma once

#include <span>
#include <string>

namespace sluice::confine::escape {

inline constexpr int kOut = 0;
inline constexpr int kHeld = 7;

using Args = std::span<const std::string>;

// Prints "NAME: answer" and gives the status for it; `result` is what the call returned.
int tell(const char* name, long result);
// Tries several, and gives kOut if any got out.
int worst(std::initializer_list<int> statuses);

// In escape_more.cpp: what needs more than a call or two.
int try_handle(Args args);
int try_connect(Args args);
int try_descriptors(Args args);
int try_foreign_call(Args args);
int try_nested(Args args);
int try_keyring(Args args);

}  // namespace sluice::confine::escape
