// SPDX-License-Identifier: MIT
// The walk: find(1) over a tree of very many files, right after mounting and once more at once. The
// size is printed so that find must look at every file and not only at the names.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sluice/bench/interleave.h"
#include "sluice/bench/process.h"
#include "sluice/bench/session.h"
#include "sluice/bench/tree.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

// The walk of a slow target takes long, and one round tells it as well as three.
constexpr auto kEnough = 30s;

Result<unsigned, Error> lines_in(const std::string& path) {
  Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return fail(Error::of(fmt::format("cannot read `{}`", path), Errno::last()));
  unsigned lines = 0;
  std::array<char, 65536> room;
  for (;;) {
    ssize_t got = retry_interrupted([&] { return ::read(file.get(), room.data(), room.size()); });
    if (got <= 0) return lines;
    lines += static_cast<unsigned>(std::count(room.begin(), room.begin() + got, '\n'));
  }
}

Result<double, Error> walk_once(const Session& session, const std::string& directory) {
  std::string output = session.scratch.path() + "/walk.out";
  Finished finished =
      TRY(run_well(Command{.arguments = {"find", directory + "/tree", "-printf", "%s\\n"},
                           .output_file = output,
                           .timeout = 300s}));
  unsigned seen = TRY(lines_in(output));
  unsigned expected = names_in_wide_tree(session.settings.walk_files);
  if (seen != expected) {
    return fail(Error{fmt::format("find saw {} of {} files", seen, expected)});
  }
  return std::chrono::duration<double>(finished.wall).count();
}

// Mounted afresh, so that nothing of the tree is known to the kernel or the daemon.
Result<Numbers, Error> walk_twice(const Session& session, Target& target) {
  TRY(target.teardown());
  TRY(target.setup());
  double first = TRY(walk_once(session, target.directory()));
  double again = TRY(walk_once(session, target.directory()));
  return Numbers{first, again};
}

Result<void, Error> make_tree(const Session& session) {
  Work work;
  work.timeout = 300s;
  work.body = [&](const Steps&) -> Result<Numbers, Error> {
    TRY(make_wide_tree(session.source + "/tree", session.settings.walk_files));
    return Numbers{};
  };
  TRY(run_apart(work));
  return {};
}

}  // namespace

Result<void, Error> measure_walk(Session& session) {
  unsigned files = session.settings.walk_files;
  std::array cells{Cell{.group = Group::walk,
                        .name = fmt::format("find -printf %s, {} files, first", files),
                        .unit = Unit::seconds,
                        .cause = Cause::first_sight},
                   Cell{.group = Group::walk,
                        .name = fmt::format("find -printf %s, {} files, again", files),
                        .unit = Unit::seconds,
                        .cause = Cause::readdir_trips}};
  auto found = run_process(Command{.arguments = {"find", "--version"}, .timeout = 10s});
  bool usable = found && found->exit_code == 0;
  if (usable) TRY(make_tree(session));
  TRY(interleave(cells,
                 {.targets = session.targets, .rounds = session.settings.rounds, .enough = kEnough},
                 [&](Target& target, std::size_t) -> Result<Numbers, Error> {
                   if (!usable) return fail(skip("`find` is missing: apt-get install findutils"));
                   return walk_twice(session, target);
                 }));
  for (Cell& cell : cells) session.report.cells.push_back(std::move(cell));
  if (!usable) return {};
  for (const auto& target : session.targets) {
    auto status = target->status();
    if (!status) continue;
    session.report.footprints.push_back({.target = target->name(),
                                         .files = files,
                                         .descriptors = status->open_descriptors,
                                         .nodes = status->nodes,
                                         .node_bytes = status->node_bytes});
  }
  return {};
}

}  // namespace sluice::bench
