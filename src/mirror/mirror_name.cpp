// SPDX-License-Identifier: MIT
// Making, removing and moving names.
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>

#include "sluice/mirror/caller_identity.h"
#include "sluice/mirror/creation.h"
#include "sluice/mirror/mirror.h"
#include "sluice/mirror/proc_path.h"

namespace sluice::mirror {

// Answers the entry of what has just been made under `name`.
Result<fuse::Entry> Mirror::made(int directory, NodeId parent, const wire::Name& name,
                                 const fuse::Request& request, const Admitted& admitted) {
  Found found = TRY(tree_->find_at(directory, name.c_str()));
  TRY(label(found.fd.get(), request));
  return entry_of(std::move(found), parent, name, admitted);
}

Result<fuse::Entry> Mirror::make_node(const fuse::MakeNode& r, const Admitted& admitted) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  {
    AsCaller scope{r.caller, TRY(supplementary_group(r))};
    set_umask(r.umask);
    if (::mknodat(parent.get(), r.name.c_str(), r.mode, fuse::unpack_device(r.rdev)) != 0) {
      return fail_last();
    }
  }
  return made(parent.get(), r.node, r.name, r, admitted);
}

Result<fuse::Entry> Mirror::make_dir(const fuse::MakeDir& r, const Admitted& admitted) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  {
    AsCaller scope{r.caller, TRY(supplementary_group(r))};
    set_umask(r.umask);
    if (::mkdirat(parent.get(), r.name.c_str(), r.mode) != 0) return fail_last();
  }
  return made(parent.get(), r.node, r.name, r, admitted);
}

Result<fuse::Entry> Mirror::make_symlink(const fuse::MakeSymlink& r, const Admitted& admitted) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  {
    AsCaller scope{r.caller, TRY(supplementary_group(r))};
    if (::symlinkat(r.target.data(), parent.get(), r.name.c_str()) != 0) return fail_last();
  }
  return made(parent.get(), r.node, r.name, r, admitted);
}

Result<fuse::Entry> Mirror::make_link(const fuse::MakeLink& r, const Admitted& admitted) {
  const LowerTree::Borrowed existing = TRY(tree_->path(r.existing));
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  int linked = ::linkat(existing.get(), "", parent.get(), r.name.c_str(), AT_EMPTY_PATH);
  if (linked != 0 && errno == ENOENT) {
    // Without CAP_DAC_READ_SEARCH the link in /proc does the same.
    linked = ::linkat(AT_FDCWD, ProcPath{existing.get()}.c_str(), parent.get(), r.name.c_str(),
                      AT_SYMLINK_FOLLOW);
  }
  if (linked != 0) return fail_last();
  Found found = TRY(tree_->find_at(parent.get(), r.name.c_str()));
  return entry_of(std::move(found), r.node, r.name, admitted);
}

Result<void> Mirror::unlink(const fuse::Unlink& r) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  LowerTree::Leaving leaving = tree_->before_removal(parent.get(), r.name);
  if (::unlinkat(parent.get(), r.name.c_str(), 0) != 0) return fail_last();
  tree_->settle(std::move(leaving));
  return {};
}

Result<void> Mirror::remove_dir(const fuse::RemoveDir& r) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  LowerTree::Leaving leaving = tree_->before_removal(parent.get(), r.name);
  if (::unlinkat(parent.get(), r.name.c_str(), AT_REMOVEDIR) != 0) return fail_last();
  tree_->settle(std::move(leaving));
  return {};
}

Result<void> Mirror::rename(const fuse::Rename& r, const Moved& places) {
  const LowerTree::Borrowed from = TRY(tree_->path(r.node));
  const LowerTree::Borrowed to = TRY(tree_->path(r.new_parent));
  const bool exchange = r.flags.has(wire::RenameFlag::exchange);
  LowerTree::Leaving replaced;
  if (!exchange && !r.flags.has(wire::RenameFlag::noreplace)) {
    replaced = tree_->before_removal(to.get(), r.new_name);
  }
  {
    // A whiteout left behind belongs to the caller.
    AsCaller scope{r.flags.has(wire::RenameFlag::whiteout) ? r.caller : fuse::Caller{}};
    if (::renameat2(from.get(), r.name.c_str(), to.get(), r.new_name.c_str(), r.flags.word()) != 0) {
      return fail_last();
    }
  }
  // Renaming one link of a file over another does nothing, and the file keeps its names.
  if (replaced.known()) tree_->settle(std::move(replaced));
  tree_->moved(to.get(), r.new_parent, r.new_name, places.target);
  if (exchange) tree_->moved(from.get(), r.node, r.name, places.source);
  return {};
}

}  // namespace sluice::mirror
