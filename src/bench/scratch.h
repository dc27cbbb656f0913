// SPDX-License-Identifier: MIT
// The one directory in which everything of a run lies, made new and removed at its end; and the
// large file that the data cells read and write.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/result.h"

namespace sluice::bench {

class Scratch {
 public:
  // Makes a directory in `parent` (/var/tmp when empty). errors: as mkdtemp(3).
  static Result<Scratch, Error> make(const std::string& parent);
  Scratch(Scratch&& other) noexcept : path_{std::move(other.path_)} { other.path_.clear(); }
  Scratch& operator=(Scratch&&) = delete;
  // Removes it with all it holds, but nothing at all while something is mounted in it (said on
  // stderr): what lies there may be somebody's files. Never leaves its own file system.
  ~Scratch();

  // Gives its absolute path, without links.
  const std::string& path() const noexcept { return path_; }
  // Makes a directory in it and gives its path.
  Result<std::string, Error> subdirectory(const std::string& name) const;

 private:
  explicit Scratch(std::string path) : path_{std::move(path)} {}

  std::string path_;
};

// Tells how large the data file can be at `directory`, at most `wanted` bytes: a third of the
// available memory, so that it fits the page cache twice, in powers of two.
// errors   ENOSPC there is no room for it and a rest.
Result<std::uint64_t, Error> data_file_size(const std::string& directory, std::uint64_t wanted);

// Writes `size` bytes that do not compress, and waits until the disk has them.
Result<void, Error> make_data_file(const std::string& path, std::uint64_t size);

// Writes back and then drops the whole machine's page cache. errors: EPERM, EACCES not root.
Result<void, Error> drop_page_cache(const std::string& lower_directory);

}  // namespace sluice::bench
