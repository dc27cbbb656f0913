// SPDX-License-Identifier: MIT
// What is mounted where, read from /proc/self/mountinfo: unlike stat(2) on a mount point, that
// never waits for the file system that is mounted there. And getting a mount away, whatever state
// it is in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::bench {

struct MountEntry {
  std::string point = {};
  std::string type = {};
  unsigned major = 0;
  unsigned minor = 0;
};

// Gives the mounts that `text` lists, in order; lines of another form are left out.
// source   proc_pid_mountinfo(5)
std::vector<MountEntry> parse_mountinfo(std::string_view text);

// Gives the mounts of this process's namespace.
std::vector<MountEntry> current_mounts();

// Gives what is mounted on `point` (an absolute path without links), the uppermost of several.
Result<MountEntry> mount_at(std::string_view point);

// Tells the mount point below or at `directory`, or ENOENT when there is none.
Result<std::string> mount_below(std::string_view directory);

// Gives the type of the file system that `path` lies on, such as "ext4".
std::string type_of_filesystem(std::string_view path);

// Takes away what is mounted on `point`: umount2(2) (root) or fusermount3 -u; if that does not do
// within its time, the connection is aborted, which frees whoever hangs in it, and the mount
// detached. errors   it is still there.
Result<void, Error> unmount(const std::string& point);

// Ends the FUSE connection of a mount; everybody who waits for an answer gets ECONNABORTED. Does
// nothing to a mount that is not FUSE.
// source   linux Documentation/filesystems/fuse/fuse.rst, "Aborting a filesystem connection"
void abort_connection(const MountEntry& mount);

}  // namespace sluice::bench
