// SPDX-License-Identifier: MIT
#include "sluice/bench/fio.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sluice/bench/process.h"
#include "sluice/bench/quote.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// Gives the member at a path of keys as a number; nothing where it is absent or no number.
std::optional<double> number_at(const json& object, const char* part, const char* key) {
  auto found = object.find(part);
  if (found == object.end() || !found->is_object()) return std::nullopt;
  auto value = found->find(key);
  if (value == found->end() || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

// fio prints notes before its object; the object begins at a line's begin.
std::string_view object_in(std::string_view output) {
  if (output.starts_with('{')) return output;
  std::size_t begin = output.find("\n{");
  return begin == std::string_view::npos ? std::string_view{} : output.substr(begin + 1);
}

}  // namespace

std::vector<std::string> fio_arguments(const FioRun& run) {
  const DataCell& cell = run.cell;
  std::vector<std::string> arguments{
      "fio",
      "--output-format=json",
      "--eta=never",
      "--name=cell",
      fmt::format("--filename={}", replaced(run.file, ":", "\\:")),
      fmt::format("--size={}", run.file_bytes),
      fmt::format("--rw={}", word(cell.pattern)),
      fmt::format("--bs={}", cell.block_bytes),
      fmt::format("--ioengine={}", word(cell.engine)),
      fmt::format("--iodepth={}", cell.depth),
      fmt::format("--direct={}", cell.transfer == Transfer::direct ? 1 : 0),
      fmt::format("--runtime={}ms", run.runtime.count()),
      "--invalidate=0",
      "--fadvise_hint=0",
      "--fallocate=none",
      "--thread",
      "--gtod_reduce=1",
      "--randrepeat=1",
      "--randseed=7"};
  // A cold file is read once at most: the second time it would be warm.
  if (cell.cache == Cache::warm) {
    arguments.push_back("--time_based");
    arguments.push_back("--norandommap");
  }
  return arguments;
}

Result<double, Error> parse_fio(std::string_view output, const DataCell& cell) {
  json root = json::parse(object_in(output), nullptr, false);
  auto jobs = root.is_object() ? root.find("jobs") : root.end();
  if (!root.is_object() || jobs == root.end() || !jobs->is_array() || jobs->empty() ||
      !jobs->front().is_object()) {
    return fail(Error{"fio printed no result", EPROTO});
  }
  const json& job = jobs->front();
  auto error = job.find("error");
  if (error != job.end() && error->is_number_integer() && error->get<int>() != 0) {
    return fail(Error::of("fio", Errno::from(error->get<int>())));
  }
  const char* side = cell.reads() ? "read" : "write";
  auto rate = number_at(job, side, cell.unit() == Unit::operations ? "iops" : "bw_bytes");
  if (!rate) return fail(Error{"fio's result lacks the rate", EPROTO});
  if (!(*rate > 0)) return fail(Error{"fio moved no data", ENODATA});
  return *rate;
}

Result<double, Error> run_fio(const FioRun& run) {
  Command command{
      .arguments = fio_arguments(run), .directory = run.directory, .timeout = run.runtime + 30s};
  Finished finished = TRY(run_process(command));
  auto rate = parse_fio(finished.out, run.cell);
  if (finished.exit_code == 0 || rate.has_value()) return rate;
  std::string reason = last_line(finished.err);
  if (reason.empty()) return rate;
  return fail(Error{std::move(reason), rate.error().cause()});
}

Result<std::string, Error> fio_version() {
  auto finished = run_process(Command{.arguments = {"fio", "--version"}, .timeout = 10s});
  if (!finished && finished.error().cause() == Errno{ENOENT}) {
    return fail(Error{"`fio` is missing, and it moves the data: apt-get install fio", ENOENT});
  }
  if (!finished) return fail(finished.error());
  return last_line(finished->out);
}

}  // namespace sluice::bench
