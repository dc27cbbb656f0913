// SPDX-License-Identifier: MIT
#include "run_summary.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sluice/daemon/announce.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

std::uint64_t number(const json& object, const char* key) {
  return object.value(key, std::uint64_t{0});
}

json decisions_of(const json& told) {
  const auto policy = told.find("policy");
  if (!told.is_object() || policy == told.end()) return json::object();
  return policy->value("decisions", json::object());
}

bool is_enforced(const json& told) {
  const auto policy = told.find("policy");
  return policy == told.end() || policy->value("enforced", true);
}

// "`rule` hid 3, refused 1; last `path`"
std::string line_of(const json& rule, bool enforced) {
  std::string did;
  const auto add = [&](const char* key, const char* done, const char* observed) {
    if (number(rule, key) == 0) return;
    did += fmt::format("{}{} {}", did.empty() ? "" : ", ", enforced ? done : observed,
                       number(rule, key));
  };
  add("hidden", "hid", "would have hidden");
  add("refused", "refused", "would have refused");
  add("redacted", "redacted", "would have redacted");
  add("logged", "logged", "logged");
  return fmt::format("  `{}` {}; last `{}`", rule.value("rule", ""), did,
                     daemon::printable(rule.value("last", "")));
}

}  // namespace

json summary_json(const std::vector<std::string>& views, const std::vector<json>& told) {
  json all = json::array();
  for (std::size_t i = 0; i < views.size() && i < told.size(); ++i) {
    json one{{"view", views[i]}};
    if (told[i].is_object()) {
      one["decisions"] = decisions_of(told[i]);
      one["passed_through"] = number(told[i], "passed_through");
      one["served"] = number(told[i], "served");
    } else {
      one["error"] = "its server did not tell";
    }
    all.push_back(std::move(one));
  }
  return {{"views", std::move(all)}};
}

std::vector<std::string> summary_lines(const std::vector<std::string>& views,
                                       const std::vector<json>& told) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < views.size() && i < told.size(); ++i) {
    const std::string view = daemon::printable(views[i]);
    if (!told[i].is_object()) {
      lines.push_back(fmt::format("`{}`: its server did not tell what it did", view));
      continue;
    }
    const json decisions = decisions_of(told[i]);
    lines.push_back(fmt::format(
        "`{}`: {}{} hidden, {} refused, {} redacted, {} logged; {} files opened natively, {} "
        "served",
        view, is_enforced(told[i]) ? "" : "would have been: ", number(decisions, "hidden"),
        number(decisions, "refused"), number(decisions, "redacted"), number(decisions, "logged"),
        number(told[i], "passed_through"), number(told[i], "served")));
    for (const json& rule : decisions.value("rules", json::array())) {
      lines.push_back(line_of(rule, is_enforced(told[i])));
    }
    if (number(decisions, "dropped") + number(decisions, "lost") > 0) {
      lines.push_back(fmt::format("  {} records were too many and are not counted above",
                                  number(decisions, "dropped") + number(decisions, "lost")));
    }
  }
  return lines;
}

}  // namespace sluice::cli
