// SPDX-License-Identifier: MIT
// What the kernel knows, its clock and caller, and the notifications it takes.
#include "sluice/testkit/kernel.h"

namespace sluice::testkit {
namespace {

using wire::NotifyCode;

// From which minor version on a notification is known.
std::uint32_t known_since(NotifyCode code) noexcept {
  switch (code) {
    case NotifyCode::poll: return 11;
    case NotifyCode::inval_inode:
    case NotifyCode::inval_entry: return 12;
    case NotifyCode::store:
    case NotifyCode::retrieve: return 15;
    case NotifyCode::delete_entry: return 18;
    case NotifyCode::resend: return 40;
    case NotifyCode::inc_epoch: return 44;
    case NotifyCode::prune: return 45;
  }
  return 0;
}

// Whether the body has the length that its fixed part says.
bool well_formed(NotifyCode code, Bytes body) noexcept {
  wire::Reader in{body};
  switch (code) {
    case NotifyCode::poll: return body.size() == sizeof(wire::NotifyPollWakeupOut);
    case NotifyCode::inval_inode: return body.size() == sizeof(wire::NotifyInvalInodeOut);
    case NotifyCode::inval_entry: {
      auto out = in.take<wire::NotifyInvalEntryOut>();
      return out && in.left() == std::size_t{out->namelen} + 1 && body.back() == std::byte{0};
    }
    case NotifyCode::delete_entry: {
      auto out = in.take<wire::NotifyDeleteOut>();
      return out && in.left() == std::size_t{out->namelen} + 1 && body.back() == std::byte{0};
    }
    case NotifyCode::store: {
      auto out = in.take<wire::NotifyStoreOut>();
      return out && in.left() == out->size;
    }
    case NotifyCode::retrieve: return body.size() == sizeof(wire::NotifyRetrieveOut);
    case NotifyCode::resend:
    case NotifyCode::inc_epoch: return body.empty();
    case NotifyCode::prune: {
      auto out = in.take<wire::NotifyPruneOut>();
      return out && in.left() == std::size_t{out->count} * sizeof(std::uint64_t);
    }
  }
  return false;
}

// The node that must be known for the notification to mean anything.
std::optional<NodeId> subject(NotifyCode code, Bytes body) noexcept {
  switch (code) {
    case NotifyCode::inval_inode:
    case NotifyCode::inval_entry:
    case NotifyCode::delete_entry:
    case NotifyCode::store: {
      wire::Reader in{body};
      auto node = in.take<std::uint64_t>();
      return node ? std::optional{NodeId{*node}} : std::nullopt;
    }
    default: return std::nullopt;
  }
}

}  // namespace

Result<void> Kernel::notify(std::int32_t number, std::span<const Bytes> pieces) noexcept {
  const auto code = static_cast<NotifyCode>(number);
  Notification notification{code, {}};
  for (Bytes piece : pieces) {
    notification.body.insert(notification.body.end(), piece.begin(), piece.end());
  }
  if (session_ == nullptr) return fail(ENODEV);
  const std::uint32_t since = known_since(code);
  if (since == 0 || since > options_.profile.minor) return fail(EINVAL);
  if (!well_formed(code, notification.body)) {
    breaches_.add("notification " + std::to_string(number) + " has a wrong length");
    return fail(EINVAL);
  }
  std::function<void(const Notification&)> listener;
  {
    std::lock_guard lock{mutex_};
    notifications_.push_back(notification);
    if (auto about = subject(code, notification.body)) {
      KnownNode* node = nodes_.find(*about);
      if (node == nullptr) return fail(ENOENT);
      if (code == NotifyCode::inval_inode) node->attr_until = SimulatedTime::min();
    }
    listener = listener_;
  }
  if (code == NotifyCode::resend) traffic_->resend();
  if (listener) listener(notification);
  return {};
}

std::uint64_t Kernel::lookups(NodeId node) const {
  std::lock_guard lock{mutex_};
  const KnownNode* known = nodes_.find(node);
  return known == nullptr ? 0 : known->lookups;
}

std::optional<fuse::Attr> Kernel::cached_attributes(NodeId node) const {
  std::lock_guard lock{mutex_};
  const KnownNode* known = nodes_.find(node);
  if (known == nullptr || known->attr.mode == 0 || known->attr_until <= now_) return std::nullopt;
  return known->attr;
}

std::optional<fuse::Attr> Kernel::last_attributes(NodeId node) const {
  std::lock_guard lock{mutex_};
  const KnownNode* known = nodes_.find(node);
  if (known == nullptr || known->attr.mode == 0) return std::nullopt;
  return known->attr;
}

void Kernel::expire_attributes(NodeId node) {
  std::lock_guard lock{mutex_};
  if (KnownNode* known = nodes_.find(node)) known->attr_until = SimulatedTime::min();
}

bool Kernel::knows(NodeId node) {
  std::lock_guard lock{mutex_};
  return nodes_.find(node) != nullptr;
}

bool Kernel::passes_through(const File& file) const {
  std::lock_guard lock{mutex_};
  const OpenFile* open = files_.find(file.key);
  return open != nullptr && open->backing != nullptr;
}

std::vector<std::uint64_t> Kernel::open_files() const {
  std::lock_guard lock{mutex_};
  return files_.keys();
}

void Kernel::count(std::uint32_t opcode) {
  std::lock_guard lock{mutex_};
  if (opcode < counts_.size()) ++counts_[opcode];
}

void Kernel::remember_absent(wire::Opcode opcode) {
  std::lock_guard lock{mutex_};
  if (raw(opcode) < absent_.size()) absent_[raw(opcode)] = true;
}

bool Kernel::absent(wire::Opcode opcode) const {
  std::lock_guard lock{mutex_};
  return raw(opcode) < absent_.size() && absent_[raw(opcode)];
}

std::uint64_t Kernel::sent(wire::Opcode opcode) const {
  std::lock_guard lock{mutex_};
  return raw(opcode) < counts_.size() ? counts_[raw(opcode)] : 0;
}

std::uint64_t Kernel::sent() const {
  std::lock_guard lock{mutex_};
  std::uint64_t all = 0;
  for (std::uint64_t one : counts_) all += one;
  return all;
}

void Kernel::reset_counts() {
  std::lock_guard lock{mutex_};
  counts_.fill(0);
}

std::vector<Notification> Kernel::notifications() const {
  std::lock_guard lock{mutex_};
  return notifications_;
}

void Kernel::on_notification(std::function<void(const Notification&)> listener) {
  std::lock_guard lock{mutex_};
  listener_ = std::move(listener);
}

void Kernel::set_caller(Caller caller) {
  std::lock_guard lock{mutex_};
  caller_ = caller;
}

Caller Kernel::caller() const {
  std::lock_guard lock{mutex_};
  return caller_;
}

void Kernel::set_umask(std::uint32_t mask) {
  std::lock_guard lock{mutex_};
  umask_ = mask & 0777;
}

std::uint32_t Kernel::umask() const {
  std::lock_guard lock{mutex_};
  return umask_;
}

std::uint32_t Kernel::masked(std::uint32_t mode) const {
  return negotiated_.has(wire::InitFlag::dont_mask) ? mode : mode & ~umask();
}

void Kernel::advance(SimulatedTime time) {
  std::lock_guard lock{mutex_};
  now_ += time;
}

SimulatedTime Kernel::now() const {
  std::lock_guard lock{mutex_};
  return now_;
}

}  // namespace sluice::testkit
