// SPDX-License-Identifier: MIT
#include "sluice/guard/hard_links.h"

#include <algorithm>
#include <functional>

namespace sluice::guard {
namespace {

// The one name that a file had before a link was made of it, whatever it was.
constexpr NameMark kOnlyName = 1;

}  // namespace

NameMark name_mark(NodeId directory, std::string_view name) noexcept {
  const std::uint64_t mixed = (raw(directory) + 1) * 0x9e3779b97f4a7c15;
  return (std::hash<std::string_view>{}(name) ^ mixed) | 2;
}

std::size_t HardLinks::Hash::operator()(const mirror::LowerHandle& file) const noexcept {
  const Bytes bytes = file.bytes();
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  return std::hash<std::string_view>{}(text) + raw(file.mount());
}

void HardLinks::add_place(const policy::Program& program, Known& known, policy::Place place) {
  const auto same_grants = [&](policy::Place other) {
    for (std::size_t i = 0; i < program.subjects() && other != place; ++i) {
      const auto subject = static_cast<policy::SubjectIndex>(i);
      if (program.terms(other, subject).id != program.terms(place, subject).id) return false;
    }
    return true;
  };
  if (std::ranges::any_of(known.places, same_grants)) return;
  // Beyond the bound the strictest stands for those that find no room.
  if (known.places.size() >= kMostNames) place = program.strictest();
  known.places.push_back(program.hold(place));
}

HardLinks::Record* HardLinks::record_of(const mirror::LowerHandle& file) {
  if (const auto found = files_.find(file); found != files_.end()) return &found->second;
  if (files_.size() >= kMostFiles) return nullptr;
  Record& record = files_[file];
  count_.store(files_.size(), std::memory_order_release);
  return &record;
}

HardLinks::Known HardLinks::learn(const policy::Program& program, const mirror::LowerHandle& file,
                                  policy::Place place, NameMark name, std::uint64_t links) {
  std::lock_guard lock{mutex_};
  Record* record = record_of(file);
  if (record == nullptr) return Known{{place}, false};
  auto& names = record->names;
  if (std::ranges::find(names, name) == names.end()) {
    const auto only = std::ranges::find(names, kOnlyName);
    if (only != names.end() && names.size() >= links) {
      *only = name;
    } else if (names.size() < kMostNames) {
      names.push_back(name);
    }
  }
  add_place(program, record->known, place);
  record->known.all = names.size() >= links;
  return record->known;
}

void HardLinks::learn_only(const policy::Program& program, const mirror::LowerHandle& file,
                           policy::Place place) {
  std::lock_guard lock{mutex_};
  Record* record = record_of(file);
  if (record == nullptr || !record->names.empty()) return;
  record->names.push_back(kOnlyName);
  add_place(program, record->known, place);
  record->known.all = true;
}

std::optional<HardLinks::Known> HardLinks::find(const mirror::LowerHandle& file) const {
  std::lock_guard lock{mutex_};
  const auto found = files_.find(file);
  if (found == files_.end()) return std::nullopt;
  return found->second.known;
}

void HardLinks::lost(const mirror::LowerHandle& file, NameMark name) {
  std::lock_guard lock{mutex_};
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  auto& names = found->second.names;
  if (std::erase(names, name) == 0) std::erase(names, kOnlyName);
}

void HardLinks::forget(const policy::Program& program, const mirror::LowerHandle& file) {
  std::lock_guard lock{mutex_};
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  for (const policy::Place place : found->second.known.places) program.release(place);
  files_.erase(found);
  count_.store(files_.size(), std::memory_order_release);
}

void HardLinks::clear() {
  std::lock_guard lock{mutex_};
  files_.clear();
  count_.store(0, std::memory_order_release);
}

}  // namespace sluice::guard
