// SPDX-License-Identifier: MIT
// Where the socket of a mount's daemon lies. It is named by the number of the FUSE connection, so
// that whoever sees a mount knows where to ask, and no list has to be kept.
//
//   root     /run/sluice/N.sock
//   others   $XDG_RUNTIME_DIR/sluice/N.sock, else /run/user/UID/sluice, else /tmp/sluice-UID
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::control {

// Gives the folder for sockets of this process's user, made if it is not there: for all to look
// into if that is root (the sockets are closed to them), for the user alone otherwise.
// errors   EPERM it is somebody else's, or others may write there; those of mkdir(2).
Result<std::string, Error> own_folder();

// Gives the name of a connection's socket in its folder.
std::string socket_name(std::uint32_t connection);

// Gives the paths at which the daemon that `owner` runs may listen, the likeliest first. None of
// the folders need exist, nor be the owner's: the client looks at who answers.
std::vector<std::string> candidates(std::uint32_t connection, uid_t owner);

// Removes sockets in `folder` that no process listens on any more.
void sweep(const std::string& folder);

}  // namespace sluice::control
