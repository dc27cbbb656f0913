// SPDX-License-Identifier: MIT
#include "kernel_offer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "sluice/base/fd.h"
#include "sluice/wire/protocol.h"
#include "sluice/wire/reader.h"

namespace sluice::cli {
namespace {

constexpr int kLimit = 2000;  // milliseconds

// The C library of Debian 12 has none of these.
// source: fsopen(2), fsconfig(2); linux include/uapi/linux/mount.h
constexpr unsigned kFsopenCloexec = 1;
constexpr unsigned kSetString = 1;
constexpr unsigned kCreate = 6;

Result<void> configure(const Fd& context, unsigned command, const char* key,
                       const std::string& value) {
  const char* text = key == nullptr ? nullptr : value.c_str();
  TRY(checked(::syscall(SYS_fsconfig, context.get(), command, key, text, 0)));
  return {};
}

// INIT is sent when the file system is made; mounting it somewhere would come after.
Result<Fd> make_file_system(const Fd& device) {
  Fd context = TRY(own(static_cast<int>(::syscall(SYS_fsopen, "fuse", kFsopenCloexec))));
  TRY(configure(context, kSetString, "fd", std::to_string(device.get())));
  TRY(configure(context, kSetString, "rootmode", "40000"));
  TRY(configure(context, kSetString, "user_id", std::to_string(::geteuid())));
  TRY(configure(context, kSetString, "group_id", std::to_string(::getegid())));
  TRY(configure(context, kCreate, nullptr, {}));
  return context;
}

}  // namespace

Result<wire::InitOffer, Error> ask_kernel() {
  const auto cannot = [](Errno why) { return fail(Error::of("cannot ask the kernel", why)); };
  const auto device = own(::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device) return cannot(device.error());
  const auto context = make_file_system(*device);
  if (!context) return cannot(context.error());
  pollfd waiting{device->get(), POLLIN, 0};
  if (retry_interrupted([&] { return ::poll(&waiting, 1, kLimit); }) <= 0) return cannot(ETIMEDOUT);
  alignas(8) std::array<std::byte, wire::kMinReadBuffer> buffer{};
  const ssize_t size =
      retry_interrupted([&] { return ::read(device->get(), buffer.data(), buffer.size()); });
  if (size < static_cast<ssize_t>(sizeof(wire::InHeader))) return cannot(EIO);
  wire::Reader in{
      Bytes{buffer}.first(static_cast<std::size_t>(size)).subspan(sizeof(wire::InHeader))};
  return wire::parse_init(in);
}

}  // namespace sluice::cli
