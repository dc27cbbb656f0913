// SPDX-License-Identifier: MIT
#include "log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

Result<Fd, Error> open_log(const std::string& path, const OutsideMount& files) {
  const auto no_file = [&] {
    return fail(Error{fmt::format("cannot log to `{}`: it is not a regular file", path), EINVAL});
  };
  auto file = files.open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (!file && file.error() == Errno{ENXIO}) return no_file();  // a FIFO that nobody reads
  if (!file) return fail(Error::of(fmt::format("cannot log to `{}`", path), file.error()));
  struct stat stat {};
  if (::fstat(file->get(), &stat) != 0 || !S_ISREG(stat.st_mode)) return no_file();
  return std::move(*file);
}

}  // namespace

LogFile::LogFile(LogFile&& other) noexcept
    : file_{std::move(other.file_)}, path_{std::move(other.path_)}, torn_{other.torn_} {}

Result<LogFile, Error> LogFile::open(const std::string& path) {
  LogFile log;
  const auto later = path_for_later(path);
  if (!later) return fail(Error::of(fmt::format("cannot log to `{}`", path), later.error()));
  log.path_ = *later;
  log.file_ = TRY(open_log(log.path_, {}));
  return log;
}

Result<void, Error> LogFile::reopen(const OutsideMount& files) {
  if (path_.empty()) return {};
  Fd file = TRY(open_log(path_, files));
  const std::lock_guard lock{mutex_};
  next_ = std::move(file);
  return {};
}

std::uint64_t LogFile::append(std::string_view lines) {
  {
    const std::lock_guard lock{mutex_};
    if (next_) {
      file_ = std::move(*next_);
      next_.reset();
      torn_ = false;
    }
  }
  const auto write_all = [&](std::string_view& left) {
    while (!left.empty()) {
      const ssize_t wrote =
          retry_interrupted([&] { return ::write(file_.get(), left.data(), left.size()); });
      if (wrote <= 0) return false;
      torn_ = left[static_cast<std::size_t>(wrote) - 1] != '\n';
      left.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
  };
  // What was cut short becomes a line of its own, which is none of JSON; all others stay.
  std::string_view end = "\n";
  if (!torn_ || write_all(end)) write_all(lines);
  return static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
}

}  // namespace sluice::daemon
