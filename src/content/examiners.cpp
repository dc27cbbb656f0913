// SPDX-License-Identifier: MIT
#include "sluice/content/examiners.h"

#include <algorithm>

namespace sluice::content {

Examiners::Examiners(const std::vector<const Engine*>& engines) {
  for (const Engine* engine : engines) all_.emplace_back(*engine);
  // Media first: what removes positions wants a redaction with nothing in it.
  for (std::uint32_t i = 0; i < engines.size(); ++i) {
    const bool first = engines[i]->spec().kind == SetSpec::Kind::positions;
    order_.insert(first ? order_.begin() : order_.end(), i);
  }
}

std::optional<Findings> Examiners::find(SetIndex set, const Input& file,
                                        std::string_view path) noexcept {
  const auto index = static_cast<std::size_t>(set);
  if (index >= all_.size()) return std::nullopt;
  return all_[index].find(file, path);
}

RedactionAnswer Examiners::redact(std::span<const Detection::Wanted> wanted, policy::With with,
                                  const Input& file, std::string_view path) {
  RedactionAnswer answer;
  answer.redaction = inspect::Redaction{file.size()};
  const auto failed = [](Examiner::Hidden hidden) {
    return RedactionAnswer{hidden.outcome, std::move(hidden.why), inspect::Redaction{0}};
  };
  for (const std::uint32_t set : order_) {
    const auto one = std::ranges::find(wanted, SetIndex{set}, &Detection::Wanted::set);
    if (one == wanted.end()) continue;
    auto hidden = all_[set].hide({one->any, one->detectors}, file, path, answer.redaction);
    if (hidden.outcome != Outcome::whole) return failed(std::move(hidden));
  }
  auto hidden = hide_with(with, file, path, answer.redaction);
  if (hidden.outcome != Outcome::whole) return failed(std::move(hidden));
  answer.outcome = Outcome::whole;
  return answer;
}

}  // namespace sluice::content
