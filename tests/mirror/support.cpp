// SPDX-License-Identifier: MIT
#include "support.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "sluice/fuse/workers.h"
#include "sluice/mirror/caller_identity.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::mirror::test {
namespace {

using namespace std::chrono_literals;

// Mount points at or below `root`, the last mounted first.
std::vector<std::string> mounts_below(const std::string& root) {
  std::vector<std::string> found;
  auto all = mount::list_mounts();
  if (!all) return found;
  for (const auto& entry : *all) {
    if (entry.mount_point.starts_with(root + "/")) found.push_back(entry.mount_point);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace

std::string no_mounts_here() {
  if (::geteuid() != 0) return "needs root";
  if (::access("/dev/fuse", R_OK | W_OK) != 0) return "needs /dev/fuse";
  return "";
}

Scratch::Scratch() {
  const char* base = std::getenv("TMPDIR");
  root_ = std::string{base != nullptr ? base : "/tmp"} + "/sluice-test-XXXXXX";
  if (::mkdtemp(root_.data()) == nullptr) std::abort();
  ::chmod(root_.c_str(), 0755);
}

Scratch::~Scratch() {
  for (const std::string& at : mounts_below(root_)) ::umount2(at.c_str(), MNT_DETACH);
  std::error_code ignored;
  if (mounts_below(root_).empty()) std::filesystem::remove_all(root_, ignored);
}

std::string Scratch::path(std::string_view below) const {
  return below.empty() ? root_ : root_ + "/" + std::string{below};
}

std::string Scratch::folder(std::string_view below, uid_t owner, mode_t mode) const {
  std::string made = path(below);
  std::filesystem::create_directories(made);
  EXPECT_EQ(::chown(made.c_str(), owner, owner), 0);
  EXPECT_EQ(::chmod(made.c_str(), mode), 0);
  return made;
}

int shell(const std::string& command, std::string* output) {
  FILE* pipe = ::popen(("exec 2>&1; " + command).c_str(), "re");
  if (pipe == nullptr) return -1;
  std::string text;
  char piece[4096];
  while (std::size_t got = std::fread(piece, 1, sizeof(piece), pipe)) text.append(piece, got);
  const int status = ::pclose(pipe);
  if (output != nullptr) *output = text;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

std::string mount_image(const std::string& image, const std::string& at, const std::string& type,
                        std::size_t mebibytes, const std::string& mkfs_options) {
  std::string said;
  const std::string command = "truncate -s " + std::to_string(mebibytes) + "M " + image +
                              " && mkfs." + type + " -q " + mkfs_options + " " + image +
                              " && mkdir -p " + at + " && mount -o loop " + image + " " + at;
  return shell(command, &said) == 0 ? "" : "cannot mount an image of " + type + ": " + said;
}

int as_user(uid_t uid, gid_t gid, const std::function<int()>& body,
            std::initializer_list<gid_t> groups) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(groups.size(), std::data(groups)) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(uid, uid, uid) != 0) {
      ::_exit(210);
    }
    ::_exit(body());
  }
  if (child < 0) return 211;
  for (int tenths = 0; tenths < 200; ++tenths) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 212;
    }
    std::this_thread::sleep_for(100ms / 10);
    if (tenths == 199) break;
    if (tenths > 20) std::this_thread::sleep_for(90ms);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return 213;
}

