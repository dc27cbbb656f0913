// SPDX-License-Identifier: MIT
#include "sluice/mirror/creation.h"

#include <sys/xattr.h>

#include "sluice/mirror/proc_path.h"
#include "sluice/wire/extensions.h"

namespace sluice::mirror {

Result<std::optional<Gid>> supplementary_group(const fuse::Request& request) noexcept {
  if (request.extensions.empty()) return std::optional<Gid>{};
  const auto extensions = TRY(wire::Extensions::parse(request.extensions));
  for (std::uint32_t group : extensions.groups()) return std::optional<Gid>{Gid{group}};
  return std::optional<Gid>{};
}

Result<void> label(int fd, const fuse::Request& request) noexcept {
  if (request.extensions.empty()) return {};
  const auto extensions = TRY(wire::Extensions::parse(request.extensions));
  auto contexts = extensions.security_contexts();
  while (auto context = contexts.next()) {
    const ProcPath path{fd};
    if (::setxattr(path.c_str(), context->name.data(), context->value.data(),
                   context->value.size(), 0) != 0 &&
        errno != EOPNOTSUPP) {
      return fail_last();
    }
  }
  return {};
}

}  // namespace sluice::mirror
