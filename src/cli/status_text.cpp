// SPDX-License-Identifier: MIT
#include "status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sluice/daemon/announce.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kColumns = 80;
constexpr std::size_t kIndent = 26;  // of the second column

std::uint64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? daemon::printable(found->get<std::string>())
                                                     : std::string{};
}

// 1234567 as 1,234,567.
std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string counted(std::uint64_t value, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(value), value == 1 ? one : many);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  const double kib = static_cast<double>(bytes) / 1024;
  if (kib < 1024) return fmt::format("{:.1f} KiB", kib);
  if (kib < 1024 * 1024) return fmt::format("{:.1f} MiB", kib / 1024);
  return fmt::format("{:.1f} GiB", kib / 1024 / 1024);
}

std::string duration_text(std::uint64_t seconds) {
  if (seconds < 60) return counted(seconds, "second", "seconds");
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

// A row of two columns, the second broken at spaces.
void add_row(std::string& page, std::string_view label, std::string_view value) {
  std::string line = fmt::format("  {:<{}}", label, kIndent - 2);
  bool first = true;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(' '), value.size());
    const std::string_view word = value.substr(0, end);
    value.remove_prefix(std::min(end + 1, value.size()));
    if (!first && line.size() + 1 + word.size() > kColumns) {
      page += line + "\n";
      line.assign(kIndent, ' ');
    } else if (!first) {
      line += ' ';
    }
    line += word;
    first = false;
  }
  page += line + "\n";
}

void add_features(std::string& page, const json& status) {
  const auto features = status.find("features");
  if (features == status.end() || !features->is_array()) return;
  for (const json& feature : *features) {
    if (!feature.is_object()) continue;
    const auto on = feature.find("on");
    const bool is_on = on != feature.end() && on->is_boolean() && on->get<bool>();
    add_row(page, text(feature, "name"),
            is_on ? "on" : fmt::format("off: {}; {}", text(feature, "why"), text(feature, "cost")));
  }
}

// The requests by name, the most frequent first.
std::string requests_text(const json& status) {
  const auto requests = status.find("requests");
  if (requests == status.end() || !requests->is_object()) return {};
  struct Count {
    std::string name;
    std::uint64_t count;
  };
  std::vector<Count> counts;
  std::uint64_t sum = 0;
  for (const auto& [name, count] : requests->items()) {
    if (!count.is_number_unsigned()) continue;
    counts.push_back({name, count.get<std::uint64_t>()});
    sum += counts.back().count;
  }
  std::ranges::stable_sort(counts, std::ranges::greater{}, &Count::count);
  std::string line = grouped(sum) + ":";
  for (const Count& one : counts) {
    // One word, for the line breaker: name and number stay together.
    line += fmt::format(" {}={}", daemon::printable(one.name), grouped(one.count));
  }
  return line;
}

