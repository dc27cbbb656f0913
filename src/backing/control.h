// SPDX-License-Identifier: MIT
// The device's control side: where ioctls go. The kernel's is DeviceControl; testkit's kernel has
// its own, which plays every interface that kernels have shipped.
#pragma once

#include "sluice/base/fd.h"

namespace sluice::backing {

class Control {
 public:
  virtual ~Control() = default;
  // As ioctl(2) on /dev/fuse; gives what it returned.
  virtual Result<int> ioctl(unsigned long request, void* argument) noexcept = 0;
};

class DeviceControl final : public Control {
 public:
  // `device` is borrowed and outlives this.
  explicit DeviceControl(const Fd& device) noexcept : device_{device} {}
  Result<int> ioctl(unsigned long request, void* argument) noexcept override;

 private:
  const Fd& device_;
};

}  // namespace sluice::backing
