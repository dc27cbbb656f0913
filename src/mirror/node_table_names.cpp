// SPDX-License-Identifier: MIT
// The node table's side of directory names.
#include "sluice/mirror/node_table_state.h"

namespace sluice::mirror {

using Lock = std::scoped_lock<std::mutex>;

Result<void> NodeTable::set_name(NodeId directory, NodeId parent, std::string_view name) {
  Lock lock{state_->mutex};
  NodeSlot& slot = state_->slot(TRY(state_->resolve(directory)));
  if (!slot.is_directory()) return fail(ENOTDIR);
  Changing changing{state_->header};
  auto chain = state_->names.store(parent, name);
  if (!chain) return fail(chain.error() == Errno{ENOSPC} ? Errno{ENOMEM} : chain.error());
  state_->names.erase(std::exchange(slot.side, *chain));
  return {};
}

Result<DirectoryName> NodeTable::name_of(NodeId directory) const {
  Lock lock{state_->mutex};
  const NodeSlot& slot = state_->slot(TRY(state_->resolve(directory)));
  if (!slot.is_directory()) return fail(ENOTDIR);
  return state_->names.load(slot.side);
}

Result<void> NodeTable::clear_name(NodeId directory) {
  Lock lock{state_->mutex};
  NodeSlot& slot = state_->slot(TRY(state_->resolve(directory)));
  if (!slot.is_directory()) return fail(ENOTDIR);
  Changing changing{state_->header};
  state_->names.erase(std::exchange(slot.side, 0));
  return {};
}

Result<std::string_view> NodeTable::path_of(NodeId directory, std::span<char> room) const {
  PathWriter writer{room};
  // The lock is taken for each step: a deep path must not hold up the requests, and a rename in
  // between shows as it would in any other process that walks up.
  for (int depth = 0; depth < kMaxPathDepth; ++depth) {
    if (directory == kRoot) return writer.path();
    const DirectoryName name = TRY(name_of(directory));
    TRY(writer.prepend(name.name()));
    directory = name.parent;
  }
  return fail(ELOOP);
}

}  // namespace sluice::mirror
