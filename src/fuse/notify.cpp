// SPDX-License-Identifier: MIT
#include "sluice/fuse/notify.h"

#include <initializer_list>

#include "sluice/wire/flags.h"
#include "sluice/wire/protocol.h"

namespace sluice::fuse {
namespace {

using wire::NotifyCode;

constexpr std::byte kNul[1] = {};

Result<void> send(Connection& connection, NotifyCode code, std::initializer_list<Bytes> body) noexcept {
  return connection.notify(static_cast<std::int32_t>(code), std::span{body.begin(), body.size()});
}

}  // namespace

Result<void> Notifier::invalidate_attributes(NodeId node) noexcept {
  return invalidate_data(node, -1, 0);
}

Result<void> Notifier::invalidate_data(NodeId node, std::int64_t offset, std::int64_t length) noexcept {
  wire::NotifyInvalInodeOut out{};
  out.ino = raw(node);
  out.off = offset;
  out.len = length;
  return send(connection_, NotifyCode::inval_inode, {bytes_of(out)});
}

Result<void> Notifier::invalidate_entry(NodeId parent, std::string_view name, Expire how) noexcept {
  wire::NotifyInvalEntryOut out{};
  out.parent = raw(parent);
  out.namelen = static_cast<std::uint32_t>(name.size());
  if (how == Expire::next_time) out.flags = static_cast<std::uint32_t>(wire::InvalEntryFlag::expire_only);
  return send(connection_, NotifyCode::inval_entry, {bytes_of(out), bytes_of(name), Bytes{kNul}});
}

Result<void> Notifier::deleted(NodeId parent, NodeId child, std::string_view name) noexcept {
  wire::NotifyDeleteOut out{};
  out.parent = raw(parent);
  out.child = raw(child);
  out.namelen = static_cast<std::uint32_t>(name.size());
  return send(connection_, NotifyCode::delete_entry, {bytes_of(out), bytes_of(name), Bytes{kNul}});
}

Result<void> Notifier::store(NodeId node, std::uint64_t offset, Bytes data) noexcept {
  wire::NotifyStoreOut out{};
  out.nodeid = raw(node);
  out.offset = offset;
  out.size = static_cast<std::uint32_t>(data.size());
  return send(connection_, NotifyCode::store, {bytes_of(out), data});
}

Result<void> Notifier::retrieve(Unique unique, NodeId node, std::uint64_t offset,
                                std::uint32_t size) noexcept {
  wire::NotifyRetrieveOut out{};
  out.notify_unique = raw(unique);
  out.nodeid = raw(node);
  out.offset = offset;
  out.size = size;
  return send(connection_, NotifyCode::retrieve, {bytes_of(out)});
}

Result<void> Notifier::wake_poll(std::uint64_t kernel_handle) noexcept {
  wire::NotifyPollWakeupOut out{};
  out.kh = kernel_handle;
  return send(connection_, NotifyCode::poll, {bytes_of(out)});
}

Result<void> Notifier::expire_all() noexcept { return send(connection_, NotifyCode::inc_epoch, {}); }

Result<void> Notifier::resend() noexcept { return send(connection_, NotifyCode::resend, {}); }

Result<void> Notifier::prune(std::span<const NodeId> nodes) noexcept {
  wire::NotifyPruneOut out{};
  out.count = static_cast<std::uint32_t>(nodes.size());
  return send(connection_, NotifyCode::prune, {bytes_of(out), std::as_bytes(nodes)});
}

}  // namespace sluice::fuse
