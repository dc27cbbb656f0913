// SPDX-License-Identifier: MIT
#include "find_program.h"

#include <limits.h>
#include <unistd.h>

#include <array>

namespace sluice::cli {

std::string own_program() {
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  return size > 0 ? std::string{buffer.data(), static_cast<std::size_t>(size)} : "sluice";
}

Result<std::string, Error> find_daemon() {
  const std::string program = own_program();
  const std::string folder = program.substr(0, program.rfind('/') + 1);
  for (const char* place : {"sluiced", "../libexec/sluice/sluiced", "../daemon/sluiced"}) {
    std::string path = folder + place;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return fail(Error{"cannot find `sluiced` beside `" + program +
                        "` or in `../libexec/sluice`;"
                        " install it again",
                    ENOENT});
}

}  // namespace sluice::cli
