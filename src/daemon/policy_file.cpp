// SPDX-License-Identifier: MIT
#include "sluice/daemon/policy_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "sluice/base/fd.h"
#include "sluice/policy/presets.h"

namespace sluice::daemon {
namespace {

std::unexpected<Error> cannot_read(const std::string& path, Errno why) {
  return fail(Error::of(fmt::format("cannot read the policy `{}`", path), why));
}

// A text of which a part is new and a part old, or which ends too early, is nobody's policy.
bool changed_since(const Fd& file, const struct stat& before) {
  struct stat now {};
  if (::fstat(file.get(), &now) != 0) return true;
  const auto same = [](const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
  };
  return now.st_size != before.st_size || !same(now.st_mtim, before.st_mtim) ||
         !same(now.st_ctim, before.st_ctim);
}

// Reads a regular file; a FIFO or a device, which could hold us up for ever, is none.
Result<std::string, Error> read_text(const std::string& path, std::size_t most,
                                     const OutsideMount& files) {
  const auto opened = files.open(path, O_RDONLY);
  if (!opened) return cannot_read(path, opened.error());
  const Fd& file = *opened;
  struct stat stat {};
  if (::fstat(file.get(), &stat) != 0) return cannot_read(path, Errno::last());
  if (S_ISDIR(stat.st_mode)) return cannot_read(path, Errno{EISDIR});
  if (!S_ISREG(stat.st_mode)) {
    return fail(Error{fmt::format("cannot read the policy `{}`: it is not a file", path), EINVAL});
  }
  // One byte more than may be, so that a file that is too long is told from one that fits.
  const auto size = static_cast<std::size_t>(std::max<off_t>(stat.st_size, 0));
  std::string text(std::min(size, most) + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = retry_interrupted(
        [&] { return ::read(file.get(), text.data() + filled, text.size() - filled); });
    if (got < 0) return cannot_read(path, Errno::last());
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > most) {
    return fail(Error{
        fmt::format("cannot read the policy `{}`: it is longer than {} MiB", path, most >> 20),
        EFBIG});
  }
  text.resize(filled);
  if (changed_since(file, stat) || filled != static_cast<std::size_t>(stat.st_size)) {
    return fail(Error{
        fmt::format("cannot read the policy `{}`: it is being written; try again", path), EAGAIN});
  }
  return text;
}

}  // namespace

Result<policy::Source, Error> read_policy(const std::string& name, const OutsideMount& files) {
  if (const auto preset = policy::preset(name)) {
    return policy::Source{std::string{preset->name}, std::string{preset->text}};
  }
  auto text = read_text(name, policy::kMaxTextBytes, files);
  if (text) return policy::Source{name, std::move(*text)};
  if (text.error().cause() == Errno{ENOENT} && name.find('/') == std::string::npos) {
    std::string known;
    for (const policy::Preset& preset : policy::presets()) {
      known += fmt::format("{}`{}`", known.empty() ? "" : ", ", preset.name);
    }
    return fail(Error{fmt::format("there is no policy `{}`: no file of that name is here, and the"
                                  " presets are {}",
                                  name, known),
                      ENOENT});
  }
  return fail(std::move(text).error());
}

Result<std::string, Error> policy_for_later(const std::string& name) {
  if (policy::preset(name)) return name;
  auto path = path_for_later(name);
  if (!path) return cannot_read(name, path.error());
  return std::move(*path);
}

policy::Resolver files_beside(OutsideMount files) {
  return [files = std::move(files)](std::string_view includer,
                                    std::string_view file) -> Result<policy::Source, Error> {
    // Lexically: that one file has one name is for loops to be seen, and a link is another file.
    const std::filesystem::path path =
        (std::filesystem::path{includer}.parent_path() / file).lexically_normal();
    return policy::Source{path.string(),
                          TRY(read_text(path.string(), policy::kMaxImportBytes, files))};
  };
}

policy::Diagnostics diagnostics_of(const Error& error) {
  policy::Diagnostic wrong;
  wrong.text = error.line();
  return {wrong};
}

std::expected<policy::Program, policy::Diagnostics> open_policy(
    const std::string& name, const policy::CompileOptions& options) {
  auto source = read_policy(name);
  if (!source) return std::unexpected{diagnostics_of(source.error())};
  auto document = policy::load(std::move(*source), files_beside());
  if (!document) return std::unexpected{std::move(document).error()};
  return policy::compile(std::move(*document), options);
}

}  // namespace sluice::daemon
