// SPDX-License-Identifier: MIT
// The policies that come with the program; `[[include]] preset = "agent"`.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sluice::policy {

struct Preset {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view text;
};

std::span<const Preset> presets() noexcept;
std::optional<Preset> preset(std::string_view name) noexcept;

}  // namespace sluice::policy
