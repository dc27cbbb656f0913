// SPDX-License-Identifier: MIT
#include "status.h"

#include <dirent.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "sluice/wire/opcode_names.h"
#include "sluice/daemon/version.h"

namespace sluice::daemon {
namespace {

using nlohmann::json;

// Descriptors this process has open, without the one that counts them.
std::uint64_t count_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing{::opendir("/proc/self/fd"), ::closedir};
  if (!listing) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count - 1;
}

json features_json(const std::vector<mirror::Feature>& features) {
  json list = json::array();
  for (const mirror::Feature& feature : features) {
    json one{{"name", feature.name}, {"on", feature.on}};
    if (!feature.on) {
      one["why"] = feature.why;
      one["cost"] = feature.cost;
    }
    list.push_back(std::move(one));
  }
  return list;
}

// Operations that were asked for at least once, by name.
void add_requests(json& status, const fuse::Session& session) {
  json& requests = status["requests"] = json::object();
  json& errors = status["errors"] = json::object();
  const auto totals = session.counted();
  for (std::size_t opcode = 0; opcode < wire::kOpcodeLimit; ++opcode) {
    const std::string key{name(static_cast<wire::Opcode>(opcode))};
    const std::string shown = key.empty() ? "unknown" : key;
    if (totals[opcode].requests > 0) requests[shown] = totals[opcode].requests;
    if (totals[opcode].errors > 0) errors[shown] = totals[opcode].errors;
  }
}

}  // namespace

json status_json(const StatusOf& of) {
  const auto stats = of.mirror.stats();
  const auto descriptors = of.mirror.tree().descriptors();
  const auto nodes = of.mirror.tree().table().stats();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - of.since);
  json status{
      {"mount", of.mountpoint},
      {"source", of.source},
      {"flags", of.flags},
      {"pid", ::getpid()},
      {"version", version()},
      {"up_seconds", seconds.count()},
      {"open_descriptors", count_descriptors()},
      {"cached_descriptors", descriptors.cached},
      {"pinned_descriptors", descriptors.pinned},
      {"nodes", nodes.nodes},
      {"node_bytes", nodes.bytes},
      {"open_files", stats.open_files},
      {"open_directories", stats.open_directories},
      {"passed_through", stats.passed_through},
      {"served", stats.served},
      {"refused", stats.refused},
      {"malformed", of.session.malformed()},
      {"waiting", of.session.waiting()},
      {"features", features_json(of.features)},
      {"messages", of.messages.last()},
  };
  if (stats.last_refusal != 0)
    status["last_refusal"] = sluice::name(Errno::from(stats.last_refusal));
  add_requests(status, of.session);
  return status;
}

}  // namespace sluice::daemon
