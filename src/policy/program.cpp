// SPDX-License-Identifier: MIT
#include "sluice/policy/program.h"

#include <algorithm>
#include <utility>

#include "sluice/policy/engine.h"
#include "sluice/policy/never.h"

namespace sluice::policy {

Program::Program(std::unique_ptr<Engine> engine) noexcept : engine_{std::move(engine)} {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

const Document& Program::document() const noexcept { return engine_->document(); }
Place Program::start() const noexcept { return engine_->start(); }
Place Program::strictest() const noexcept { return PlaceTable::kStrictest; }

Step Program::step(Place parent, std::string_view name) const noexcept {
  return engine_->step(parent, name);
}
const Terms& Program::terms(Place place, SubjectIndex subject) const noexcept {
  return engine_->terms(place, subject);
}
Place Program::hold(Place place) const noexcept { return engine_->hold(place); }
void Program::release(Place place) const noexcept { engine_->release(place); }
Place Program::enter(Place parent, std::string_view name, Kind kind) const noexcept {
  return engine_->enter(parent, name, kind);
}

bool Program::differs(Place place, std::span<const SubjectIndex> subjects) const noexcept {
  if (subjects.empty()) return false;
  const GrantId first = terms(place, subjects.front()).id;
  return std::ranges::any_of(subjects,
                             [&](SubjectIndex each) { return terms(place, each).id != first; });
}
bool Program::differs(Place place) const noexcept { return engine_->differs(place); }
bool Program::settled(Place place) const noexcept { return engine_->settled(place); }

bool Program::can_hide(SubjectIndex subject) const noexcept {
  return terms(strictest(), subject).grant.see == See::no;
}

std::optional<SubjectIndex> Program::subject(std::string_view name) const noexcept {
  if (name == "anyone") return kAnyone;
  if (name == "unknown") return kUnknown;
  const auto& declared = document().subjects;
  const auto found = std::ranges::find(declared, name, &SubjectSpec::name);
  if (found == declared.end()) return std::nullopt;
  return static_cast<SubjectIndex>(found - declared.begin() + kFirstSubject);
}

std::string_view Program::subject_name(SubjectIndex subject) const noexcept {
  if (subject == kAnyone) return "anyone";
  const std::size_t index = static_cast<std::size_t>(subject) - kFirstSubject;
  if (subject == kUnknown || static_cast<std::size_t>(subject) >= subjects()) return "unknown";
  const auto& declared = document().subjects;
  return index < declared.size() ? std::string_view{declared[index].name} : "several";
}

std::size_t Program::subjects() const noexcept { return engine_->subjects(); }

SubjectIndex Program::join(std::span<const SubjectIndex> subjects) const noexcept {
  try {
    return engine_->join(subjects);
  } catch (...) {  // no memory
    return kUnknown;
  }
}

std::span<const ContentName> Program::contents() const noexcept { return engine_->contents(); }

std::string_view Program::content_name(ContentId content) const noexcept {
  if (content == kTooBig) return "too_big";
  if (content == kTimedOut) return "on_timeout";
  if (content == kFailed) return "on_error";
  const auto index = static_cast<std::size_t>(content);
  return index < contents().size() ? std::string_view{contents()[index].name} : "?";
}

GrantId Program::id_of(const ContentGrant& grant) const noexcept {
  try {
    return engine_->grants().id_of(grant);
  } catch (...) {  // no memory
    return policy::id_of(kStrictestGrant);
  }
}

const ContentGrant& Program::content_grant(GrantId id) const noexcept {
  return engine_->grants().grant_of(id);
}

std::string_view Program::rule_name(RuleId rule) const noexcept {
  if (rule == kByDefault) return "default";
  if (rule == kByLimit) return "limit";
  if (rule == kByUnknownSubject) return "unknown_subject";
  if (rule == kByTooBig) return "too_big";
  if (rule == kByTimeout) return "on_timeout";
  if (rule == kByError) return "on_error";
  const auto& rules = document().rules;
  const auto index = static_cast<std::size_t>(rule);
  return index < rules.size() ? std::string_view{rules[index].id} : "?";
}

Stats Program::stats() const noexcept { return engine_->stats(); }
void Program::sweep() const noexcept { engine_->sweep(); }

std::expected<Program, Diagnostics> compile(Document document, const CompileOptions& options) {
  Diagnostics wrong;
  if (options.prove == Prove::yes) wrong = prove_nevers(document);
  if (!wrong.empty()) return std::unexpected{std::move(wrong)};
  const std::string file = document.files.empty() ? "policy" : document.files.front();
  auto engine = Program::Engine::build(std::move(document), options.limits);
  if (engine != nullptr) return Program{std::move(engine)};
  return std::unexpected{Diagnostics{
      {.file = file, .text = "the patterns of all rules together are too many or too long"}}};
}

}  // namespace sluice::policy
