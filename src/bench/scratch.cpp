// SPDX-License-Identifier: MIT
#include "sluice/bench/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <random>

#include "sluice/bench/mounts.h"
#include "sluice/bench/worker.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSmallestFile = 64u << 20;
// What the trees and a build need beside the data file, and a margin.
constexpr std::uint64_t kRest = 400u << 20;

int remove_one(const char* path, const struct stat*, int, struct FTW*) {
  ::remove(path);
  return 0;
}

// Gives the bytes of memory that are free or can be freed, the maximum where that is unknown.
std::uint64_t available_memory() {
  std::ifstream file{"/proc/meminfo"};
  std::string word;
  std::uint64_t kibibytes = 0;
  while (file >> word) {
    if (word == "MemAvailable:" && file >> kibibytes) return kibibytes << 10;
  }
  return std::numeric_limits<std::uint64_t>::max();
}

Result<void> write_random(const std::string& path, std::uint64_t size) {
  Fd file = TRY(own(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)));
  constexpr std::size_t kBlock = 1u << 20;
  std::vector<std::uint64_t> block(kBlock / sizeof(std::uint64_t));
  std::mt19937_64 random{1};
  std::ranges::generate(block, random);
  for (std::uint64_t written = 0; written < size;) {
    // Blocks that differ, so that a lower file system that shares equal ones cannot.
    block[0] = written;
    std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, size - written));
    ssize_t got =
        TRY(checked(retry_interrupted([&] { return ::write(file.get(), block.data(), wanted); })));
    written += static_cast<std::uint64_t>(got);
  }
  TRY(checked(::fsync(file.get())));
  return {};
}

}  // namespace

Result<Scratch, Error> Scratch::make(const std::string& parent) {
  std::string where = parent.empty() ? "/var/tmp" : parent;
  std::unique_ptr<char, decltype(&std::free)> real{::realpath(where.c_str(), nullptr), &std::free};
  if (!real) return fail(Error::of(fmt::format("cannot use `{}`", where), Errno::last()));
  std::string path = fmt::format("{}/sluice-bench-XXXXXX", real.get());
  if (::mkdtemp(path.data()) == nullptr) {
    return fail(Error::of(fmt::format("cannot make a directory in `{}`", where), Errno::last()));
  }
  return Scratch{std::move(path)};
}

Scratch::~Scratch() {
  if (path_.empty()) return;
  if (auto mount = mount_below(path_)) {
    fmt::print(stderr, "sluice bench: `{}` is still mounted, so `{}` is kept\n", *mount, path_);
    return;
  }
  Work work;
  work.timeout = 180s;
  work.heed = Heed::nothing;
  work.body = [this](const Steps&) -> Result<Numbers, Error> {
    ::nftw(path_.c_str(), remove_one, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return Numbers{};
  };
  if (auto removed = run_apart(work); !removed) {
    fmt::print(stderr, "sluice bench: cannot remove `{}`: {}\n", path_, removed.error().line());
  }
}

Result<std::string, Error> Scratch::subdirectory(const std::string& name) const {
  std::string path = path_ + "/" + name;
  if (::mkdir(path.c_str(), 0755) == 0) return path;
  return fail(Error::of(fmt::format("cannot make `{}`", path), Errno::last()));
}

Result<std::uint64_t, Error> data_file_size(const std::string& directory, std::uint64_t wanted) {
  struct statvfs room {};
  if (::statvfs(directory.c_str(), &room) != 0) {
    return fail(Error::of(fmt::format("cannot look at `{}`", directory), Errno::last()));
  }
  std::uint64_t free_bytes = std::uint64_t{room.f_bavail} * room.f_frsize;
  std::uint64_t memory = available_memory() / 3;
  std::uint64_t size = wanted;
  while (size > kSmallestFile && (size > memory || size + kRest > free_bytes)) size /= 2;
  if (size + kRest <= free_bytes) return size;
  return fail(Error{fmt::format("`{}` has {} MiB free, and {} MiB are needed; choose another with "
                                "--dir",
                                directory, free_bytes >> 20, (size + kRest) >> 20),
                    ENOSPC});
}

Result<void, Error> make_data_file(const std::string& path, std::uint64_t size) {
  Work work;
  work.timeout = 300s;
  work.body = [&](const Steps&) -> Result<Numbers, Error> {
    auto written = write_random(path, size);
    if (!written) return fail(Error::of(fmt::format("cannot write `{}`", path), written.error()));
    return Numbers{};
  };
  TRY(run_apart(work));
  return {};
}

Result<void, Error> drop_page_cache(const std::string& lower_directory) {
  Work work;
  work.timeout = 120s;
  work.body = [&](const Steps&) -> Result<Numbers, Error> {
    Fd lower{::open(lower_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (lower) ::syncfs(lower.get());
    Fd file{::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC)};
    // 1: pages only; names and attributes stay, so that what is compared is data.
    if (file && ::write(file.get(), "1", 1) == 1) return Numbers{};
    return fail(Error::of("the page cache cannot be dropped", Errno::last()));
  };
  TRY(run_apart(work));
  return {};
}

}  // namespace sluice::bench
