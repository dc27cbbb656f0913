// SPDX-License-Identifier: MIT
#include "sluice/backing/registrar.h"

#include "sluice/backing/credentials.h"
#include "sluice/wire/ioctls.h"
#include "sluice/wire/structs.h"

namespace sluice::backing {
namespace {

Result<BackingId> id_of(Result<int> returned) noexcept {
  if (!returned) return fail(returned.error());
  if (*returned <= 0) return fail(EIO);
  return BackingId{*returned};
}

}  // namespace

Result<BackingId> Registrar::open(const Fd& lower) noexcept {
  UnprivilegedScope scope{credentials_ == Credentials::unprivileged};
  switch (abi_) {
    case Abi::none:
      return fail(ENOSYS);
    case Abi::mainline: {
      wire::BackingMap map{};
      map.fd = lower.get();
      return id_of(control_.ioctl(wire::kIocBackingOpen, &map));
    }
    case Abi::v10:
    case Abi::v11: {
      wire::LegacyPassthroughOut out{};
      out.fd = static_cast<std::uint32_t>(lower.get());
      return id_of(control_.ioctl(wire::kIocPassthroughOpenV10, &out));
    }
    case Abi::android:
      return open_android(lower.get());
  }
  return fail(ENOSYS);
}

Result<BackingId> Registrar::open_android(int lower) noexcept {
  auto number = static_cast<std::uint32_t>(lower);
  auto returned = control_.ioctl(wire::kIocPassthroughOpenAndroidV2, &number);
  if (!returned && returned.error() == Errno{ENOTTY}) {
    wire::LegacyPassthroughOut out{};
    out.fd = number;
    returned = control_.ioctl(wire::kIocPassthroughOpenAndroidV1, &out);
  }
  return id_of(returned);
}

void Registrar::close(BackingId id) noexcept {
  // The older interfaces have no way to close; an id that no reply named ends with the mount.
  if (!shared() || id == kNoBacking) return;
  auto number = static_cast<std::uint32_t>(raw(id));
  static_cast<void>(control_.ioctl(wire::kIocBackingClose, &number));
}

}  // namespace sluice::backing
