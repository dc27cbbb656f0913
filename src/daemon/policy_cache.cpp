// SPDX-License-Identifier: MIT
#include "policy_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "sluice/daemon/version.h"
#include "sluice/policy/presets.h"
#include "sluice/policy/save.h"

namespace sluice::daemon {
namespace {

constexpr std::string_view kUnfinished = ".new-";
constexpr std::time_t kAbandoned = 3600;  // seconds after which nobody is writing a file any more

std::string with_name(std::string_view name, std::string_view text) {
  return fmt::format("{}:{}\n{}:{}\n", name.size(), name, text.size(), text);
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? value : "";
}

// Ours, and nobody else may write it or, for a folder, look into it.
bool is_private(const struct stat& stat) {
  return stat.st_uid == ::geteuid() && (stat.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

struct Kept {
  std::string name;
  timespec when{};
};

bool is_newer(const Kept& a, const Kept& b) {
  if (a.when.tv_sec != b.when.tv_sec) return a.when.tv_sec > b.when.tv_sec;
  return a.when.tv_nsec > b.when.tv_nsec;
}

}  // namespace

Result<std::string, Error> PolicyCache::usual_folder() {
  if (::geteuid() == 0) return "/var/cache/sluice";
  if (const auto cache = from_environment("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/sluice";
  }
  if (const auto home = from_environment("HOME"); !home.empty()) return home + "/.cache/sluice";
  return fail(Error{"neither XDG_CACHE_HOME nor HOME is set", ENOENT});
}

Result<PolicyCache, Error> PolicyCache::open(const std::string& folder) {
  const std::filesystem::path above = std::filesystem::path{folder}.parent_path();
  ::mkdir(above.c_str(), 0700);
  ::mkdir(folder.c_str(), 0700);
  Fd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail(Error::of(fmt::format("cannot use the cache `{}`", folder), Errno::last()));
  struct stat stat {};
  if (::fstat(fd.get(), &stat) != 0) {
    return fail(Error::of(fmt::format("cannot use the cache `{}`", folder), Errno::last()));
  }
  if (!is_private(stat)) {
    return fail(Error{fmt::format("the cache `{}` is not used: it is another user's, or open to"
                                  " others; `chmod 700` it, or remove it",
                                  folder),
                      EPERM});
  }
  return PolicyCache{std::move(fd), folder};
}

std::string PolicyCache::key_of(const policy::Source& source) {
  std::string all = with_name("version", version());
  for (const policy::Preset& preset : policy::presets()) all += with_name(preset.name, preset.text);
  // Of a file the folder counts as well: what it includes is looked for beside it.
  std::error_code error;
  all += with_name("folder", std::filesystem::current_path(error).string());
  all += with_name(source.name, source.text);
  return policy::hex(policy::digest_of(bytes_of(std::string_view{all})));
}

Result<std::vector<std::byte>> PolicyCache::read(const std::string& name) const {
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const Fd file = TRY(own(::openat(folder_.get(), name.c_str(), flags)));
  struct stat stat {};
  TRY(checked(::fstat(file.get(), &stat)));
  if (!S_ISREG(stat.st_mode) || !is_private(stat) || stat.st_nlink != 1) return fail(EPERM);
  if (stat.st_size < 0 || static_cast<std::size_t>(stat.st_size) > kMaxFileBytes) {
    return fail(EFBIG);
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(stat.st_size));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = retry_interrupted(
        [&] { return ::read(file.get(), bytes.data() + filled, bytes.size() - filled); });
    if (got < 0) return fail_last();
    if (got == 0) return fail(EINVAL);  // cut short just now
    filled += static_cast<std::size_t>(got);
  }
  // It is in use: the newest are kept. That it cannot be noted is no harm.
  static_cast<void>(::futimens(file.get(), nullptr));
  return bytes;
}

std::optional<policy::Program> PolicyCache::find(const std::string& key,
                                                 const policy::Resolver& resolver) const {
  const auto bytes = read(key);
  if (!bytes) return std::nullopt;
  const auto file = read_cache_file(*bytes);
  if (!file || file->key != key) return std::nullopt;
  for (const Included& each : file->included) {
    const auto answer = resolver(each.includer, each.file);
    if (!answer || Inclusions::digest_of(*answer) != each.answer) return std::nullopt;
  }
  auto program = policy::restore(file->program);
  if (!program) return std::nullopt;
  return std::move(*program);
}

Result<void> PolicyCache::write(const std::string& name, Bytes bytes) const {
  const std::string unfinished =
      fmt::format("{}{}-{}", kUnfinished, ::getpid(), name.substr(0, 16));
  ::unlinkat(folder_.get(), unfinished.c_str(), 0);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const Fd file = TRY(own(::openat(folder_.get(), unfinished.c_str(), flags, 0600)));
  const auto done = [&]() -> Result<void> {
    while (!bytes.empty()) {
      const ssize_t wrote =
          retry_interrupted([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
      if (wrote <= 0) return wrote < 0 ? fail_last() : fail(EIO);
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    // Not synced: what a crash leaves of it is told by its digest.
    TRY(checked(::renameat(folder_.get(), unfinished.c_str(), folder_.get(), name.c_str())));
    return {};
  }();
  if (!done) ::unlinkat(folder_.get(), unfinished.c_str(), 0);
  return done;
}

Result<void, Error> PolicyCache::keep(const std::string& key, const std::vector<Included>& included,
                                      const policy::Program& program) const {
  const std::vector<std::byte> saved = policy::save(program);
  const std::vector<std::byte> bytes = write_cache_file({key, included, saved});
  if (bytes.size() > kMaxFileBytes) {
    return fail(Error{fmt::format("too long for the cache `{}`", path_), EFBIG});
  }
  if (const auto written = write(key, bytes); !written) {
    return fail(Error::of(fmt::format("cannot write to the cache `{}`", path_), written.error()));
  }
  prune();
  return {};
}

std::vector<std::byte> PolicyCache::find_detectors(const policy::Digest& policy) const {
  auto bytes = read("detectors-" + policy::hex(policy));
  return bytes ? std::move(*bytes) : std::vector<std::byte>{};
}

void PolicyCache::keep_detectors(const policy::Digest& policy, Bytes saved) const {
  if (saved.size() > kMaxFileBytes || saved.empty()) return;
  static_cast<void>(write("detectors-" + policy::hex(policy), saved));
  prune();
}

void PolicyCache::prune() const {
  const Fd again{::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!again) return;
  const int listed = ::dup(again.get());
  const std::unique_ptr<DIR, int (*)(DIR*)> listing{::fdopendir(listed), ::closedir};
  if (!listing) {
    ::close(listed);
    return;
  }
  std::vector<Kept> kept;
  const std::time_t now = ::time(nullptr);
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    struct stat stat {};
    if (::fstatat(folder_.get(), name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(stat.st_mode)) continue;
    if (!name.starts_with(kUnfinished)) {
      kept.push_back({name, stat.st_mtim});
    } else if (now - stat.st_mtim.tv_sec > kAbandoned) {
      ::unlinkat(folder_.get(), name.c_str(), 0);
    }
  }
  std::ranges::sort(kept, is_newer);
  for (std::size_t i = kKept; i < kept.size(); ++i) {
    ::unlinkat(folder_.get(), kept[i].name.c_str(), 0);
  }
}

policy::Digest Inclusions::digest_of(const policy::Source& source) {
  return policy::digest_of(bytes_of(std::string_view{with_name(source.name, source.text)}));
}

policy::Resolver Inclusions::noting(policy::Resolver resolver) {
  return [this, resolver = std::move(resolver)](
             std::string_view includer, std::string_view file) -> Result<policy::Source, Error> {
    policy::Source source = TRY(resolver(includer, file));
    all_.push_back({std::string{includer}, std::string{file}, digest_of(source)});
    return source;
  };
}

}  // namespace sluice::daemon
