// SPDX-License-Identifier: MIT
#include "sluice/bench/sluice_target.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sluice/bench/mounts.h"
#include "sluice/bench/process.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

// The lines of `text`, few and short enough for the foot of a table.
std::vector<std::string> first_lines(std::string_view text) {
  constexpr std::size_t kMaxLines = 12;
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < kMaxLines) {
    std::size_t end = text.find('\n');
    std::string line = last_line(text.substr(0, end));
    if (!line.empty()) lines.push_back(std::move(line));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::optional<std::uint64_t> number_in(const nlohmann::json& object, const char* key) {
  auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

}  // namespace

SluiceTarget::SluiceTarget(std::string name, std::string program, std::string source,
                           std::string mount_point, std::vector<std::string> options,
                           std::string why_read_only)
    : Target{std::move(name), std::move(mount_point)},
      program_{std::move(program)},
      source_{std::move(source)},
      options_{std::move(options)},
      why_read_only_{std::move(why_read_only)} {}

Result<void, Error> SluiceTarget::setup() {
  Command command{.arguments = {program_, "mount", source_, directory()}, .timeout = 20s};
  command.arguments.insert(command.arguments.end(), options_.begin(), options_.end());
  Finished finished = TRY(run_well(command));
  if (notes().empty()) set_notes(first_lines(finished.out + "\n" + finished.err));
  if (!mount_at(directory())) {
    return fail(Error{fmt::format("`{} mount` ended well, but nothing is mounted", program_)});
  }
  return wait_until_it_serves(directory());
}

Result<void, Error> SluiceTarget::teardown() {
  if (!mount_at(directory())) return {};
  Command command{
      .arguments = {program_, "unmount", directory()}, .timeout = 15s, .heed = Heed::nothing};
  auto asked = run_well(command);
  if (!mount_at(directory())) return {};
  auto forced = unmount(directory());
  if (!forced) return forced;
  if (!asked) return fail(asked.error());
  return fail(Error{fmt::format("`{} unmount` ended well, but left the mount", program_)});
}

Result<Status, Error> SluiceTarget::status() {
  Command command{.arguments = {program_, "status", directory(), "--json"}, .timeout = 10s};
  Finished finished = TRY(run_well(command));
  return parse_status(finished.out);
}

Result<Status, Error> parse_status(std::string_view text) {
  auto root = nlohmann::json::parse(text, nullptr, false);
  auto requests = root.is_object() ? root.find("requests") : root.end();
  if (!root.is_object() || requests == root.end() || !requests->is_object()) {
    return fail(Error{"`sluice status --json` printed no object with `requests`", EPROTO});
  }
  Status status;
  for (const auto& [operation, count] : requests->items()) {
    if (!count.is_number_unsigned()) {
      return fail(Error{"`sluice status --json` printed a count that is no number", EPROTO});
    }
    status.requests[operation] = count.get<std::uint64_t>();
  }
  status.open_descriptors = number_in(root, "open_descriptors");
  status.nodes = number_in(root, "nodes");
  status.node_bytes = number_in(root, "node_bytes");
  return status;
}

}  // namespace sluice::bench
