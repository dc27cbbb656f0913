// SPDX-License-Identifier: MIT
#include "sluice/inspect/detectors.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <tuple>

#include "sluice/inspect/compiled.h"

namespace sluice::inspect {
namespace {

// What save() puts first; the digest follows, then for each rule a byte for its tier and eight for
// its longest match, then the database.
constexpr std::string_view kMark = "sluice detectors 2\n";
constexpr std::size_t kRuleBytes = 1 + sizeof(std::uint64_t);

// Tells whether `saved` is of these rules. Then they have been compiled before, and well.
bool is_of(Bytes saved, const SetDigest& digest) noexcept {
  return saved.size() > kMark.size() + digest.size() && text_of(saved).starts_with(kMark) &&
         std::memcmp(saved.data() + kMark.size(), digest.data(), digest.size()) == 0;
}

// Gives what was compiled and saved; null if `saved` does not fit after all.
std::unique_ptr<Compiled> restore(Bytes saved, const std::vector<RuleSet>& sets) {
  auto compiled = compile_rules(sets, When::later);
  if (!compiled) return nullptr;
  Bytes rest = saved.subspan(kMark.size() + sizeof(SetDigest));
  for (CompiledRule& rule : (*compiled)->rules) {
    if (rest.size() < kRuleBytes || rest.front() > static_cast<std::byte>(Tier::path))
      return nullptr;
    rule.tier = static_cast<Tier>(rest.front());
    if ((rule.tier == Tier::path) != rule.rule.regex.empty()) return nullptr;
    std::memcpy(&rule.widest, rest.data() + 1, sizeof rule.widest);
    rest = rest.subspan(kRuleBytes);
  }
  (*compiled)->database = restore_database(rest);
  // Without a database it may be that nothing is for it, or that it does not fit this processor.
  if ((*compiled)->database == nullptr) return nullptr;
  return std::move(*compiled);
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
  std::unique_ptr<Compiled> compiled;
  if (is_of(saved, digest_of(sets))) compiled = restore(saved, sets);
  if (compiled == nullptr) {
    compiled = TRY(compile_rules(std::move(sets), When::now));
    TRY(make_database(*compiled));
  }
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
  std::vector<std::byte> saved;
  const auto add = [&](Bytes bytes) {
    const std::size_t at = saved.size();
    saved.resize(at + bytes.size());
    if (!bytes.empty()) std::memcpy(saved.data() + at, bytes.data(), bytes.size());
  };
  add(bytes_of(kMark));
  add(digest());
  for (const CompiledRule& rule : compiled_->rules) {
    add(bytes_of(static_cast<std::uint8_t>(rule.tier)));
    add(bytes_of(rule.widest));
  }
  add(save_database(compiled_->database));
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
