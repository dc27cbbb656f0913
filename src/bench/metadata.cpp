// SPDX-License-Identifier: MIT
// Files are taken in turn and seen once before the clock starts, so that what is timed is the
// operation and not the first look-up.
#include "sluice/bench/metadata.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <memory>

#include "sluice/bench/interleave.h"
#include "sluice/bench/process.h"
#include "sluice/bench/session.h"
#include "sluice/bench/tree.h"

namespace sluice::bench {
namespace {

using std::chrono::nanoseconds;

constexpr unsigned kFiles = 64;
constexpr std::size_t kFileBytes = 4096;
constexpr std::array<char, kFileBytes> kContent{};

struct Paths {
  std::vector<std::string> files = {};
  std::string list = {};
  std::string fresh = {};  // names that do not exist between operations
  std::string renamed = {};
};

Paths paths_in(const std::string& directory) {
  Paths paths{.list = directory + "/list",
              .fresh = directory + "/files/fresh",
              .renamed = directory + "/files/renamed"};
  for (unsigned i = 0; i < kFiles; ++i) {
    paths.files.push_back(fmt::format("{}/files/{}", directory, tree_file_name(i)));
  }
  return paths;
}

Result<void> open_read_close(const char* path, std::size_t bytes) {
  Fd file = TRY(own(::open(path, O_RDONLY | O_CLOEXEC)));
  if (bytes == 0) return {};
  std::array<char, kFileBytes> room;
  TRY(checked(::read(file.get(), room.data(), bytes)));
  return {};
}

Result<void> create_write_unlink(const char* path) {
  {
    Fd file = TRY(own(::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)));
    TRY(checked(::write(file.get(), kContent.data(), kContent.size())));
  }
  TRY(checked(::unlink(path)));
  return {};
}

Result<void> list_with_stat(const char* path) {
  Listing directory{::opendir(path)};
  if (!directory) return fail_last();
  unsigned seen = 0;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    struct stat attributes {};
    TRY(checked(
        ::fstatat(::dirfd(directory.get()), entry->d_name, &attributes, AT_SYMLINK_NOFOLLOW)));
    ++seen;
    errno = 0;
  }
  if (errno != 0) return fail_last();
  // With "." and "..". A listing that is short would make a fast time of a fault.
  if (seen < kListedFiles) return fail(EIO);
  return {};
}

Result<void> ask_for_absent_xattr(const char* path) {
  if (::getxattr(path, "user.sluice.absent", nullptr, 0) >= 0) return fail(EEXIST);
  if (errno == ENODATA || errno == EOPNOTSUPP) return {};
  return fail_last();
}

Result<void> do_once(MetadataOp op, const Paths& paths, std::size_t turn) {
  const char* file = paths.files[turn % paths.files.size()].c_str();
  struct stat attributes {};
  switch (op) {
    case MetadataOp::stat: TRY(checked(::stat(file, &attributes))); return {};
    case MetadataOp::open_close: return open_read_close(file, 0);
    case MetadataOp::open_read_close: return open_read_close(file, kFileBytes);
    case MetadataOp::create_write_unlink: return create_write_unlink(paths.fresh.c_str());
    case MetadataOp::rename:
      // There and back, so that an even number of turns leaves everything as it was.
      if (turn % 2 == 0) {
        TRY(checked(::rename(paths.files[0].c_str(), paths.renamed.c_str())));
      } else {
        TRY(checked(::rename(paths.renamed.c_str(), paths.files[0].c_str())));
      }
      return {};
    case MetadataOp::mkdir_rmdir:
      TRY(checked(::mkdir(paths.fresh.c_str(), 0755)));
      TRY(checked(::rmdir(paths.fresh.c_str())));
      return {};
    case MetadataOp::list_with_stat: return list_with_stat(paths.list.c_str());
    case MetadataOp::getxattr: return ask_for_absent_xattr(file);
  }
  return fail(EINVAL);
}

