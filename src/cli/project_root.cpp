// SPDX-License-Identifier: MIT
#include "project_root.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array kMarks{".git",           ".hg",          ".jj",       ".svn",
                            "package.json",   "Cargo.toml",   "go.mod",    "pom.xml",
                            "pyproject.toml", "build.gradle", "WORKSPACE", "MODULE.bazel"};

bool looks_like_a_root(const fs::path& directory) {
  return std::ranges::any_of(kMarks, [&](const char* mark) {
    std::error_code error;
    return fs::exists(fs::symlink_status(directory / mark, error));
  });
}

// Whether `path` is `outer` or below it.
bool is_at_or_below(const fs::path& path, const fs::path& outer) {
  const auto [end, rest] = std::ranges::mismatch(outer, path);
  return end == outer.end();
}

Result<std::string, Error> resolve(const std::string& directory) {
  std::error_code error;
  const fs::path path = fs::canonical(directory, error);
  if (error) {
    return fail(Error::of(fmt::format("cannot show `{}`", directory), Errno::from(error.value())));
  }
  if (!fs::is_directory(path, error)) {
    return fail(Error::of(fmt::format("cannot show `{}`", directory), Errno{ENOTDIR}));
  }
  if (path == path.root_path()) {
    return fail(
        Error{"cannot show `/` through a policy: nothing could be mounted over it; name the"
              " directories that matter by --over",
              EINVAL});
  }
  return path.string();
}

}  // namespace

std::string project_root(const std::string& directory, const std::string& home) {
  const fs::path start{directory};
  for (fs::path at = start; at.has_relative_path(); at = at.parent_path()) {
    if (!home.empty() && is_at_or_below(home, at)) break;
    if (looks_like_a_root(at)) return at.string();
  }
  return directory;
}

Result<std::vector<std::string>, Error> views_of(const std::vector<std::string>& asked,
                                                 const std::string& directory,
                                                 const std::string& home) {
  std::vector<std::string> wanted = asked;
  if (wanted.empty()) {
    const std::string real_home = home.empty() ? home : resolve(home).value_or("");
    const std::string real_directory = TRY(resolve(directory));
    wanted.push_back(project_root(real_directory, real_home));
    if (!real_home.empty()) wanted.push_back(real_home);
  }
  std::vector<std::string> views;
  for (const std::string& one : wanted) views.push_back(TRY(resolve(one)));
  std::ranges::sort(views);  // a path comes before those below it
  views.erase(std::ranges::unique(views).begin(), views.end());
  return views;
}

}  // namespace sluice::cli
