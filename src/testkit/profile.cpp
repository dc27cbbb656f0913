// SPDX-License-Identifier: MIT
#include "sluice/testkit/profile.h"

namespace sluice::testkit {
namespace {

using wire::InitFlag;
using Offer = Flags<InitFlag>;

// What Linux 5.4 sends: bits 0 to 25 but for 2 (FILE_OPS never left the header).
constexpr std::uint64_t kOffer54 = 0x03fffffb;
// Linux 5.17 and later, measured: bits 26 and 27 belong to virtiofs, bit 31 is reserved.
constexpr std::uint64_t kOffer517 = 0x73fffffb;

constexpr std::uint64_t high(std::uint64_t flags2) noexcept { return flags2 << 32; }

KernelProfile of(std::string_view name, std::uint32_t minor, std::uint64_t offered,
                 BackingIoctls backing = BackingIoctls::none) noexcept {
  KernelProfile profile;
  profile.name = name;
  profile.minor = minor;
  profile.offered = Offer::from(offered);
  profile.backing = backing;
  profile.offered = profile.offered | profile.passthrough_bit();
  return profile;
}

}  // namespace

Offer KernelProfile::passthrough_bit() const noexcept {
  switch (backing) {
    case BackingIoctls::none: return {};
    case BackingIoctls::mainline: return InitFlag::passthrough;
    case BackingIoctls::series_v8:
    case BackingIoctls::series_v10: return InitFlag::passthrough_v10;
    case BackingIoctls::series_v11: return InitFlag::passthrough_v11;
    case BackingIoctls::android_v1:
    case BackingIoctls::android_v2:
      return minor < 36 ? InitFlag::passthrough_android : InitFlag::passthrough_android_ext;
  }
  return {};
}

KernelProfile KernelProfile::linux_6_18() noexcept {
  return of("Linux 6.18", 45, kOffer517 | high(0x7fd), BackingIoctls::mainline);
}

KernelProfile KernelProfile::linux_6_9() noexcept {
  return of("Linux 6.9", 40, kOffer517 | high(0xfd), BackingIoctls::mainline);
}

KernelProfile KernelProfile::linux_6_1() noexcept {
  return of("Linux 6.1", 37, kOffer517 | high(0x1));
}

KernelProfile KernelProfile::linux_5_4() noexcept { return of("Linux 5.4", 31, kOffer54); }

KernelProfile KernelProfile::linux_4_19() noexcept {
  return of("Linux 4.19", 27, kOffer54 & 0x003fffff);
}

KernelProfile KernelProfile::series_v8() noexcept {
  return of("series V8", 31, kOffer54, BackingIoctls::series_v8);
}

KernelProfile KernelProfile::series_v10() noexcept {
  return of("series V10", 31, kOffer54, BackingIoctls::series_v10);
}

KernelProfile KernelProfile::series_v11() noexcept {
  return of("series V11", 33, kOffer54 | 0x10000000, BackingIoctls::series_v11);
}

KernelProfile KernelProfile::android_v1() noexcept {
  return of("Android 5.10, V1", 32, kOffer54, BackingIoctls::android_v1);
}

KernelProfile KernelProfile::android_v2() noexcept {
  return of("Android 5.15, V2", 36, kOffer517 | high(0x1), BackingIoctls::android_v2);
}

}  // namespace sluice::testkit
