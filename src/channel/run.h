// SPDX-License-Identifier: MIT
// From a file system to a mounted one in one call: the whole main() of a small program.
//
//   int main(int, char** argv) {
//     MyFileSystem fs;
//     return sluice::run(fs, {.mountpoint = argv[1]});
//   }
//
// Programs that want more of their own (other signals, a daemon, several mounts) put the same parts
// together themselves: mount::mount(), DevConnection, Session, serve_mount().
#pragma once

#include <sys/types.h>

#include <string>

#include "sluice/base/fd.h"
#include "sluice/fuse/channel.h"
#include "sluice/fuse/dispatch.h"

namespace sluice {

struct RunOptions {
  std::string mountpoint;
  // The first column of /proc/mounts; empty: the program's name.
  std::string source = "";
  bool read_only = false;
  bool allow_other = false;  // let other users in; without privileges see fuse.conf(5)
  // Words of mount(8), as after `-o`; they come last.
  std::string mount_options = "";
  int threads = 64;  // at most
};

// What a file system may want to know of its mount before the first request: given to its method
// `void mounted(const Mounting&)`, if it has one. All borrowed until run() returns.
struct Mounting {
  const Fd& device;              // where backings are registered (backing::DeviceControl)
  fuse::Connection& connection;  // where notifications go (fuse::Notifier)
  dev_t st_dev;                  // of all files in the mount
  bool privileged;               // whether the kernel lets this process register backings
};

namespace channel {
int run(const fuse::FileSystem& fs, void (*mounted)(void* fs, const Mounting&),
        const RunOptions& options);
}

// Mounts `fs`, serves it until it is unmounted or SIGINT or SIGTERM comes, and unmounts it. To be
// called from the main thread before others are started. What goes wrong is told in one line each
// on standard error.
// fs       borrowed; its methods are called from several threads at once.
// returns  an exit status: 0, or 1 if it could not be mounted or served.
template <class Fs>
int run(Fs& fs, const RunOptions& options) {
  void (*mounted)(void*, const Mounting&) = nullptr;
  if constexpr (requires(const Mounting& mounting) { fs.mounted(mounting); }) {
    mounted = [](void* object, const Mounting& mounting) {
      static_cast<Fs*>(object)->mounted(mounting);
    };
  }
  return channel::run(fuse::file_system_of(fs), mounted, options);
}

}  // namespace sluice
