// SPDX-License-Identifier: MIT
#include "sluice/guard/shown_files.h"

#include <string_view>

namespace sluice::guard {

const ShownFiles::State* ShownFiles::Turn::state() const noexcept {
  const auto& files = files_.stripe(node_).files;
  const auto found = files.find(node_);
  return found == files.end() ? nullptr : &found->second;
}

void ShownFiles::Turn::opened(const State& state, Opens how) {
  const auto [at, fresh] = files_.stripe(node_).files.try_emplace(node_, state);
  if (fresh) {
    at->second.opens = at->second.writers = 0;
    files_.count_.fetch_add(1, std::memory_order_release);
  }
  ++at->second.opens;
  if (how == Opens::to_write) ++at->second.writers;
}

std::optional<policy::ContentSet> ShownFiles::count_out(NodeId node, Opens how) noexcept {
  auto& files = stripe(node).files;
  const auto found = files.find(node);
  if (found == files.end()) return std::nullopt;
  State& state = found->second;
  std::optional<policy::ContentSet> left;
  if (how == Opens::to_write && state.writers > 0 && --state.writers == 0) left = state.asked;
  if (--state.opens == 0) {
    files.erase(found);
    count_.fetch_sub(1, std::memory_order_release);
  }
  return left;
}

std::optional<ShownFiles::State> ShownFiles::find(NodeId node) const {
  if (empty()) return std::nullopt;
  const Stripe& mine = stripe(node);
  const std::lock_guard lock{mine.mutex};
  const auto found = mine.files.find(node);
  if (found == mine.files.end()) return std::nullopt;
  return found->second;
}

std::optional<policy::ContentSet> ShownFiles::closed(NodeId node, Opens how) {
  if (empty()) return std::nullopt;
  const std::lock_guard lock{stripe(node).mutex};
  return count_out(node, how);
}

std::size_t ShownFiles::Hash::operator()(const Key& key) const noexcept {
  const Bytes bytes = key.file.bytes();
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  return std::hash<std::string_view>{}(text) + raw(key.file.mount()) + raw(key.grant) * 31;
}

mirror::FaceEpoch ShownFiles::epoch(const mirror::LowerHandle& file, mirror::Grant grant) const {
  if (!has_epochs()) return {};
  const std::lock_guard lock{epochs_mutex_};
  const auto found = epochs_.find(Key{file, grant});
  return found == epochs_.end() ? mirror::FaceEpoch{} : found->second;
}

void ShownFiles::advance(const mirror::LowerHandle& file, mirror::NodeKeyExtra shown) {
  const std::lock_guard lock{epochs_mutex_};
  // Forgetting an epoch is no harm: the file is found by its first node again, and what that one
  // shows is looked at.
  if (epochs_.size() >= kMostEpochs) epochs_.clear();
  mirror::FaceEpoch& now = epochs_[Key{file, shown.grant}];
  if (now == shown.epoch)
    now = mirror::FaceEpoch{static_cast<std::uint16_t>((raw(now) + 1) % kEpochs)};
  epoch_count_.store(epochs_.size(), std::memory_order_release);
}

}  // namespace sluice::guard
