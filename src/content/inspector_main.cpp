// SPDX-License-Identifier: MIT
// sluice-inspector: looks into files for sluiced, without any privileges. Started by it, never by
// hand; descriptor 3 leads to who started it.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "sluice/content/worker.h"

namespace {

constexpr int kControl = 3;
constexpr int kUsage = 2;

bool is_socket(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

}  // namespace

int main() {
  if (!is_socket(kControl)) {
    std::fputs("sluice-inspector: is started by `sluiced`, not by hand\n", stderr);
    return kUsage;
  }
  ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
  ::close_range(kControl + 1, ~0U, 0);
  int status = 1;
  try {
    status = sluice::content::run_forker(sluice::Fd{kControl});
  } catch (const std::exception&) {
    status = 1;  // no memory: whoever started it sees the end
  }
  ::_exit(status);
}
