// SPDX-License-Identifier: MIT
#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sluice/mount/connection.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mount::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr unsigned kForget = 2;
constexpr unsigned kInit = 26;
constexpr unsigned kInterrupt = 36;
constexpr unsigned kBatchForget = 42;

struct InHeader {
  std::uint32_t len, opcode;
  std::uint64_t unique, nodeid;
  std::uint32_t uid, gid, pid, extlen;
};
static_assert(sizeof(InHeader) == 40);

struct OutHeader {
  std::uint32_t len;
  std::int32_t error;
  std::uint64_t unique;
};

struct InitOut {
  std::uint32_t major = 7, minor = 31, max_readahead = 0, flags = 0;
  std::uint16_t max_background = 16, congestion = 12;
  std::uint32_t max_write = 65536, time_gran = 1;
  std::uint16_t max_pages = 0, map_alignment = 0;
  std::uint32_t flags2 = 0, unused[7] = {};
};
static_assert(sizeof(InitOut) == 64);

struct AttrOut {
  std::uint64_t valid = 0;
  std::uint32_t valid_nsec = 0, dummy = 0;
  std::uint64_t ino = 1, size = 0, blocks = 0, atime = 0, mtime = 0, ctime = 0;
  std::uint32_t atimensec = 0, mtimensec = 0, ctimensec = 0, mode = 0, nlink = 1, uid = 0, gid = 0,
                rdev = 0, blksize = 4096, flags = 0;
};
static_assert(sizeof(AttrOut) == 104);

void unmount_all_below(const std::string& path) {
  for (int turn = 0; turn < 32; ++turn) {
    const auto mounts = list_mounts();
    if (!mounts) return;
    bool found = false;
    for (const MountEntry& entry : *mounts) {
      if (!is_at_or_below(entry.mount_point, path)) continue;
      if (entry.is_fuse()) static_cast<void>(abort_connection(entry.connection()));
      found = ::umount2(entry.mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || found;
    }
    if (!found) return;
  }
}

int remove_one(const char* path, const struct stat*, int, FTW*) {
  ::remove(path);
  return 0;
}

}  // namespace

std::string no_mounts_here() {
  if (::geteuid() != 0) return "needs root";
  if (::access("/dev/fuse", R_OK | W_OK) != 0) return "needs /dev/fuse";
  return {};
}

Place::Place() {
  char name[] = "/tmp/sluice-test-mount-XXXXXX";
  path_ = ::mkdtemp(name) != nullptr ? name : "";
  ::chmod(path_.c_str(), 0755);
}

Place::~Place() {
  if (path_.empty()) return;
  unmount_all_below(path_);
  ::nftw(path_.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

std::string Place::folder(std::string_view name, uid_t owner) const {
  const std::string made = path_ + "/" + std::string{name};
  ::mkdir(made.c_str(), 0755);
  static_cast<void>(!::chown(made.c_str(), owner, owner));
  return made;
}

std::string Place::file(std::string_view name) const {
  const std::string made = path_ + "/" + std::string{name};
  const Fd created{::open(made.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  return made;
}

TinyServer::TinyServer(const Fd& device, Manner manner, mode_t root_type)
    : device_{::fcntl(device.get(), F_DUPFD_CLOEXEC, 3)},
      wake_{::eventfd(0, EFD_CLOEXEC)},
      manner_{manner},
      root_type_{root_type} {
  // So that a request which goes away between poll and read cannot hold the thread.
  ::fcntl(device_.get(), F_SETFL, ::fcntl(device_.get(), F_GETFL) | O_NONBLOCK);
  thread_ = std::thread{[this] { serve(); }};
}

void TinyServer::stop() noexcept {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  join();
}

void TinyServer::join() noexcept {
  thread_.join();
  device_.reset();
}

bool TinyServer::wait_for(Opcode opcode, unsigned count) const {
  const auto until = Clock::now() + 10s;
  while (counts_[static_cast<unsigned>(opcode)] < count) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

void TinyServer::serve() noexcept {
  for (;;) {
    pollfd waiting[] = {{device_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    ::poll(waiting, 2, -1);
    if (waiting[1].revents != 0) return;
    const ssize_t size = ::read(device_.get(), buffer_.data(), buffer_.size());
    if (size >= static_cast<ssize_t>(sizeof(InHeader))) {
      take();
    } else if (size < 0 && errno != EAGAIN && errno != EINTR && errno != ENOENT) {
      return;  // unmounted or aborted
    }
  }
}

void TinyServer::take() noexcept {
  InHeader header;
  std::memcpy(&header, buffer_.data(), sizeof header);
  const unsigned opcode = header.opcode % kOpcodes;
  if (opcode == kForget || opcode == kBatchForget || opcode == kInterrupt) return;
  if (opcode != kInit) ++requests_;
  if (opcode == kInit) {
    const InitOut out;
    reply(header.unique, 0, &out, sizeof out);
  } else if (manner_ == Manner::answers) {
    AttrOut out;
    out.mode = root_type_ | 0755;
    const bool root = opcode == static_cast<unsigned>(Opcode::get_attr) && header.nodeid == 1;
    reply(header.unique, root ? 0 : -ENOSYS, &out, root ? sizeof out : 0);
  }
  ++counts_[opcode];
}

void TinyServer::reply(std::uint64_t unique, int error, const void* data,
                       std::size_t size) noexcept {
  OutHeader header{static_cast<std::uint32_t>(sizeof(OutHeader) + size), error, unique};
  iovec parts[] = {{&header, sizeof header}, {const_cast<void*>(data), size}};
  static_cast<void>(!::writev(device_.get(), parts, 2));
}

std::string in_child(const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  const Fd ours{ends[0]};
  Fd its{ends[1]};
  Child child{[&] {
    const std::string text = body();
    static_cast<void>(!::write(its.get(), text.data(), text.size()));
    return 0;
  }};
  its.reset();
  const int status = child.wait(20s);
  if (status == -1) return "the child did not end";
  char buffer[4096];
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  const ssize_t size = ::read(ours.get(), buffer, sizeof buffer);
  if (status != 0) return "the child ended with status " + std::to_string(status);
  return {buffer, static_cast<std::size_t>(size > 0 ? size : 0)};
}

void become(uid_t uid) {
  const bool done = ::setgroups(0, nullptr) == 0 && ::setresgid(uid, uid, uid) == 0 &&
                    ::setresuid(uid, uid, uid) == 0;
  if (!done) ::_exit(99);
}

Child::Child(const std::function<int()>& body) : pid_{::fork()} {
  if (pid_ != 0) return;
  int status = 98;
  status = body();
  ::_exit(status);
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  // A child that is stuck in a mount is freed by Place; not waiting for it here keeps that
  // possible.
  if (wait(1s) == -1 && pid_ > 0) ::waitpid(pid_, nullptr, WNOHANG);
}

int Child::wait(std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  while (pid_ > 0) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
    if (reaped == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (Clock::now() > until) return -1;
    std::this_thread::sleep_for(2ms);
  }
  return -1;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace sluice::mount::test
