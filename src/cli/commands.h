// SPDX-License-Identifier: MIT
// The commands, one file each. Every one takes what follows its name, prints what it has to say,
// and gives the exit status.
#pragma once

#include <string>
#include <vector>

namespace sluice::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

using Arguments = std::vector<std::string>;

int mount_command(const Arguments& arguments);
int unmount_command(const Arguments& arguments);
int status_command(const Arguments& arguments);
int reload_command(const Arguments& arguments);
int bench_command(const Arguments& arguments);
int run_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int test_command(const Arguments& arguments);
int explain_command(const Arguments& arguments);
int scan_command(const Arguments& arguments);
int import_command(const Arguments& arguments);
int diff_command(const Arguments& arguments);
int version_command(const Arguments& arguments);

}  // namespace sluice::cli
