// SPDX-License-Identifier: MIT
#include "identity.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::mount {
namespace {

constexpr unsigned kStatxMountIdUnique = 0x4000;  // Linux 6.8; not yet in the C library's header

Result<struct statx> statx_of(int fd, unsigned mask) noexcept {
  struct statx answer {};
  const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
  TRY(checked(retry_interrupted([&] { return ::statx(fd, "", flags, mask, &answer); })));
  return answer;
}

}  // namespace

Result<std::int64_t> fdinfo_number(int fd, const char* key) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
  const Fd info = TRY(own(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  std::array<char, 1024> buffer{};
  const auto size = TRY(
      checked(retry_interrupted([&] { return ::read(info.get(), buffer.data(), buffer.size()); })));
  const std::string_view text{buffer.data(), static_cast<std::size_t>(size)};
  const std::string wanted = std::string{key} + ":";
  std::size_t at = text.find(wanted);
  while (at != std::string_view::npos && at != 0 && text[at - 1] != '\n') {
    at = text.find(wanted, at + 1);
  }
  if (at == std::string_view::npos) return fail(ENODATA);
  std::string_view rest = text.substr(at + wanted.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::int64_t number = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (parsed.ec != std::errc{}) return fail(ENODATA);
  return number;
}

Result<Identity> identify(int fd) {
  Identity identity;
  identity.mount_id = TRY(fdinfo_number(fd, "mnt_id"));
  // With an empty mask the kernel gives the device even to those whom the daemon does not let in.
  const struct statx device = TRY(statx_of(fd, 0));
  identity.major = device.stx_dev_major;
  identity.minor = device.stx_dev_minor;
  if (const auto typed = statx_of(fd, STATX_TYPE | kStatxMountIdUnique)) {
    identity.mode = typed->stx_mode & S_IFMT;
    if ((typed->stx_mask & kStatxMountIdUnique) != 0) identity.unique_id = typed->stx_mnt_id;
  }
  return identity;
}

}  // namespace sluice::mount
