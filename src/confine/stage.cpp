// SPDX-License-Identifier: MIT
// Order matters here. Devices and what stays writable are copied before all mounts are restricted;
// views are mounted after that, so that their own flags stand; what other ways there are is looked
// at once more at the end, when nothing is mounted any more.
#include "sluice/confine/stage.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "sluice/confine/cover.h"
#include "sluice/confine/dev.h"
#include "sluice/confine/ids.h"
#include "sluice/confine/init.h"
#include "sluice/confine/mask.h"
#include "sluice/confine/mounts.h"
#include "sluice/confine/snapshots.h"

namespace sluice::confine {
namespace {

Result<void, Error> leave_namespaces() {
  const bool privileged = is_privileged();
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const int wanted = CLONE_NEWNS | (privileged ? 0 : CLONE_NEWUSER);
  if (::unshare(wanted) != 0) {
    const Errno cause = Errno::last();
    std::string line{"cannot make namespaces: "};
    line.append(text(cause)).append("; user namespaces are forbidden here, or used up");
    line.append(" (user.max_user_namespaces), or the process is in a chroot");
    return fail(Error{std::move(line), cause});
  }
  // Gaining privileges in a namespace takes this back.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (!privileged) TRY(map_own_ids(user, group));
  return make_mounts_private();
}

struct Copied {
  std::string path;
  Fd tree;
};

class Stage {
 public:
  Stage(const Plan& plan, const Hooks& hooks, const Prepared& prepared, const Line& line)
      : plan_{plan}, hooks_{hooks}, prepared_{prepared}, line_{line} {}

  Result<void, Error> set_up() {
    TRY(leave_namespaces());
    const auto devices = TRY(keep_devices(plan_.devices));
    TRY(restrict_all());
    const auto before = TRY(mount::list_mounts());
    const auto targets = TRY(targets_of(prepared_.places, before));
    const auto snapshots = find_snapshots(plan_.views, prepared_.places, before);
    tell_all(Kind::missing, snapshots.missing);
    if (hooks_.mount_views) TRY(hooks_.mount_views());
    tell_all(Kind::covered, TRY(cover_snapshots(snapshots.mount_points, plan_.views)));
    tell_all(Kind::covered, TRY(cover_ways(plan_.views, targets, before)));
    TRY(mount_dev(devices));
    TRY(mask_sys());
    TRY(cover_other_procs());
    const Masked masked = TRY(mask_sockets(plan_.views, plan_.allow_sockets));
    tell_all(Kind::socket, masked.paths);
    tell_all(Kind::missing, masked.missing);
    // Nothing of the above may have uncovered anything.
    tell_all(Kind::covered, TRY(cover_ways(plan_.views, targets, before)));
    return {};
  }

 private:
  bool outside_is_read_only() const {
    if (plan_.outside == Outside::by_uid) return ::geteuid() == 0;
    return plan_.outside == Outside::read_only;
  }

  // Copies keep the flags that they had, and come back over what has been restricted.
  Result<void, Error> keep(const std::string& path, std::uint64_t attributes) {
    struct stat seen {};
    if (::stat(path.c_str(), &seen) != 0) return {};
    // Resolved, since a mount over a symbolic link would be one over the link itself.
    char* resolved = ::realpath(path.c_str(), nullptr);
    const std::string real = resolved != nullptr ? resolved : path;
    ::free(resolved);
    auto tree = clone_tree(real, Depth::all);
    if (!tree) return fail(cannot("copy the mount of", real, tree.error()));
    if (attributes != 0) TRY(restrict_tree(*tree, attributes));
    kept_.push_back({real, std::move(*tree)});
    return {};
  }

  Result<void, Error> restrict_all() {
    constexpr std::uint64_t kShut = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
    const bool read_only = outside_is_read_only();
    // Views may be mounted with what is in the machine's /dev, such as /dev/fuse.
    TRY(keep("/dev", 0));
    if (read_only) {
      // Id maps are written there; init mounts its own over it.
      TRY(keep("/proc", 0));
      for (const char* path : {"/tmp", "/var/tmp"}) TRY(keep(path, kShut));
      for (const std::string& path : plan_.writable) TRY(keep(path, kShut));
    }
    TRY(restrict_mounts("/", kShut | (read_only ? MOUNT_ATTR_RDONLY : 0), Depth::all));
    for (const Copied& copied : kept_) TRY(attach(copied.tree, copied.path));
    kept_.clear();
    return {};
  }

  void tell_all(Kind kind, const std::vector<std::string>& lines) const {
    for (const std::string& text : lines) line_.send({.kind = kind, .text = text});
  }

  const Plan& plan_;
  const Hooks& hooks_;
  const Prepared& prepared_;
  const Line& line_;
  std::vector<Copied> kept_;
};

[[noreturn]] void give_up(const Line& line, const Error& error) {
  line.send({.kind = Kind::failed, .value = error.cause().value(), .text = error.line()});
  ::_exit(1);
}

Error broken(const char* what) { return Error::of(std::string{"cannot "} + what, Errno::last()); }

// Starts init and writes its id maps when it has unshared its user namespace.
// returns  its pid; it may have ended by then
Result<pid_t, Error> start_init(const Plan& plan, const Prepared& prepared,
                                const HeldSignals& signals, const Line& line) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(broken("start the command's init"));
  Fd ours{ends[0]};
  Fd theirs{ends[1]};
  if (::unshare(CLONE_NEWPID | CLONE_NEWIPC) != 0)
    return fail(broken("make a PID namespace"));
  const pid_t init = ::fork();
  if (init < 0) return fail(broken("start the command's init"));
  if (init == 0) {
    ours.reset();
    auto end = Fd{line.fd()};  // the parent's copy is the parent's; this is a process of its own
    run_init(plan, prepared, signals, Line{std::move(end)}, std::move(theirs));
  }
  theirs.reset();
  // Before init mounts its own /proc over this one.
  const std::string name = "/proc/" + std::to_string(init);
  const Fd folder{::open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!folder) return fail(broken("find the command's init in `/proc`"));
  const IdMaps maps = read_own_maps();
  if (!tell(ours) || !await(ours)) return init;  // init has said why, or the line's end does
  TRY(write_maps(folder, maps));
  tell(ours);
  return init;
}

}  // namespace

void run_stage(const Plan& plan, const Hooks& hooks, const Prepared& prepared,
               const HeldSignals& signals, Line line) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != prepared.caller) ::_exit(1);
  fill_closed(prepared.standards);
  Stage stage{plan, hooks, prepared, line};
  if (const auto done = stage.set_up(); !done) give_up(line, done.error());
  const auto init = start_init(plan, prepared, signals, line);
  if (!init) give_up(line, init.error());
  line.close();
  int status = 0;
  retry_interrupted([&] { return ::waitpid(*init, &status, 0); });
  ::_exit(0);
}

}  // namespace sluice::confine
