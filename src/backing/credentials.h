// SPDX-License-Identifier: MIT
// The calling thread without the privileges that let a writer pass limits, for as long as a scope
// lasts. CAP_SYS_ADMIN stays: registering needs it.
#pragma once

namespace sluice::backing {

class UnprivilegedScope {
 public:
  // Does nothing where `wanted` is false or the thread has no root privileges to shed.
  explicit UnprivilegedScope(bool wanted) noexcept;
  ~UnprivilegedScope();
  UnprivilegedScope(const UnprivilegedScope&) = delete;
  UnprivilegedScope& operator=(const UnprivilegedScope&) = delete;

 private:
  bool entered_ = false;
};

// Takes CAP_SYS_RESOURCE out of the calling thread's effective set, for good: a thread that serves
// never needs it, and with it quotas and reserved blocks would not hold for what it writes.
void shed_resource_privilege() noexcept;

}  // namespace sluice::backing
