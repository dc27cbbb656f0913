// SPDX-License-Identifier: MIT
#include "sluice/confine/sockets.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::confine {
namespace {

constexpr auto kFolders = std::to_array<std::string_view>(
    {"/run/dbus", "/run/docker", "/run/containerd", "/run/podman", "/run/libpod", "/run/crio",
     "/run/screen", "/run/tmux", "/run/libvirt", "/run/incus", "/run/lxd", "/run/snapd",
     "/run/gnupg", "/run/sluice", "/tmp/.X11-unix", "/tmp/.ICE-unix", "/tmp/screens",
     "/tmp/uscreens"});

constexpr auto kPrefixes = std::to_array<std::string_view>(
    {"tmux-", "ssh-", "dbus-", "gpg-", "vscode-", "keyring-", "pulse-", "podman-run-",
     "runtime-", "sway-ipc", "kitty-"});

// Number: refs protocol flags type state inode path. source: linux net/unix/af_unix.c unix_seq_show()
constexpr int kFieldsBeforePath = 7;

std::string_view path_in(std::string_view line) noexcept {
  for (int field = 0; field < kFieldsBeforePath; ++field) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    const std::size_t end = line.find(' ', begin);
    if (end == std::string_view::npos) return {};
    line.remove_prefix(end);
  }
  line.remove_prefix(1);  // one blank, then the path with whatever blanks it has
  return line;
}

}  // namespace

std::span<const std::string_view> socket_folders() noexcept { return kFolders; }
std::span<const std::string_view> socket_folder_prefixes() noexcept { return kPrefixes; }

std::vector<std::string> bound_paths(std::string_view text) {
  std::vector<std::string> paths;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    const std::string_view path = path_in(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
    if (path.starts_with('/') && path.find('\0') == std::string_view::npos) {
      paths.emplace_back(path);
    }
  }
  std::ranges::sort(paths);
  const auto rest = std::ranges::unique(paths);
  paths.erase(rest.begin(), rest.end());
  return paths;
}

}  // namespace sluice::confine
