// SPDX-License-Identifier: MIT
#include "sluice/backing/control.h"

#include <sys/ioctl.h>

namespace sluice::backing {

Result<int> DeviceControl::ioctl(unsigned long request, void* argument) noexcept {
  return checked(retry_interrupted([&] { return ::ioctl(device_.get(), request, argument); }));
}

}  // namespace sluice::backing
