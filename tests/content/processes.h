// SPDX-License-Identifier: MIT
// What /proc tells of other processes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace sluice::content {

// Gives what stands behind `key` in /proc/PID/status, such as "0000000000000000" for CapEff; "" if
// there is no such process.
std::string status_of(pid_t pid, const std::string& key);
// Gives where the process's descriptors lead, such as "/dev/null"; numbers of sockets are left out.
std::vector<std::string> files_of(pid_t pid);
// How many descriptors this process has.
std::size_t own_files();
// Tells whether there is such a process, and it has not ended.
bool is_alive(pid_t pid);
// Asks until it is so, or half a minute is over; tells whether it is.
bool becomes_true(const std::function<bool()>& condition);

}  // namespace sluice::content
