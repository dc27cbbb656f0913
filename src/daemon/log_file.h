// SPDX-License-Identifier: MIT
// The file to which decisions are appended. A full disk costs lines, which are counted, and joins
// no two of them; a file that was moved away (logrotate) is left for a new one when told to.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/daemon/outside_mount.h"

namespace sluice::daemon {

class LogFile {
 public:
  LogFile() = default;  // nothing is written anywhere
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;

  // Opens it for appending; makes it, closed to others, where it is not there.
  // errors   EINVAL it is no regular file (a FIFO without a reader would hold everything up); those
  //          of open(2).
  static Result<LogFile, Error> open(const std::string& path);

  explicit operator bool() const noexcept { return static_cast<bool>(file_); }

  // Writes whole lines; gives how many could not be. One thread at a time.
  std::uint64_t append(std::string_view lines);

  // Opens the path anew, for append() to go on there; from any thread. The old file stays in use if
  // this fails. Nothing to do where there is no file.
  Result<void, Error> reopen(const OutsideMount& files);

 private:
  Fd file_;
  std::string path_;   // absolute
  bool torn_ = false;  // the last line was cut short
  std::mutex mutex_;   // guards next_
  std::optional<Fd> next_;
};

}  // namespace sluice::daemon
