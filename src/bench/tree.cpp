// SPDX-License-Identifier: MIT
#include "sluice/bench/tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "sluice/base/fd.h"

namespace sluice::bench {
namespace {

std::unexpected<Error> cannot_make(const std::string& path) {
  Errno cause = Errno::last();
  return fail(Error::of(fmt::format("cannot make `{}`", path), cause));
}

}  // namespace

std::string tree_file_name(unsigned number) { return fmt::format("f{:05}", number); }

Result<void, Error> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return cannot_make(path);
  return {};
}

Result<void, Error> make_file(const std::string& path, std::string_view content) {
  Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  if (!file) return cannot_make(path);
  while (!content.empty()) {
    ssize_t got =
        retry_interrupted([&] { return ::write(file.get(), content.data(), content.size()); });
    if (got < 0) return cannot_make(path);
    content.remove_prefix(static_cast<std::size_t>(got));
  }
  return {};
}

Result<void, Error> make_wide_tree(const std::string& directory, unsigned files) {
  TRY(make_directory(directory));
  std::string inner;
  for (unsigned i = 0; i < files; ++i) {
    if (i % kFilesPerDirectory == 0) {
      inner = fmt::format("{}/d{:05}", directory, i / kFilesPerDirectory);
      TRY(make_directory(inner));
    }
    TRY(make_file(fmt::format("{}/{}", inner, tree_file_name(i % kFilesPerDirectory)), {}));
  }
  return {};
}

}  // namespace sluice::bench
