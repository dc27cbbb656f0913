// SPDX-License-Identifier: MIT
// What a mount is asked to be: its flags, its names, and the words of `-o` that say so.
//
// The words are those of mount(8) and libfuse, so that a line of fstab or of another FUSE program
// means the same here. What is not understood is refused: a misspelt `nosuid` that is skipped in
// silence would be a mount weaker than the one asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/flags.h"
#include "sluice/base/result.h"

namespace sluice::mount {

// Flags of one mount. `relatime` is what the kernel does without a word; of several atime flags
// no_atime goes before relatime, and relatime before strict_atime.
enum class MountFlag : std::uint32_t {
  read_only = 1u << 0,
  no_suid = 1u << 1,
  no_dev = 1u << 2,
  no_exec = 1u << 3,
  no_atime = 1u << 4,
  no_dir_atime = 1u << 5,
  relatime = 1u << 6,
  strict_atime = 1u << 7,
  no_symfollow = 1u << 8,  // symbolic links in it are not followed; Linux 5.10
  synchronous = 1u << 9,
  dir_sync = 1u << 10,
};

// Gives the word of a flag as mount(8) spells it, such as "nosuid"; "?" for no single flag.
std::string_view word(MountFlag flag) noexcept;

// Gives the flag that a word of mountinfo or of `-o` sets; nothing for any other word.
std::optional<MountFlag> flag_of(std::string_view word) noexcept;

// The ways to a mounted device, in the order in which they are tried.
enum class Method {
  new_api,     // fsopen, fsconfig, fsmount, move_mount; Linux 5.2
  mount_call,  // mount(2)
  fusermount,  // the setuid program fusermount3, for callers without CAP_SYS_ADMIN
};
std::string_view name(Method method) noexcept;

// What the root of the file system is. The kernel takes the type from the mount (rootmode) and
// mounts directories on directories and files on files only.
enum class RootKind { directory, file };

struct Options {
  std::string source;      // shown in /proc/mounts; empty: "sluice". At most 255 bytes for new_api
  std::string mountpoint;  // any path; symbolic links are followed
  std::string subtype = "sluice";  // the type is shown as "fuse.SUBTYPE"; empty: "fuse"
  Flags<MountFlag> flags;
  RootKind root = RootKind::directory;
  bool allow_other = false;         // let other users than the mounter in
  bool default_permissions = true;  // let the kernel check modes and ACLs
  std::optional<std::uint32_t> max_read;  // bytes; the kernel takes no less than kMinMaxRead
  std::optional<Method> only;             // nothing: each in its order
};

inline constexpr std::uint32_t kMinMaxRead = 4096;  // source: linux fs/fuse/inode.c

// Gives `base` with the words of `text` applied, left to right, so that later words win.
// text     comma-separated as after `-o`; `\,` and `\\` stand for the bytes themselves in values.
// returns  Options; words meant for mount(8) or systemd alone (defaults, noauto, x-...) do nothing.
// errors   EINVAL an unknown word (with the nearest known one), a bad value, or a word that is
//          refused: X-mount.idmap, allow_root, and what the kernel's interface fills in itself.
Result<Options, Error> parse_mount_options(std::string_view text, Options base);

}  // namespace sluice::mount
