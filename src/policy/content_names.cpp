// SPDX-License-Identifier: MIT
#include "sluice/policy/content_names.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "sluice/policy/words.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kLongest = 200;  // bytes of a name; ids come from others' rules

}  // namespace

std::optional<ContentName> content_name_of(std::string_view name) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  if (name.empty() || name.size() > kLongest || std::ranges::any_of(name, is_control)) return {};
  if (find_not_utf8(name) != std::string_view::npos) return {};
  ContentName parts;
  parts.name = name;
  const std::size_t colon = name.find(':');
  parts.set = name.substr(0, colon);
  if (colon != std::string_view::npos) parts.detector = name.substr(colon + 1);
  if (parts.set.empty() || (colon != std::string_view::npos && parts.detector.empty())) return {};
  return parts;
}

std::vector<ContentName> content_names(const Document& document) {
  std::vector<ContentName> names;
  for (const Rule& rule : document.rules) {
    for (const std::string& text : rule.contents) {
      if (auto name = content_name_of(text)) {
        name->at = rule.contents_at;
        names.push_back(std::move(*name));
      }
    }
  }
  std::ranges::stable_sort(names, {}, &ContentName::name);
  const auto repeated = std::ranges::unique(names, {}, &ContentName::name);
  names.erase(repeated.begin(), repeated.end());
  if (names.size() > kMaxContents) names.resize(kMaxContents);
  return names;
}

std::optional<ContentId> find_content(const std::vector<ContentName>& names,
                                      std::string_view name) {
  const auto found = std::ranges::lower_bound(names, name, {}, &ContentName::name);
  if (found == names.end() || found->name != name) return std::nullopt;
  return static_cast<ContentId>(found - names.begin());
}

bool same_findings(const ImportSpec& a, const ImportSpec& b) noexcept {
  return a.text == b.text && a.extended == b.extended && a.disable == b.disable &&
         a.paths == b.paths;
}

bool same_findings(const DetectorSpec& a, const DetectorSpec& b) noexcept {
  const auto all = [](const DetectorSpec& each) {
    return std::tie(each.kind, each.regex, each.validate, each.entropy, each.keywords, each.group,
                    each.max_length, each.manifest_text, each.types, each.larger);
  };
  return all(a) == all(b);
}

bool is_part_of(std::string_view part, std::string_view whole) noexcept {
  if (part == whole) return true;
  return part.size() > whole.size() && part.starts_with(whole) && part[whole.size()] == ':';
}

}  // namespace sluice::policy
