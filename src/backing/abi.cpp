// SPDX-License-Identifier: MIT
#include "sluice/backing/abi.h"

#include "sluice/wire/ioctls.h"
#include "sluice/wire/structs.h"

namespace sluice::backing {
namespace {

using wire::InitFlag;

// Says whether the device knows an ioctl, by calling it with a descriptor that is none: a kernel
// that has it answers EBADF, or EPERM before INIT is done; one that has not, ENOTTY.
template <class Argument>
bool knows(Control& control, unsigned long request, Argument argument) noexcept {
  auto done = control.ioctl(request, &argument);
  return done || (done.error() != Errno{ENOTTY} && done.error() != Errno{EINVAL});
}

wire::LegacyPassthroughOut nothing() noexcept {
  wire::LegacyPassthroughOut out{};
  out.fd = static_cast<std::uint32_t>(-1);
  return out;
}

wire::PassthroughOutV8 nothing_v8() noexcept {
  wire::PassthroughOutV8 out{};
  out.fd = static_cast<std::uint32_t>(-1);
  return out;
}

Choice none(std::string why) {
  Choice choice;
  choice.why_not = std::move(why);
  return choice;
}

Choice legacy(Abi abi, InitFlag bit) {
  Choice choice;
  choice.abi = abi;
  choice.take = bit;
  choice.foreign = bit;
  return choice;
}

// Bit 27 before protocol 7.32, where mainline gave it to SUBMOUNTS.
Choice choose_bit_27(Control& control) {
  if (knows(control, wire::kIocPassthroughOpenV10, nothing())) {
    return legacy(Abi::v10, InitFlag::passthrough_v10);
  }
  if (knows(control, wire::kIocPassthroughOpenV8, nothing_v8())) {
    return none(
        "this kernel has the passthrough of the patch series' V8 or V9, which binds descriptors to "
        "requests by an ioctl that was given up; use a kernel with V10 or later, or Linux 6.9");
  }
  return none("the kernel offers bit 27 but knows none of the passthrough ioctls that went with it");
}

}  // namespace

std::string_view name(Abi abi) noexcept {
  switch (abi) {
    case Abi::none: return "none";
    case Abi::mainline: return "mainline";
    case Abi::v10: return "series V10";
    case Abi::v11: return "series V11";
    case Abi::android: return "android";
  }
  return "none";
}

Choice choose(const wire::InitOffer& offer, Control& control) {
  if (offer.flags.has(InitFlag::passthrough)) {
    Choice choice;
    choice.abi = Abi::mainline;
    choice.take = InitFlag::passthrough;
    choice.max_stack_depth = 1;
    return choice;
  }
  if (offer.minor >= 36) {
    if (offer.flags.has(InitFlag::passthrough_android_ext)) {
      return legacy(Abi::android, InitFlag::passthrough_android_ext);
    }
    return none("the kernel is older than Linux 6.9 or was built without CONFIG_FUSE_PASSTHROUGH");
  }
  if (offer.flags.has(InitFlag::passthrough_android)) {
    return legacy(Abi::android, InitFlag::passthrough_android);
  }
  // Mainline gave bit 29 to SETXATTR_EXT within protocol 7.33: there both meanings are found.
  if (offer.flags.has(InitFlag::passthrough_v11) && offer.minor <= 33 &&
      knows(control, wire::kIocPassthroughOpenV10, nothing())) {
    return legacy(Abi::v11, InitFlag::passthrough_v11);
  }
  if (offer.flags.has(InitFlag::passthrough_v10) && offer.minor < 32) return choose_bit_27(control);
  return none("the kernel is older than Linux 6.9");
}

}  // namespace sluice::backing
