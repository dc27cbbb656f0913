// SPDX-License-Identifier: MIT
// Which variables of the environment a confined command gets.
//
// Two kinds are taken away: those that point to a service outside through which something could be
// run there, and those whose name says that their value is a secret. What the loader reads
// (LD_PRELOAD and its kin) stays: the command runs without privileges anyway, and who starts it
// could as well write those variables into the command itself.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::confine {

// Names as shell patterns with `*` alone; upper and lower case differ. `keep` wins over `remove`,
// and both over the default list.
struct EnvironmentRules {
  std::vector<std::string> keep;
  std::vector<std::string> remove;
};

struct FilteredEnvironment {
  std::vector<std::string> variables;  // NAME=VALUE, in the order they came
  std::vector<std::string> removed;    // names, sorted, each once
};

// Gives the default list of patterns, for documentation and `explain`; borrowed for ever.
std::span<const std::string_view> variables_removed_by_default() noexcept;

// Filters NAME=VALUE strings. What has no `=`, or an empty name, is dropped silently: no program
// can ask for it.
FilteredEnvironment filter_environment(std::span<const std::string> variables,
                                       const EnvironmentRules& rules);

// Gives the calling process's environment as NAME=VALUE.
std::vector<std::string> current_environment();

// Tells whether `name` matches `pattern`, in which `*` stands for any number of any bytes. Time is
// bounded by the product of the two lengths.
bool matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace sluice::confine
