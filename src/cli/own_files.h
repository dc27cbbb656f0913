// SPDX-License-Identifier: MIT
// What decides what a command may do, or records what it did, must not be the command's to change:
// the policy's files, compiled policies that are kept, the log. Where such a file lies in a view, a
// rule of our own keeps it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sluice/policy/document.h"

namespace sluice::cli {

// Gives the absolute paths of what is to be kept: the files that `document` was read from (not
// presets), with every name that leads to them, the folder of compiled policies (ends in a slash),
// and `log` where it is not empty. Relative ones are of the working directory.
std::vector<std::string> own_files(const policy::Document& document, const std::string& log);

// Gives rules, as the text of a policy, that keep from writing those of `files` that lie below one
// of `views`; empty if none does.
std::string rules_for(std::span<const std::string> files, std::span<const std::string> views);

}  // namespace sluice::cli
