// SPDX-License-Identifier: MIT
#include "sluice/daemon/source.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace sluice::daemon {
namespace {

std::unexpected<Error> wrong(const std::string& path, std::string_view what, Errno cause) {
  std::string line{"source `"};
  line += path;
  line += "` ";
  line += what;
  return fail(Error{std::move(line), cause});
}

std::unexpected<Error> unreachable(const std::string& path, Errno why) {
  if (why == Errno{ENOENT}) return wrong(path, "does not exist", why);
  if (why == Errno{ENOTCONN}) {
    return wrong(path, "lies in a mount whose daemon is dead; run `sluice unmount` on that first",
                 why);
  }
  return fail(Error::of("cannot reach source `" + path + "`", why));
}

std::string path_of(const Fd& fd, const std::string& given) {
  std::array<char, PATH_MAX> buffer;
  const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
  const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  return size > 0 ? std::string{buffer.data(), static_cast<std::size_t>(size)} : given;
}

}  // namespace

Result<Source, Error> open_source(const std::string& path) {
  auto fd = own(retry_interrupted([&] { return ::open(path.c_str(), O_PATH | O_CLOEXEC); }));
  if (!fd) return unreachable(path, fd.error());
  struct stat stat {};
  if (::fstat(fd->get(), &stat) != 0) return unreachable(path, Errno::last());
  if (!S_ISDIR(stat.st_mode) && !S_ISREG(stat.st_mode)) {
    return wrong(path, "is neither a directory nor a regular file", EINVAL);
  }
  Source source;
  source.path = path_of(*fd, path);
  source.fd = std::move(*fd);
  source.kind = S_ISDIR(stat.st_mode) ? mount::RootKind::directory : mount::RootKind::file;
  return source;
}

}  // namespace sluice::daemon
