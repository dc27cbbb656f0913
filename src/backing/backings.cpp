// SPDX-License-Identifier: MIT
#include "sluice/backing/backings.h"

#include <new>
#include <unordered_map>

namespace sluice::backing {
namespace {

// Open counts and ids of the nodes that are open; others have no entry.
class OpenNodes final : public Ledger {
 public:
  Result<Record> read(NodeId node) noexcept override {
    std::lock_guard lock{mutex_};
    const auto found = records_.find(node);
    return found == records_.end() ? Record{} : found->second;
  }
  Result<void> set_id(NodeId node, BackingId id) noexcept override {
    std::lock_guard lock{mutex_};
    const auto found = records_.find(node);
    if (found != records_.end()) found->second.id = id;
    return {};
  }
  Result<void> add_open(NodeId node) noexcept override {
    std::lock_guard lock{mutex_};
    try {
      ++records_[node].opens;
    } catch (const std::bad_alloc&) {
      return fail(ENOMEM);
    }
    return {};
  }
  Result<Record> remove_open(NodeId node) noexcept override {
    std::lock_guard lock{mutex_};
    const auto found = records_.find(node);
    if (found == records_.end()) return fail(ESTALE);
    --found->second.opens;
    const Record left = found->second;
    if (left.opens == 0) records_.erase(found);
    return left;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<NodeId, Record> records_;
};

}  // namespace

struct Backings::Parts {
  std::optional<DeviceControl> device;
  Control& control;
  OpenNodes nodes{};
  Choice choice{};
  std::optional<Registrar> registrar{};
  std::optional<Shares> shares{};

  explicit Parts(const Fd& fd) : device{std::in_place, fd}, control{*device} {}
  explicit Parts(Control& other) : control{other} {}
};

Backings::Backings(const Fd& device) : parts_{std::make_unique<Parts>(device)} {}
Backings::Backings(Control& control) : parts_{std::make_unique<Parts>(control)} {}
Backings::~Backings() = default;

const Choice& Backings::choose(const wire::InitOffer& offer) {
  Parts& parts = *parts_;
  parts.choice = backing::choose(offer, parts.control);
  parts.registrar.emplace(parts.control, parts.choice.abi, Credentials::unprivileged);
  parts.shares.emplace(*parts.registrar, parts.nodes);
  return parts.choice;
}

Result<Mode> Backings::open(NodeId node, const Fd& lower) noexcept {
  if (parts_->choice.abi == Abi::none) return Mode{kNoBacking, Errno{ENOSYS}};
  return parts_->shares->open(node, &lower);
}

void Backings::close(NodeId node) noexcept {
  if (parts_->shares) parts_->shares->close(node);
}

}  // namespace sluice::backing
