// SPDX-License-Identifier: MIT
// The few mount calls that the stage needs, with errors for people. All act on the calling
// process's mount namespace. Trees are cloned and attached (open_tree(2), move_mount(2)) where the
// source may soon be hidden or restricted: a clone keeps what it was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::confine {

enum class Depth { one, all };  // a mount alone, or with all below it

// Makes "cannot WHAT `PATH`: cause".
Error cannot(std::string_view what, std::string_view path, Errno cause);

// Cuts every mount off from those of other namespaces: no mount passes in either direction, not
// even one made outside later, which could be another way to a view's files.
Result<void, Error> make_mounts_private();

enum class Access { read_only, writable };

// Mounts an empty tmpfs over a directory; nosuid and nodev. `options` as tmpfs(5) takes them.
Result<void, Error> mount_blank(const std::string& path, const char* options, Access access);

// Gives a detached copy of what is mounted at `path`, which may be a file. It vanishes with the
// descriptor unless attach() gives it a place. errors: EINVAL unprivileged and Depth::one, where
// mounts below are locked.
Result<Fd> clone_tree(const std::string& path, Depth depth);

// Gives a detached copy a place: over `path`, which is not followed if it is a symbolic link.
Result<void, Error> attach(const Fd& tree, const std::string& path);

// Sets MOUNT_ATTR_* flags on what is mounted at `path`, or on a detached copy.
Result<void, Error> restrict_mounts(const std::string& path, std::uint64_t attributes, Depth depth);
Result<void, Error> restrict_tree(const Fd& tree, std::uint64_t attributes);

// Puts what `source` is over `path`: files over files, directories over directories.
Result<void, Error> put_over(const std::string& source, const std::string& path, Depth depth);

// Makes what is at `path` read-only by mounting it over itself.
Result<void, Error> make_read_only(const std::string& path);

}  // namespace sluice::confine
