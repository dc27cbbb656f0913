// SPDX-License-Identifier: MIT
// Policies as people name them: a preset that comes with the program, or a file.
#pragma once

#include <expected>
#include <string>

#include "sluice/base/result.h"
#include "sluice/daemon/outside_mount.h"
#include "sluice/policy/load.h"
#include "sluice/policy/program.h"

namespace sluice::daemon {

// Gives the text that `name` stands for. A preset's name is taken for that preset; a file of the
// same name is meant by `./NAME`.
// errors  ENOENT and others of reading it; EFBIG above policy::kMaxTextBytes; EINVAL not a file;
//         EAGAIN it was written to meanwhile.
Result<policy::Source, Error> read_policy(const std::string& name, const OutsideMount& files = {});

// Gives the name by which the policy is found from any working directory.
// errors  those of finding its folder.
Result<std::string, Error> policy_for_later(const std::string& name);

// Gives what an include, an import or a manifest names: relative to the folder of the file that it
// stands in, and of policy::kMaxImportBytes at most.
policy::Resolver files_beside(OutsideMount files = {});

// Gives a diagnostic without a position, as for what cannot be read.
policy::Diagnostics diagnostics_of(const Error& error);

// Reads, loads and compiles. What cannot be read is a diagnostic without a position.
std::expected<policy::Program, policy::Diagnostics> open_policy(
    const std::string& name, const policy::CompileOptions& options = {});

}  // namespace sluice::daemon
