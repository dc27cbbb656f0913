// SPDX-License-Identifier: MIT
#include "sluice/content/find_inspector.h"

#include <limits.h>
#include <unistd.h>

#include <array>

namespace sluice::content {

Result<std::string, Error> find_inspector() {
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  const std::string program{buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  const std::string folder = program.substr(0, program.rfind('/') + 1);
  for (const char* place :
       {"sluice-inspector", "../libexec/sluice/sluice-inspector", "../content/sluice-inspector"}) {
    std::string path = folder + place;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return fail(Error{"cannot find `sluice-inspector` beside `" + program +
                        "` or in `../libexec/sluice`; install it again",
                    ENOENT});
}

}  // namespace sluice::content
