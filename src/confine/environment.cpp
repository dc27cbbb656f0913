// SPDX-License-Identifier: MIT
#include "sluice/confine/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::confine {
namespace {

constexpr auto kRemoved = std::to_array<std::string_view>({
    // Ways to processes outside.
    "SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "GPG_AGENT_INFO",
    "DBUS_*_BUS_ADDRESS", "DBUS_STARTER_*", "DOCKER_HOST", "CONTAINER_HOST", "CONTAINERD_ADDRESS",
    "PODMAN_SOCK", "TMUX", "TMUX_PANE", "STY", "SCREENDIR", "WAYLAND_DISPLAY", "WAYLAND_SOCKET",
    "DISPLAY", "XAUTHORITY", "SESSION_MANAGER", "PULSE_SERVER", "NOTIFY_SOCKET", "LISTEN_*",
    "WATCHDOG_*", "JOURNAL_STREAM", "CREDENTIALS_DIRECTORY", "VSCODE_IPC_HOOK*",
    "VSCODE_GIT_IPC_*", "VSCODE_GIT_ASKPASS_*", "GIT_ASKPASS", "SSH_ASKPASS", "SUDO_ASKPASS",
    "KITTY_LISTEN_ON", "ALACRITTY_SOCKET", "WEZTERM_UNIX_SOCKET", "NVIM", "NVIM_LISTEN_ADDRESS",
    "EMACS_SERVER_FILE", "SWAYSOCK", "I3SOCK", "HYPRLAND_INSTANCE_SIGNATURE", "KUBECONFIG",
    // Secrets, by the names that people and services give them.
    "*TOKEN", "*_TOKEN_*", "*SECRET*", "*PASSWORD*", "*PASSWD*", "*PASSPHRASE*", "*_PASS",
    "*CREDENTIALS*", "*_CREDS", "*API_KEY*", "*APIKEY*", "*PRIVATE_KEY*", "*ACCESS_KEY*",
    "*SIGNING_KEY*", "*ENCRYPTION_KEY*", "*_PAT", "*_DSN", "*_WEBHOOK", "*_WEBHOOK_URL",
    "*_CONNECTION_STRING", "*DATABASE_URL*", "AWS_*", "AZURE_*", "ARM_CLIENT_*", "VAULT_*",
    "PGPASSFILE", "NETRC", "RESTIC_*", "BORG_PASS*", "*_AUTH", "*token", "*secret*", "*password*",
    "*api_key*",
});

bool any_matches(std::span<const std::string> patterns, std::string_view name) noexcept {
  return std::ranges::any_of(patterns, [&](const auto& each) { return matches(each, name); });
}

bool is_removed(std::string_view name, const EnvironmentRules& rules) noexcept {
  if (any_matches(rules.keep, name)) return false;
  if (any_matches(rules.remove, name)) return true;
  return std::ranges::any_of(kRemoved, [&](auto each) { return matches(each, name); });
}

}  // namespace

std::span<const std::string_view> variables_removed_by_default() noexcept { return kRemoved; }

// One star at a time: on a mismatch the last star takes one byte more. Earlier stars never need to
// be tried again, because the last one can take whatever they would have.
bool matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

FilteredEnvironment filter_environment(std::span<const std::string> variables,
                                       const EnvironmentRules& rules) {
  FilteredEnvironment filtered;
  for (const std::string& variable : variables) {
    const std::size_t size = variable.find('=');
    if (size == 0 || size == std::string::npos) continue;
    std::string name = variable.substr(0, size);
    if (is_removed(name, rules)) {
      filtered.removed.push_back(std::move(name));
    } else {
      filtered.variables.push_back(variable);
    }
  }
  std::ranges::sort(filtered.removed);
  const auto rest = std::ranges::unique(filtered.removed);
  filtered.removed.erase(rest.begin(), rest.end());
  return filtered;
}

std::vector<std::string> current_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

}  // namespace sluice::confine
