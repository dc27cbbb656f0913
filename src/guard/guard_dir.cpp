// SPDX-License-Identifier: MIT
// Listing directories: what is hidden is left out.
#include <fcntl.h>
#include <sys/stat.h>

#include "sluice/guard/lister.h"

namespace sluice::guard {

using policy::Kind;
using policy::Place;

namespace {

// Tells what a listed name is, where the lower file system did not say so; without waking a file
// system below, which could be our own.
Kind kind_at(int directory, std::string_view name) noexcept {
  struct statx stat {};
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (::statx(directory, name.data(), kFlags, STATX_TYPE, &stat) != 0) return Kind::other;
  return S_ISDIR(stat.stx_mode) ? Kind::directory : Kind::other;
}

}  // namespace

bool Lister::lists(int directory, std::string_view name, std::uint32_t type) noexcept {
  if (!guard_.rules_.can_hide || !guard_.enforces()) return true;
  const policy::Step step = asked_.program.step(place_, name);
  const bool as_directory = guard_.hides(asked_, step.directory);
  const bool as_other = guard_.hides(asked_, step.other);
  if (as_directory == as_other) return !as_other;
  const Kind kind = type == 0         ? kind_at(directory, name)
                    : type == S_IFDIR ? Kind::directory
                                      : Kind::other;
  return kind == Kind::directory ? !as_directory : !as_other;
}

Result<fuse::Entry> Lister::entry(mirror::Found found, NodeId parent, const wire::Name& name) {
  return guard_.entry(asked_, place_, std::move(found), parent, name);
}

Result<void> Guard::act(const Asked& asked, const Seen& seen, const fuse::ReadDir& r,
                        fuse::DirWriter& out) {
  Lister lister{*this, asked, seen.place()};
  return mirror_.read_dir(r, out, &lister);
}

Result<void> Guard::act(const Asked& asked, const Seen& seen, const fuse::ReadDirPlus& r,
                        fuse::DirPlusWriter& out) {
  Lister lister{*this, asked, seen.place()};
  return mirror_.read_dir_plus(r, out, &lister);
}

}  // namespace sluice::guard
