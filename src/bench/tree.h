// SPDX-License-Identifier: MIT
// Files and directories for the parts to work on.
#pragma once

#include <dirent.h>

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::bench {

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
// An open directory that closes itself.
using Listing = std::unique_ptr<DIR, CloseDirectory>;

// Gives "f00042" for 42.
std::string tree_file_name(unsigned number);

// Makes a new directory. errors: as mkdir(2), with the path.
Result<void, Error> make_directory(const std::string& path);

// Makes a new file with `content`. errors: as open(2) and write(2), with the path.
Result<void, Error> make_file(const std::string& path, std::string_view content);

// Makes `directory` with `files` empty files in it, kFilesPerDirectory in each of its directories.
Result<void, Error> make_wide_tree(const std::string& directory, unsigned files);

inline constexpr unsigned kFilesPerDirectory = 100;

// Gives how many names a walk of that tree passes, its root included.
constexpr unsigned names_in_wide_tree(unsigned files) noexcept {
  return 1 + (files + kFilesPerDirectory - 1) / kFilesPerDirectory + files;
}

}  // namespace sluice::bench
