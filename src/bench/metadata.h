// SPDX-License-Identifier: MIT
// Operations on names, timed by our own loop: programs that do them also do other things.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/bench/causes.h"
#include "sluice/bench/worker.h"

namespace sluice::bench {

enum class MetadataOp : std::uint8_t {
  stat,
  open_close,
  open_read_close,
  create_write_unlink,
  rename,
  mkdir_rmdir,
  list_with_stat,
  getxattr,
};

inline constexpr std::array kMetadataOps{MetadataOp::stat,
                                         MetadataOp::open_close,
                                         MetadataOp::open_read_close,
                                         MetadataOp::create_write_unlink,
                                         MetadataOp::rename,
                                         MetadataOp::mkdir_rmdir,
                                         MetadataOp::list_with_stat,
                                         MetadataOp::getxattr};

// How many files the listed directory has.
inline constexpr unsigned kListedFiles = 1000;

std::string_view name(MetadataOp op) noexcept;
Cause cause(MetadataOp op) noexcept;

// Makes the files that the operations need in the new directory `directory`. In this process.
Result<void, Error> make_metadata_tree(const std::string& directory);

// Does `op` below `directory` for `budget` and gives nanoseconds per operation. In this process: to
// be called in a worker. errors: what the operation says, with its path.
Result<double, Error> time_metadata(MetadataOp op, const std::string& directory,
                                    std::chrono::nanoseconds budget);

}  // namespace sluice::bench
