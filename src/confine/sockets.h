// SPDX-License-Identifier: MIT
// Which Unix sockets have to be put out of reach.
//
// A service outside (the session bus, systemd, docker, tmux, an agent with keys) runs or signs what
// it is asked to, and does it outside. So every socket that somebody has bound to a path is hidden,
// and the folders in which such services put theirs, for those that are bound later.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::confine {

// Gives the absolute paths that sockets are bound to, sorted, each once, from the text of
// /proc/net/unix. Abstract sockets (`@...`), such without a name, relative paths and what is no
// line of that file are left out.
std::vector<std::string> bound_paths(std::string_view text);

// Gives folders known to hold such sockets, to be hidden whole where they exist.
std::span<const std::string_view> socket_folders() noexcept;
// Folders below /tmp that belong to the caller and whose names begin so.
std::span<const std::string_view> socket_folder_prefixes() noexcept;

}  // namespace sluice::confine
