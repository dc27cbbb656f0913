// SPDX-License-Identifier: MIT
#include "sluice/backing/shares.h"

namespace sluice::backing {

Mode Shares::start(NodeId node, const Fd& lower) noexcept {
  auto id = registrar_.open(lower);
  if (!id) return {kNoBacking, id.error()};
  // An interface without sharing has taken the id for one reply; there is nothing to remember.
  if (registrar_.shared() && !ledger_.set_id(node, *id)) {
    registrar_.close(*id);
    return {kNoBacking, Errno{ESTALE}};
  }
  return {*id, std::nullopt};
}

Result<Mode> Shares::open(NodeId node, const Fd* lower) noexcept {
  std::lock_guard lock{stripe(node)};
  const Ledger::Record record = TRY(ledger_.read(node));
  TRY(ledger_.add_open(node));
  if (!registrar_.shared()) return lower != nullptr ? start(node, *lower) : Mode{};
  if (record.id != kNoBacking) return Mode{record.id, std::nullopt};
  if (lower == nullptr || record.opens > 0) return Mode{};
  return start(node, *lower);
}

void Shares::close(NodeId node) noexcept {
  std::lock_guard lock{stripe(node)};
  auto before = ledger_.read(node);
  auto left = ledger_.remove_open(node);
  if (!left || !before || left->opens > 0 || before->id == kNoBacking) return;
  registrar_.close(before->id);
  static_cast<void>(ledger_.set_id(node, kNoBacking));
}

}  // namespace sluice::backing
