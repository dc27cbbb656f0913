// SPDX-License-Identifier: MIT
// What the policy commands have in common: opening a policy or telling what is wrong with it,
// finding a subject, and verdicts as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/daemon/usable_policy.h"
#include "sluice/policy/explain.h"

namespace sluice::cli {

enum class Form { text, data };

// Opens the policy, or tells what is wrong with it: its diagnostics on standard error, or as one
// JSON object on standard output.
std::optional<policy::Program> open_or_tell(const std::string& name, Form form);

// Gives the policy's detectors, which may be none, or tells what is wrong with them in the same way.
std::optional<daemon::Detection> detection_or_tell(const policy::Program& program, Form form);

// Writes a line for each to standard error.
void tell_diagnostics(const policy::Diagnostics& wrong);

// errors: EINVAL no such subject; the line says which there are.
Result<policy::SubjectIndex, Error> subject_of(const policy::Program& program,
                                               const std::string& name);

// errors: EINVAL not r, w or x, nor their long names.
Result<policy::Mode, Error> mode_of(const std::string& word);

nlohmann::json json_of(const policy::Program& program, const policy::Terms& terms);
nlohmann::json json_of(const policy::Program& program, const policy::Explanation& explanation);

// Writes a value for programs; bytes that are not UTF-8 become U+FFFD.
void print_json(const nlohmann::json& value);

// "read redact, write deny" without what has no restriction; "native" if nothing has; then the same
// for each content that changes it, as in "native (`builtin` found: read redact, write deny)".
std::string words_of(const policy::Program& program, const policy::Terms& terms);

}  // namespace sluice::cli
