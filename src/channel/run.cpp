// SPDX-License-Identifier: MIT
#include "sluice/channel/run.h"

#include <errno.h>

#include <cstdio>
#include <cstdlib>

#include "sluice/channel/serve_mount.h"

namespace sluice::channel {
namespace {

void tell(const Error& error) {
  const std::string line = std::string{program_invocation_short_name} + ": " + error.line() + "\n";
  std::fputs(line.c_str(), stderr);
}

Result<mount::Mounted, Error> mount_as(const RunOptions& options) {
  mount::Options wanted;
  wanted.mountpoint = options.mountpoint;
  wanted.source = options.source.empty() ? program_invocation_short_name : options.source;
  wanted.subtype = program_invocation_short_name;
  wanted.allow_other = options.allow_other;
  wanted.flags.set(mount::MountFlag::read_only, options.read_only);
  wanted = TRY(mount::parse_mount_options(options.mount_options, wanted));
  return mount::mount(wanted);
}

Result<void, Error> mount_and_serve(const fuse::FileSystem& fs,
                                    void (*mounted_hook)(void*, const Mounting&),
                                    const RunOptions& options) {
  auto stop = StopSignals::make();
  if (!stop) return fail(Error::of("cannot wait for signals", stop.error()));
  mount::Mounted mounted = TRY(mount_as(options));
  auto connection = DevConnection::make(mounted.take_device(), {});
  if (!connection) return fail(Error::of("cannot make room for requests", connection.error()));
  if (mounted_hook != nullptr) {
    mounted_hook(fs.object, Mounting{.device = (*connection)->device(),
                                     .connection = **connection,
                                     .st_dev = mounted.st_dev(),
                                     .privileged = mounted.privileged()});
  }
  fuse::Session session{fs, {.report = tell}};
  fuse::WorkerOptions workers;
  workers.limit = options.threads;
  return serve_mount({.session = session,
                      .connection = **connection,
                      .mounted = mounted,
                      .stop = *stop,
                      .workers = workers,
                      .report = tell});
}

}  // namespace

int run(const fuse::FileSystem& fs, void (*mounted)(void* fs, const Mounting&),
        const RunOptions& options) {
  const auto done = mount_and_serve(fs, mounted, options);
  if (done) return EXIT_SUCCESS;
  tell(done.error());
  return EXIT_FAILURE;
}

}  // namespace sluice::channel