Result<double> time_turns(MetadataOp op, const Paths& paths, nanoseconds budget) {
  // The clock itself costs a few percent of a stat, so it is looked at once in a while.
  std::size_t batch = op == MetadataOp::list_with_stat ? 1 : 16;
  std::size_t before = op == MetadataOp::list_with_stat ? 1 : kFiles;
  for (std::size_t turn = 0; turn < before; ++turn) TRY(do_once(op, paths, turn));
  auto begin = Clock::now();
  auto passed = nanoseconds{};
  std::size_t turns = 0;
  while (passed < budget) {
    for (std::size_t i = 0; i < batch; ++i) TRY(do_once(op, paths, turns++));
    passed = Clock::now() - begin;
  }
  return std::chrono::duration<double, std::nano>(passed).count() / static_cast<double>(turns);
}

std::string tree_of(const std::string& directory, std::size_t index) {
  return fmt::format("{}/metadata-{}", directory, index);
}

// Each target has a tree of its own, made through itself: no cache of one knows another's names.
Result<void, Error> need_trees(Session& session) {
  if (session.metadata_trees_made) return {};
  for (std::size_t i = 0; i < session.targets.size(); ++i) {
    std::string directory = tree_of(session.targets[i]->directory(), i);
    Work work;
    work.timeout = std::chrono::seconds{60};
    work.body = [&](const Steps&) -> Result<Numbers, Error> {
      TRY(make_metadata_tree(directory));
      return Numbers{};
    };
    auto made = run_apart(work);
    // A target that cannot make its files then fails in its cells, with the reason.
    if (!made && StopSignals::received() != 0) return fail(made.error());
  }
  session.metadata_trees_made = true;
  return {};
}

}  // namespace

std::string_view name(MetadataOp op) noexcept {
  constexpr std::array<std::string_view, kMetadataOps.size()> kNames{
      "stat",   "open + close",  "open + read 4 KiB + close", "create + write 4 KiB + unlink",
      "rename", "mkdir + rmdir", "list 1000 files with stat", "getxattr of an absent one"};
  return kNames[static_cast<std::size_t>(op)];
}

Cause cause(MetadataOp op) noexcept {
  switch (op) {
    case MetadataOp::stat: return Cause::none;
    case MetadataOp::open_close:
    case MetadataOp::open_read_close:
    case MetadataOp::rename: return Cause::round_trip;
    case MetadataOp::create_write_unlink:
    case MetadataOp::mkdir_rmdir: return Cause::round_trips;
    case MetadataOp::list_with_stat: return Cause::readdir_trips;
    case MetadataOp::getxattr: return Cause::uncached_xattr;
  }
  return Cause::none;
}

Result<void, Error> make_metadata_tree(const std::string& directory) {
  TRY(make_directory(directory));
  TRY(make_directory(directory + "/files"));
  TRY(make_directory(directory + "/list"));
  std::string_view content{kContent.data(), kContent.size()};
  for (unsigned i = 0; i < kFiles; ++i) {
    TRY(make_file(fmt::format("{}/files/{}", directory, tree_file_name(i)), content));
  }
  for (unsigned i = 0; i < kListedFiles; ++i) {
    TRY(make_file(fmt::format("{}/list/{}", directory, tree_file_name(i)), "x"));
  }
  return {};
}

Result<double, Error> time_metadata(MetadataOp op, const std::string& directory,
                                    nanoseconds budget) {
  auto time = time_turns(op, paths_in(directory), budget);
  if (time) return *time;
  return fail(Error::of(fmt::format("`{}` in `{}`", name(op), directory), time.error()));
}

Result<void, Error> measure_metadata(Session& session, MetadataOp op) {
  TRY(need_trees(session));
  Cell cell{.group = Group::metadata,
            .name = std::string{name(op)},
            .unit = Unit::nanoseconds,
            .cause = cause(op)};
  auto budget = std::max(session.settings.runtime / 5, std::chrono::milliseconds{10});
  TRY(interleave({&cell, 1}, {.targets = session.targets, .rounds = session.settings.rounds},
                 [&](Target& target, std::size_t index) -> Result<Numbers, Error> {
                   Work work;
                   work.timeout = budget + std::chrono::seconds{30};
                   work.body = [&](const Steps&) -> Result<Numbers, Error> {
                     return Numbers{
                         TRY(time_metadata(op, tree_of(target.directory(), index), budget))};
                   };
                   return run_apart(work);
                 }));
  session.report.cells.push_back(std::move(cell));
  return {};
}

}  // namespace sluice::bench
