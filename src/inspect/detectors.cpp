// SPDX-License-Identifier: MIT
#include "sluice/inspect/detectors.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <tuple>

#include "sluice/inspect/compiled.h"

namespace sluice::inspect {
namespace {

// What save() puts first; the digest follows, then a byte for each rule's tier, then the database.
constexpr std::string_view kMark = "sluice detectors 1\n";

// Tells whether `saved` fitted, and takes it then.
bool restore(Bytes saved, Compiled& compiled) noexcept {
  const SetDigest& digest = compiled.digest;
  const std::size_t head = kMark.size() + digest.size();
  const std::size_t tiers = compiled.rules.size();
  if (saved.size() <= head + tiers || !text_of(saved).starts_with(kMark)) return false;
  if (std::memcmp(saved.data() + kMark.size(), digest.data(), digest.size()) != 0) return false;
  compiled.database = restore_database(saved.subspan(head + tiers));
  if (compiled.database == nullptr) return false;
  for (std::size_t i = 0; i < tiers; ++i) {
    const auto tier = static_cast<Tier>(saved[head + i]);
    if (tier != Tier::ends && compiled.rules[i].tier == Tier::ends) demote(compiled.rules[i]);
  }
  return true;
}

Result<void, Error> make_database(Compiled& compiled) {
  auto database = compile_database(expressions_of(compiled));
  if (!database) {
    demote_what_is_too_large(compiled);
    database = compile_database(expressions_of(compiled));
  }
  compiled.database = TRY(std::move(database));
  return {};
}

}  // namespace

Detectors::Detectors(std::unique_ptr<const Compiled> compiled) noexcept
    : compiled_{std::move(compiled)} {}
Detectors::Detectors(Detectors&&) noexcept = default;
Detectors& Detectors::operator=(Detectors&&) noexcept = default;
Detectors::~Detectors() = default;

Result<Detectors, Error> Detectors::compile(std::vector<RuleSet> sets, Bytes saved) try {
  auto compiled = TRY(compile_rules(std::move(sets)));
  if (!restore(saved, *compiled)) TRY(make_database(*compiled));
  summarise(*compiled);
  return Detectors{std::unique_ptr<const Compiled>{std::move(compiled)}};
} catch (const std::bad_alloc&) {
  return fail(Error{"the detectors cannot be compiled: no memory", ENOMEM});
}

std::size_t Detectors::size() const noexcept { return compiled_->rules.size(); }

std::string_view Detectors::name(DetectorIndex detector) const noexcept {
  const auto index = static_cast<std::size_t>(detector);
  return index < size() ? std::string_view{compiled_->rules[index].name} : "?";
}

const Rule& Detectors::rule(DetectorIndex detector) const noexcept {
  static const Rule none;
  const auto index = static_cast<std::size_t>(detector);
  return index < size() ? compiled_->rules[index].rule : none;
}

std::optional<DetectorIndex> Detectors::find(std::string_view name) const noexcept {
  const auto found = compiled_->by_name.find(name);
  if (found == compiled_->by_name.end()) return std::nullopt;
  return found->second;
}

std::vector<DetectorIndex> Detectors::of_set(std::string_view set) const {
  std::vector<DetectorIndex> all;
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (compiled_->sets[compiled_->rules[i].set].name == set) all.push_back(DetectorIndex{i});
  }
  return all;
}

const SetDigest& Detectors::digest() const noexcept { return compiled_->digest; }
std::uint64_t Detectors::reach() const noexcept { return compiled_->reach; }
const std::vector<DetectorIndex>& Detectors::unbounded() const noexcept {
  return compiled_->unbounded;
}
const std::vector<DetectorIndex>& Detectors::slow() const noexcept { return compiled_->slow; }

std::vector<std::byte> Detectors::save() const {
  std::vector<std::byte> tiers;
  for (const CompiledRule& rule : compiled_->rules) tiers.push_back(static_cast<std::byte>(rule.tier));
  const auto database = save_database(compiled_->database);
  std::vector<std::byte> saved(kMark.size() + digest().size() + tiers.size() + database.size());
  auto end = std::ranges::copy(bytes_of(kMark), saved.begin()).out;
  end = std::ranges::copy(digest(), end).out;
  end = std::ranges::copy(tiers, end).out;
  std::ranges::copy(database, end);
  return saved;
}

void Hits::add(const Hit& hit) {
  if (overflowed_ || (!hits_.empty() && hits_.back() == hit)) return;
  if (hits_.size() >= most_) {
    settle();
    if (hits_.size() >= most_) {
      overflowed_ = true;
      return;
    }
  }
  hits_.push_back(hit);
}

void Hits::settle() {
  const auto place = [](const Hit& hit) {
    return std::tuple{hit.secret.offset, hit.secret.length, hit.detector, hit.line};
  };
  std::ranges::sort(hits_, {}, place);
  const auto twice = std::ranges::unique(hits_, [](const Hit& a, const Hit& b) {
    return a.detector == b.detector && a.secret == b.secret;
  });
  hits_.erase(twice.begin(), twice.end());
}

bool Hits::has(DetectorIndex detector) const noexcept {
  return std::ranges::any_of(hits_, [&](const Hit& hit) { return hit.detector == detector; });
}

}  // namespace sluice::inspect
