// SPDX-License-Identifier: MIT
// The data cells: the same lower file read and written through every target. One file for all, so
// that all have the same blocks on the disk and the same pages in the lower cache.
#include <fcntl.h>
#include <fmt/format.h>

#include <vector>

#include "sluice/bench/fio.h"
#include "sluice/bench/interleave.h"
#include "sluice/bench/session.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

Result<void> read_through(const std::string& path) {
  Fd file = TRY(own(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  std::vector<char> room(1u << 20);
  for (;;) {
    ssize_t got = TRY(
        checked(retry_interrupted([&] { return ::read(file.get(), room.data(), room.size()); })));
    if (got == 0) return {};
  }
}

// Writes back what is dirty and, when asked, lets the pages of the file go.
enum class Pages { keep, drop };
Result<void> calm(const std::string& path, Pages pages) {
  Fd file = TRY(own(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  TRY(checked(::fdatasync(file.get())));
  if (pages == Pages::drop) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

// Brings the caches into the state that the cell's name says, and the disk to rest.
Result<void, Error> settle(const Session& session, const DataCell& cell, const Target& target) {
  if (cell.cache == Cache::cold) {
    auto dropped = drop_page_cache(session.source);
    if (dropped || StopSignals::received() != 0) return dropped;
    return fail(skip(dropped.error().line()));
  }
  std::string lower = data_file_in(session.source);
  std::string seen = data_file_in(target.directory());
  Work work;
  work.timeout = 60s;
  work.body = [&](const Steps&) -> Result<Numbers, Error> {
    // A direct transfer has to throw out the pages that it meets, and would pay for them.
    Pages pages = cell.transfer == Transfer::direct ? Pages::drop : Pages::keep;
    auto settled = calm(lower, pages);
    if (settled && pages == Pages::drop) settled = calm(seen, pages);
    if (settled && pages == Pages::keep) settled = read_through(seen);
    if (!settled) return fail(Error::of(fmt::format("cannot prepare `{}`", seen), settled.error()));
    return Numbers{};
  };
  TRY(run_apart(work));
  return {};
}

}  // namespace

Result<void, Error> need_data_file(Session& session) {
  if (session.data_file_made) return {};
  std::string path = data_file_in(session.source);
  TRY(make_data_file(path, session.settings.data_file_bytes));
  session.data_file_made = true;
  return {};
}

Result<void, Error> measure_data(Session& session, const DataCell& data) {
  TRY(need_data_file(session));
  Cell cell{.group = data.title.empty() ? Group::data : Group::workloads,
            .name = data.name(),
            .unit = data.unit(),
            .cause = data.cause()};
  TRY(interleave({&cell, 1}, {.targets = session.targets, .rounds = session.settings.rounds},
                 [&](Target& target, std::size_t) -> Result<Numbers, Error> {
                   if (const auto why = target.why_read_only(); !data.reads() && !why.empty()) {
                     return fail(skip(why));
                   }
                   TRY(settle(session, data, target));
                   FioRun run{.cell = data,
                              .file = data_file_in(target.directory()),
                              .file_bytes = session.settings.data_file_bytes,
                              .runtime = session.settings.runtime,
                              .directory = session.scratch.path()};
                   return Numbers{TRY(run_fio(run))};
                 }));
  session.report.cells.push_back(std::move(cell));
  return {};
}

}  // namespace sluice::bench
