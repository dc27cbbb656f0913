// SPDX-License-Identifier: MIT
#include "policy_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sluice/daemon/announce.h"
#include "sluice/daemon/policy_file.h"
#include "sluice/daemon/provable.h"
#include "sluice/daemon/usable_policy.h"

namespace sluice::cli {

using nlohmann::json;

std::optional<policy::Program> open_or_tell(const std::string& name, Form form) {
  auto program = daemon::open_policy(name);
  if (program) return std::move(*program);
  if (form == Form::data) {
    print_json(
        {{"policy", name}, {"ok", false}, {"diagnostics", daemon::json_of(program.error())}});
    return std::nullopt;
  }
  tell_diagnostics(program.error());
  return std::nullopt;
}

std::optional<daemon::Detection> detection_or_tell(const policy::Program& program, Form form) {
  auto detection = daemon::detection_of(program);
  if (detection) return std::move(*detection);
  if (form == Form::data) {
    print_json({{"ok", false}, {"diagnostics", daemon::json_of(detection.error())}});
  } else {
    tell_diagnostics(detection.error());
  }
  return std::nullopt;
}

void tell_diagnostics(const policy::Diagnostics& wrong) {
  for (const policy::Diagnostic& one : wrong) {
    // What has no place in a file is about the file itself.
    if (one.file.empty()) {
      daemon::tell(one.line_text());
    } else {
      fmt::print(stderr, "{}\n", one.line_text());
    }
  }
}

Result<policy::SubjectIndex, Error> subject_of(const policy::Program& program,
                                               const std::string& name) {
  const std::string declared = TRY(daemon::subject_for(program, name));
  return program.subject(declared).value_or(policy::kUnknown);
}

Result<policy::Mode, Error> mode_of(const std::string& word) {
  for (const policy::Mode mode : policy::kModes) {
    if (word == policy::name(mode) || word == policy::name(mode).substr(0, 1)) return mode;
  }
  if (word == "x") return policy::Mode::execute;
  return fail(Error{fmt::format("`{}` is no mode: r, w or x", word), EINVAL});
}

namespace {

std::string words_of(const policy::Grant& grant) {
  if (grant.see == policy::See::no) return "hidden";
  std::string words;
  const auto add = [&](std::string_view axis, std::string_view value) {
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", axis, value);
  };
  if (grant.read != policy::Read::native) add("read", policy::name(grant.read));
  if (grant.with != policy::With::nothing) add("with", policy::name(grant.with));
  if (grant.execute != grant.read) add("execute", policy::name(grant.execute));
  if (grant.write != policy::Write::native) add("write", policy::name(grant.write));
  return words.empty() ? "native" : words;
}

json json_of(const policy::Grant& grant) {
  return {{"see", policy::name(grant.see)},
          {"read", policy::name(grant.read)},
          {"execute", policy::name(grant.execute)},
          {"write", policy::name(grant.write)},
          {"with", policy::name(grant.with)}};
}

}  // namespace

json json_of(const policy::Program& program, const policy::Terms& terms) {
  json logs = json::object();
  for (const policy::Mode mode : policy::kModes) {
    logs[std::string{policy::name(mode)}] = policy::name(terms.log(mode));
  }
  json by = json::object();
  for (const policy::Axis axis :
       {policy::Axis::see, policy::Axis::read, policy::Axis::execute, policy::Axis::write}) {
    by[std::string{policy::name(axis)}] = program.rule_name(terms.winner(axis));
  }
  json object = json_of(terms.grant);
  object["log"] = std::move(logs);
  object["by"] = std::move(by);
  json if_found = json::object();
  for (const policy::GrantIfFound& each : terms.content.if_found) {
    if_found[std::string{program.content_name(each.content)}] = json_of(each.grant);
  }
  if (!if_found.empty()) object["if_found"] = std::move(if_found);
  return object;
}

json json_of(const policy::Program& program, const policy::Explanation& explanation) {
  json matches = json::array();
  const auto axes = [](const std::vector<policy::Axis>& list) {
    json names = json::array();
    for (const policy::Axis axis : list) names.push_back(policy::name(axis));
    return names;
  };
  for (const policy::Match& match : explanation.matches) {
    static constexpr std::array kRoles{"won", "lost", "if_found", "excepted"};
    json one{{"rule", program.rule_name(match.rule)},
             {"role", kRoles[static_cast<std::size_t>(match.role)]},
             {"won", axes(match.won)},
             {"lost", axes(match.lost)},
             {"glob", match.glob},
             {"line", match.at.line},
             {"matched", match.matched}};
    const auto& files = program.document().files;
    for (const policy::ContentId content : match.contents) {
      one["contents"].push_back(program.content_name(content));
    }
    if (match.at.file < files.size()) one["file"] = files[match.at.file];
    matches.push_back(std::move(one));
  }
  json object{{"terms", json_of(program, explanation.terms)}, {"matches", std::move(matches)}};
  if (explanation.found) {
    object["found"] = json::array();
    for (const policy::ContentId content : *explanation.found) {
      object["found"].push_back(program.content_name(content));
    }
  }
  return object;
}

void print_json(const json& value) {
  fmt::print("{}\n", value.dump(2, ' ', false, json::error_handler_t::replace));
}

std::string words_of(const policy::Program& program, const policy::Terms& terms) {
  std::string words = words_of(terms.grant);
  for (const policy::GrantIfFound& each : terms.content.if_found) {
    if (!policy::is_named(each.content)) continue;
    words += fmt::format(" ({} found: {})", policy::quoted(program.content_name(each.content)),
                         words_of(each.grant));
  }
  return words;
}

}  // namespace sluice::cli