Served::Served(const std::string& source, const std::string& at, const Options& options,
               const MakeFront& front) {
  Fd lower{::open(source.c_str(), O_PATH | O_CLOEXEC)};
  mount::Options how;
  how.source = source;
  how.mountpoint = at;
  how.allow_other = true;
  auto mounted = mount::mount(how);
  if (!mounted) {
    failure_ = mounted.error().line();
    return;
  }
  mounted_.emplace(std::move(*mounted));
  auto connection = channel::DevConnection::make(mounted_->take_device(), {});
  if (!connection) {
    failure_ = "no connection";
    return;
  }
  connection_ = std::move(*connection);
  control_ = std::make_unique<backing::DeviceControl>(connection_->device());
  auto mirror = Mirror::make(std::move(lower), *control_, options);
  if (!mirror) {
    failure_ = std::string{"no mirror: "} + std::string{text(mirror.error())};
    return;
  }
  mirror_ = std::move(*mirror);
  mirror_->tree().set_own_device(mounted_->st_dev());
  notifier_ = std::make_unique<fuse::Notifier>(*connection_);
  mirror_->set_notifier(notifier_.get());
  Front made = front ? front(*mirror_, *notifier_) : Front{fuse::file_system_of(*mirror_), {}};
  front_ = std::move(made.keep);
  session_ = std::make_unique<fuse::Session>(made.file_system);
  server_ = std::thread{[this] {
    fuse::WorkerOptions workers;
    workers.start = [] { return prepare_thread(); };
    static_cast<void>(fuse::serve(*session_, *connection_, workers));
  }};
  // Mounted does not mean that INIT is settled.
  for (int i = 0; i < 500 && !session_->initialized(); ++i) std::this_thread::sleep_for(10ms);
  if (!session_->initialized()) failure_ = "INIT was not settled within 5 s";
}

Served::~Served() {
  if (mounted_) {
    for (int i = 0; i < 100 && !mounted_->unmount(); ++i) std::this_thread::sleep_for(20ms);
    static_cast<void>(mounted_->unmount(mount::Detach::yes));
  }
  if (server_.joinable()) server_.join();
}

ServedElsewhere::ServedElsewhere(const std::string& source, const std::string& at,
                                 const Options& options) {
  int life[2];
  int answer[2];
  if (::pipe2(life, O_CLOEXEC) != 0 || ::pipe2(answer, O_CLOEXEC) != 0) {
    failure_ = "no pipes";
    return;
  }
  server_ = ::fork();
  if (server_ == 0) {
    ::close(life[1]);
    {
      const Served served{source, at, options};
      const std::string said = served.failure() + "\n";
      if (::write(answer[1], said.data(), said.size()) < 0) ::_exit(1);
      char end;
      static_cast<void>(retry_interrupted([&] { return ::read(life[0], &end, 1); }));
    }
    ::_exit(0);
  }
  ::close(life[0]);
  ::close(answer[1]);
  life_ = Fd{life[1]};
  const Fd hears{answer[0]};
  char c = 0;
  while (retry_interrupted([&] { return ::read(hears.get(), &c, 1); }) == 1 && c != '\n') {
    failure_ += c;
  }
  if (c != '\n') failure_ = "the server died";
}

ServedElsewhere::~ServedElsewhere() {
  life_.reset();
  if (server_ <= 0) return;
  for (int i = 0; i < 1000; ++i) {
    if (::waitpid(server_, nullptr, WNOHANG) == server_) return;
    std::this_thread::sleep_for(10ms);
  }
  ::kill(server_, SIGKILL);
  ::waitpid(server_, nullptr, 0);
  ADD_FAILURE() << "the server did not end";
}

void Served::settle() {
  for (std::uint64_t before = ~0ULL, quiet = 0; quiet < 3;) {
    std::uint64_t now = 0;
    for (const auto& total : session_->counted()) now += total.requests;
    quiet = now == before ? quiet + 1 : 0;
    before = now;
    std::this_thread::sleep_for(20ms);
  }
}

std::uint64_t Served::count(wire::Opcode opcode) {
  settle();
  return session_->counted()[raw(opcode)].requests;
}

std::uint64_t Served::all_requests() {
  settle();
  std::uint64_t sum = 0;
  for (const auto& total : session_->counted()) sum += total.requests;
  return sum;
}

void write_file(const std::string& path, std::string_view text, mode_t mode) {
  Fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  ASSERT_TRUE(fd) << path << ": " << std::strerror(errno);
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size())) << path;
}

std::string read_file(const std::string& path) {
  Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  EXPECT_TRUE(fd) << path << ": " << std::strerror(errno);
  std::string text;
  char piece[65536];
  for (ssize_t got = 0; fd && (got = ::read(fd.get(), piece, sizeof(piece))) > 0;) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace sluice::mirror::test
