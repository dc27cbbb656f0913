// SPDX-License-Identifier: MIT
// Reads what /proc says of a thread. The names of cgroups in it are whatever those who made them
// chose; nothing here trusts their form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::guard {

// Reads a file of /proc; nothing where it cannot be read, or is longer than any real one.
std::optional<std::string> read_proc(const std::string& path);

// Gives the rest of the line that begins with `prefix`; nothing where there is none.
std::optional<std::string_view> line_of(std::string_view text, std::string_view prefix) noexcept;

// Gives the decimal numbers in a text that fit 32 bits, whatever stands between them.
std::vector<std::uint32_t> numbers_in(std::string_view text);

// Gives the unit that a cgroup belongs to: the first component that is a service or a scope; empty
// where there is none. What a unit does with the tree below its own is its own affair: there
// anybody may be called as they like.
std::string_view unit_of(std::string_view cgroup) noexcept;

// Tells whether a cgroup is `top` or below it.
bool is_at_or_below(std::string_view cgroup, std::string_view top) noexcept;

// Tells from a thread's /proc/TID/status whether a signal ends it: whichever it is, the kernel then
// adds a SIGKILL to what is pending for each thread of the process.
// source: linux kernel/signal.c complete_signal()
bool is_dying(std::string_view status) noexcept;

// Gives when a process started, in clock ticks since the machine did, from its /proc/PID/stat.
// The name in that may hold anything.
std::optional<std::uint64_t> start_ticks(std::string_view stat) noexcept;

}  // namespace sluice::guard
