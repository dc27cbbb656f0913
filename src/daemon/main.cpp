// SPDX-License-Identifier: MIT
// sluiced: the program behind `sluice mount`, which takes the same arguments.
#include <cstdio>
#include <cstdlib>

#include "sluice/daemon/announce.h"
#include "sluice/daemon/config.h"
#include "sluice/daemon/daemon.h"

int main(int argc, char** argv) {
  namespace daemon = sluice::daemon;
  constexpr int kUsage = 2;
  auto asked = daemon::parse_config({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (!asked) {
    daemon::tell_usage(asked.error(), "sluice mount");
    return kUsage;
  }
  if (asked->help) {
    const auto text = daemon::mount_help();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return EXIT_SUCCESS;
  }
  return daemon::run(asked->config);
}
