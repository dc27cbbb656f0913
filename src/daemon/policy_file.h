// SPDX-License-Identifier: MIT
// Policies as people name them: a preset that comes with the program, or a file.
#pragma once

#include <expected>
#include <string>

#include "sluice/base/result.h"
#include "sluice/policy/load.h"
#include "sluice/policy/program.h"

namespace sluice::daemon {

// Gives the text that `name` stands for. A preset's name is taken for that preset; a file of the
// same name is meant by `./NAME`.
// errors  ENOENT and others of reading it; EFBIG above policy::kMaxTextBytes; EINVAL not a file.
Result<policy::Source, Error> read_policy(const std::string& name);

// Gives what `[[include]] file = "..."` names: relative to the folder of the file it stands in.
policy::Resolver files_beside();

// Reads, loads and compiles. What cannot be read is a diagnostic without a position.
std::expected<policy::Program, policy::Diagnostics> open_policy(
    const std::string& name, const policy::CompileOptions& options = {});

}  // namespace sluice::daemon
