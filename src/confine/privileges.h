// SPDX-License-Identifier: MIT
// Gives up, for the calling process and all that it will start, every privilege it has or could
// get: capabilities, the bits by which root regains them, setuid programs, keys, and with Landlock
// the abstract sockets and the signals of others.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::confine {

enum class AbstractSockets { shut, open };

// No way back. The process must have one thread.
// returns  lines about what this kernel cannot do
// errors   what the kernel refused; then nothing may be started
Result<std::vector<std::string>, Error> give_up_privileges(AbstractSockets abstract);

// Refuses system calls that a confined command has no use for, as a second line behind the
// namespaces: mounting, other namespaces, file handles, device nodes, modules, keys, typing into
// the terminal. Refused with EPERM; clone3 with ENOSYS, because its flags lie in memory, and libc
// then uses clone; system calls of another architecture end the process.
// errors  ENOSYS this architecture has no filter yet
Result<void, Error> filter_system_calls();

}  // namespace sluice::confine
