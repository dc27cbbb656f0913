// SPDX-License-Identifier: MIT
#include "disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "sluice/content/version.h"

namespace sluice::content {

using namespace std::chrono_literals;

Folder::Folder(const std::string& base) : root_{base + "/sluice-content-XXXXXX"} {
  if (::mkdtemp(root_.data()) == nullptr) std::abort();
}

Folder::~Folder() {
  bool gone = true;
  for (auto at = mounts_.rbegin(); at != mounts_.rend(); ++at) {
    gone = ::umount2(at->c_str(), MNT_DETACH) == 0 && gone;
  }
  std::error_code ignored;
  if (gone) std::filesystem::remove_all(root_, ignored);
}

std::string Folder::path(std::string_view below) const {
  return below.empty() ? root_ : fmt::format("{}/{}", root_, below);
}

std::string Folder::mount(const std::string& type, const std::string& source,
                          std::string_view below, const std::string& options) {
  const std::string at = path(below);
  std::filesystem::create_directories(at);
  const std::string command =
      fmt::format("timeout 60 mount -t {} -o {} {} {} 2>/dev/null", type, options, source, at);
  if (::geteuid() != 0) return "only root can mount";
  if (std::system(command.c_str()) != 0) return fmt::format("no {} can be mounted here", type);
  mounts_.push_back(at);
  ::chmod(at.c_str(), 0700);
  return "";
}

std::string Folder::mount_ext4(const std::string& options, std::string_view below) {
  const std::string image = fmt::format("{}/{}.image", root_, below);
  const std::string command = fmt::format(
      "truncate -s 16M {0} && timeout 60 mkfs.ext4 -q {1} {0} 2>/dev/null", image, options);
  if (std::system(command.c_str()) != 0) return "no mkfs.ext4";
  return mount("ext4", image, below, "loop");
}

void write_text(const std::string& path, std::string_view text, mode_t mode) {
  const Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  ASSERT_TRUE(file) << path;
  ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string read_text(const std::string& path) {
  const Fd file = open_to_read(path);
  return file ? read_fd(file.get()) : "";
}

Fd open_to_read(const std::string& path) {
  return Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
}

std::string read_fd(int fd) {
  std::string text;
  std::string piece(65536, '\0');
  for (;;) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(piece, 0, static_cast<std::size_t>(got));
  }
}

bool exists(const std::string& path) {
  struct stat stat {};
  return ::lstat(path.c_str(), &stat) == 0;
}

void wait_until_settled(int fd) {
  ASSERT_TRUE(comes_true([&] {
    const auto version = Version::of(fd);
    return !version || version->settled(std::chrono::system_clock::now());
  }));
}

void write_settled(const std::string& path, std::string_view text) {
  write_text(path, text);
  const Fd file{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  wait_until_settled(file.get());
}

Process::Process(const std::function<int()>& body) : pid_{::fork()} {
  if (pid_ == 0) ::_exit(body());
}

int Process::join() {
  if (pid_ < 0) return 201;
  for (int i = 0; i < 6000; ++i) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 202;
    }
    std::this_thread::sleep_for(10ms);
  }
  return 203;
}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool comes_true(const std::function<bool()>& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

}  // namespace sluice::content
