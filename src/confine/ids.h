// SPDX-License-Identifier: MIT
// User and group ids of the namespaces: inside as outside. Where the caller may map all ids, all
// are; an ordinary user may map his own alone, and others' files show the overflow id.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::confine {

// Tells whether the process may make mount namespaces without a user namespace: CAP_SYS_ADMIN.
bool is_privileged() noexcept;

// After unshare(CLONE_NEWUSER), for the calling process itself: its own uid and gid, and no more.
Result<void, Error> map_own_ids(uid_t user, gid_t group);

struct IdMaps {
  std::string users;
  std::string groups;
};

// Gives maps of every id that the calling process's own namespace has, each to itself.
IdMaps read_own_maps();

// Gives them to the process whose /proc folder is `process` and which has just unshared its user
// namespace. To be called with privileges in the namespace above.
Result<void, Error> write_maps(const Fd& process, const IdMaps& maps);

// Gives a map of each id to itself, from the text of a uid_map as its own namespace reads it.
std::string identity_of(std::string_view map);

}  // namespace sluice::confine