bool truth(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

double real(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

std::string decisions_text(const json& policy) {
  const auto decisions = policy.find("decisions");
  if (decisions == policy.end() || !decisions->is_object()) return {};
  std::string line =
      fmt::format("{} hidden, {} refused, {} redacted, {} logged ({})",
                  grouped(number(*decisions, "hidden")), grouped(number(*decisions, "refused")),
                  grouped(number(*decisions, "redacted")), grouped(number(*decisions, "logged")),
                  counted(number(*decisions, "alarms"), "alarm", "alarms"));
  if (const auto dropped = number(*decisions, "dropped"); dropped > 0) {
    line += fmt::format("; {} more came too fast and are not counted", grouped(dropped));
  }
  if (const auto lost = number(*decisions, "lost"); lost > 0) {
    line += fmt::format("; {} could not be written to the log", counted(lost, "line", "lines"));
  }
  return line;
}

// What was looked into, and what that takes up.
std::string contents_text(const json& policy) {
  const auto contents = policy.find("contents");
  if (contents == policy.end() || !contents->is_object()) return {};
  std::string line = fmt::format(
      "{} looked into, {} known before; {} shown, {} of {}",
      counted(number(*contents, "inspected"), "file", "files"),
      grouped(number(*contents, "from_memory") + number(*contents, "from_file")),
      counted(number(*contents, "faces"), "face", "faces"),
      size_text(number(*contents, "memory_bytes")), size_text(number(*contents, "limit_bytes")));
  if (const auto trouble = contents->value("trouble", ""); !trouble.empty()) line += "; " + trouble;
  return line;
}

std::string places_text(const json& policy) {
  const auto places = policy.find("places");
  if (places == policy.end() || !places->is_object()) return {};
  std::string line =
      fmt::format("{} known, {} of them held; {} of {}", grouped(number(*places, "known")),
                  grouped(number(*places, "held")), size_text(number(*places, "bytes")),
                  size_text(number(*places, "limit_bytes")));
  if (const auto strictest = number(*places, "strictest"); strictest > 0) {
    line += fmt::format("; {} the strictest because that was used up",
                        counted(strictest, "answer was", "answers were"));
  }
  return line;
}

void add_policy(std::string& page, const json& status) {
  const auto policy = status.find("policy");
  if (policy == status.end() || !policy->is_object()) return;
  const std::string who = truth(*policy, "told_apart")
                              ? "callers are told apart"
                              : fmt::format("everybody is `{}`", text(*policy, "subject"));
  add_row(page, "policy",
          fmt::format("{}: {}, {}", text(*policy, "name"), who,
                      truth(*policy, "enforced") ? "enforced" : "only observed"));
  const bool cached = text(*policy, "compiled") == "cached";
  std::string compiled = cached ? "taken from the cache" : "compiled";
  compiled += fmt::format(" in {:.1f} ms", real(*policy, "milliseconds"));
  if (const auto reloads = number(*policy, "reloads"); reloads > 0) {
    compiled += fmt::format("; {} since the start", counted(reloads, "reload", "reloads"));
  }
  if (const auto trouble = text(*policy, "cache_trouble"); !trouble.empty()) {
    compiled += "; " + trouble;
  }
  add_row(page, "", compiled);
  if (const auto refusal = policy->find("last_refusal"); refusal != policy->end() &&
                                                         refusal->is_array() && !refusal->empty() &&
                                                         refusal->front().is_string()) {
    const std::string why = daemon::printable(refusal->front().get<std::string>());
    add_row(page, "last reload", "refused: " + why);
  }
  add_row(page, "decisions", decisions_text(*policy));
  add_row(page, "contents", contents_text(*policy));
  add_row(page, "places", places_text(*policy));
  page += "\n";
}

}  // namespace

std::string page_of(const json& status) {
  std::string page = fmt::format("{} shows {} ({})\n", text(status, "mount"),
                                 text(status, "source"), text(status, "flags"));
  page += fmt::format("served by process {} for {}\n\n", number(status, "pid"),
                      duration_text(number(status, "up_seconds")));
  add_features(page, status);
  page += "\n";
  add_policy(page, status);
  std::string opened =
      fmt::format("{} handed to the kernel, {} served", grouped(number(status, "passed_through")),
                  grouped(number(status, "served")));
  if (const auto refused = number(status, "refused"); refused > 0) {
    opened += fmt::format(" ({} of them because the kernel refused: {})", grouped(refused),
                          text(status, "last_refusal"));
  }
  add_row(page, "files opened", opened);
  add_row(page, "open now",
          fmt::format("{}, {}", counted(number(status, "open_files"), "file", "files"),
                      counted(number(status, "open_directories"), "directory", "directories")));
  add_row(page, "known to the kernel",
          fmt::format("{} in {}", counted(number(status, "nodes"), "node", "nodes"),
                      size_text(number(status, "node_bytes"))));
  add_row(page, "descriptors",
          fmt::format("{} open, {} of them cached", grouped(number(status, "open_descriptors")),
                      grouped(number(status, "cached_descriptors"))));
  add_row(page, "requests", requests_text(status));
  if (const auto malformed = number(status, "malformed"); malformed > 0) {
    add_row(page, "malformed requests", grouped(malformed));
  }
  return page;
}

std::string state_of(const json& status) {
  std::size_t off = 0;
  if (const auto features = status.find("features");
      features != status.end() && features->is_array()) {
    off = static_cast<std::size_t>(std::ranges::count_if(*features, [](const json& feature) {
      return feature.is_object() && feature.value("on", json()) == json(false);
    }));
  }
  std::string state =
      fmt::format("{}, process {}, {} open", text(status, "flags"), number(status, "pid"),
                  counted(number(status, "open_files"), "file", "files"));
  const auto policy = status.find("policy");
  if (policy != status.end() && policy->is_object()) {
    state += fmt::format(", policy `{}`", text(*policy, "name"));
  }
  if (off > 0) state += fmt::format(", {} off", counted(off, "feature", "features"));
  return state;
}

std::string list_of(const std::vector<Row>& rows) {
  std::size_t mount_width = 0;
  std::size_t source_width = 0;
  for (const Row& row : rows) {
    mount_width = std::max(mount_width, row.mount.size());
    source_width = std::max(source_width, row.source.size());
  }
  std::string list;
  for (const Row& row : rows) {
    fmt::format_to(std::back_inserter(list), "{:<{}}  shows  {:<{}}  {}\n", row.mount, mount_width,
                   row.source, source_width, row.state);
  }
  return list;
}

}  // namespace sluice::cli
