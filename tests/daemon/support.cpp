// SPDX-License-Identifier: MIT
#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "sluice/mount/connection.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::test {
namespace {

using Clock = std::chrono::steady_clock;

// A new namespace has a copy of every mount. Those of others are let go at once, or they could not
// be taken away for as long as we live; and those of Sluice's would be listed with ours.
void leave_others_mounts() {
  const auto mounts = mount::list_mounts();
  if (!mounts) return;
  for (auto entry = mounts->rbegin(); entry != mounts->rend(); ++entry) {
    const bool theirs = entry->is_fuse() || entry->source.starts_with("/dev/loop");
    // But not what this project itself may lie in.
    if (theirs && !mount::is_at_or_below(SLUICE_PROGRAM, entry->mount_point))
      ::umount2(entry->mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
}

std::string make_namespace() {
  if (::geteuid() != 0) return "needs root";
  if (::access("/dev/fuse", R_OK | W_OK) != 0) return "needs /dev/fuse";
  const Scratch scratch;
  const std::string node = scratch.path("fuse");
  if (::unshare(CLONE_NEWNS) != 0) return "needs mount namespaces";
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return "needs private mounts";
  leave_others_mounts();
  const mode_t before = ::umask(0);
  // Sockets of daemons lie there; those of other tests, which run at the same time, do not.
  // Nor are policies that others compiled.
  const bool apart = ::mount("none", "/run", "tmpfs", 0, "mode=755") == 0 &&
                     ::mount("none", "/var/cache", "tmpfs", 0, "mode=755") == 0;
  const bool ready = apart && ::mknod(node.c_str(), S_IFCHR | 0666, makedev(10, 229)) == 0 &&
                     ::mount(node.c_str(), "/dev/fuse", nullptr, MS_BIND, nullptr) == 0;
  ::umask(before);
  return ready ? "" : "needs mount namespaces of its own";
}

void unmount_all_below(const std::string& path) {
  for (int turn = 0; turn < 32; ++turn) {
    const auto mounts = mount::list_mounts();
    if (!mounts) return;
    bool found = false;
    for (const mount::MountEntry& entry : *mounts) {
      if (!mount::is_at_or_below(entry.mount_point, path)) continue;
      if (entry.is_fuse()) static_cast<void>(mount::abort_connection(entry.connection()));
      found = ::umount2(entry.mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || found;
    }
    if (!found) return;
  }
}

int remove_one(const char* path, const struct stat*, int, FTW*) {
  ::remove(path);
  return 0;
}

int exit_status(int status) noexcept {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

[[noreturn]] void become_program(const Words& words, const How& how) {
  ::setpgid(0, 0);
  ::unsetenv("XDG_RUNTIME_DIR");
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  if (::chdir(how.directory.c_str()) != 0) ::_exit(126);
  if (how.before) how.before();
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

// Reads both pipes until they end; false when time is up.
bool read_all(const Fd& out, const Fd& err, Finished& finished, Clock::time_point until) {
  std::array<pollfd, 2> watched{{{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
  std::array<std::string*, 2> texts{&finished.out, &finished.err};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    if (::poll(watched.data(), watched.size(), static_cast<int>(left)) < 0 && errno != EINTR)
      return false;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].fd < 0 || watched[i].revents == 0) continue;
      std::array<char, 4096> piece;
      const ssize_t size = ::read(watched[i].fd, piece.data(), piece.size());
      if (size <= 0)
        watched[i].fd = -1;
      else
        texts[i]->append(piece.data(), static_cast<std::size_t>(size));
    }
  }
  return true;
}

bool soon_within(const std::function<bool()>& happened, std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  while (!happened()) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace

bool soon(const std::function<bool()>& happened) { return soon_within(happened, 10s); }

std::string enter_namespace() {
  static const std::string why_not = make_namespace();
  return why_not;
}

Scratch::Scratch() {
  char name[] = "/tmp/sluice-test-daemon-XXXXXX";
  root_ = ::mkdtemp(name) != nullptr ? name : "";
  ::chmod(root_.c_str(), 0755);
}

Scratch::~Scratch() {
  if (root_.empty()) return;
  unmount_all_below(root_);
  ::nftw(root_.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

std::string Scratch::path(std::string_view below) const {
  return below.empty() ? root_ : root_ + "/" + std::string{below};
}

std::string Scratch::folder(std::string_view below, uid_t owner) const {
  const std::string made = path(below);
  EXPECT_EQ(::mkdir(made.c_str(), 0755), 0) << made;
  EXPECT_EQ(::chown(made.c_str(), owner, owner), 0);
  return made;
}

std::string Scratch::file(std::string_view below, std::string_view text) const {
  const std::string made = path(below);
  write_file(made, text);
  return made;
}

Finished run(const Words& words, const How& how) {
  std::array<int, 2> out{}, err{};
  Finished finished;
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) return finished;
  const Fd read_out{out[0]}, read_err{err[0]};
  Fd write_out{out[1]}, write_err{err[1]};
  How with_pipes = how;
  with_pipes.before = [&] {
    ::dup2(write_out.get(), STDOUT_FILENO);
    ::dup2(write_err.get(), STDERR_FILENO);
    if (how.before) how.before();
  };
  Running running{words, with_pipes};
  write_out.reset();
  write_err.reset();
  const auto until = Clock::now() + how.limit;
  if (!read_all(read_out, read_err, finished, until)) return finished;
  finished.status = running.wait(how.limit);
  return finished;
}

Finished sluice(Words words, const How& how) {
  words.insert(words.begin(), SLUICE_PROGRAM);
  return run(words, how);
}

Finished shell(const std::string& command, const How& how) {
  return run({"sh", "-c", command}, how);
}

Running::Running(const Words& words, const How& how) : pid_{::fork()} {
  if (pid_ == 0) become_program(words, how);
  ::setpgid(pid_, pid_);
}

Running::~Running() {
  if (pid_ < 0 || status_ >= 0) return;
  ::kill(-pid_, SIGKILL);
  // One that hangs in a mount ends when the Scratch aborts that.
  wait(2s);
}

void Running::signal(int number) const { ::kill(pid_, number); }

int Running::wait(std::chrono::milliseconds limit) {
  if (status_ >= 0) return status_;
  int status = 0;
  if (soon_within([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, limit)) {
    status_ = exit_status(status);
  }
  return status_;
}

void become(uid_t uid) {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(uid, uid, uid) != 0 ||
      ::setresuid(uid, uid, uid) != 0) {
    ::_exit(125);
  }
}

bool is_mounted(const std::string& path) {
  const auto mounts = mount::list_mounts();
  return mounts && mount::mount_at_point(path, *mounts) != nullptr;
}

bool mounted_soon(const std::string& path) {
  return soon([&] { return is_mounted(path); });
}

bool ends_soon(pid_t pid) {
  const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!process) return errno == ESRCH;
  pollfd waiting{process.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 10'000) == 1;
}

bool stop(pid_t pid) {
  if (::kill(pid, SIGSTOP) != 0) return false;
  return soon([&] {
    const std::filesystem::path tasks{"/proc/" + std::to_string(pid) + "/task"};
    return std::ranges::all_of(std::filesystem::directory_iterator{tasks}, [](const auto& task) {
      const std::string stat = read_file(task.path() / "stat");
      const std::size_t name_end = stat.rfind(") ");  // the state follows the name
      return name_end != stat.npos && stat[name_end + 2] == 'T';
    });
  });
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  file.close();
  EXPECT_TRUE(file) << path;
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>{file}, {}};
}

nlohmann::json status_of(const std::string& path, const How& how) {
  const Finished asked = sluice({"status", "--json", path}, how);
  EXPECT_EQ(asked.status, 0) << asked.err;
  auto status = nlohmann::json::parse(asked.out, nullptr, false);
  EXPECT_TRUE(status.is_object()) << asked.out;
  return status.is_object() ? status : nlohmann::json::object();
}

}  // namespace sluice::test
