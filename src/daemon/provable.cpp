// SPDX-License-Identifier: MIT
#include "sluice/daemon/provable.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "sluice/daemon/arguments.h"
#include "sluice/daemon/folding.h"
#include "sluice/guard/folding.h"

namespace sluice::daemon {
namespace {

// Callers' control groups are read from /proc, from the line of the unified hierarchy.
bool has_control_groups() {
  std::ifstream file{"/proc/self/cgroup"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return true;
  }
  return false;
}

class Prover {
 public:
  Prover(const policy::Document& document, policy::Severity severity)
      : document_{document}, severity_{severity} {}

  void look_at(const policy::SubjectSpec& subject, Callers callers) {
    for (const std::string& user : subject.users) {
      if (::getpwnam(user.c_str()) == nullptr) missing(subject, "user", user);
    }
    for (const std::string& group : subject.groups) {
      if (::getgrnam(group.c_str()) == nullptr) missing(subject, "group", group);
    }
    for (const std::string& exe : subject.exes) {
      if (::access(exe.c_str(), F_OK) != 0) missing(subject, "executable", exe);
    }
    const bool by_group = !subject.units.empty() || !subject.cgroups.empty();
    if (by_group && !has_control_groups()) {
      tell(subject,
           "there are no control groups (version 2) here, so no unit or cgroup can be"
           " told");
    }
    const bool by_name = subject.strongest() == policy::Proof::run_as && !by_group &&
                         subject.uids.empty() && subject.gids.empty() && subject.users.empty() &&
                         subject.groups.empty() && subject.exes.empty();
    if (by_name && callers == Callers::told_apart) {
      tell(subject, fmt::format("nothing but `run_as` proves it, so in a mount for everybody its"
                                " rules would do nothing; mount with `--as {}`, or give it a uid,"
                                " gid, unit, cgroup or exe",
                                subject.name));
    }
  }
  policy::Diagnostics take() { return std::move(told_); }

 private:
  void missing(const policy::SubjectSpec& subject, std::string_view what, const std::string& name) {
    tell(subject, fmt::format("there is no {} {} here", what, policy::quoted(name)));
  }
  void tell(const policy::SubjectSpec& subject, const std::string& why) {
    const auto& files = document_.files;
    told_.push_back({severity_, subject.at.file < files.size() ? files[subject.at.file] : "",
                     subject.at.line, subject.at.column,
                     fmt::format("subject `{}`: {}", subject.name, why)});
  }

  const policy::Document& document_;
  const policy::Severity severity_;
  policy::Diagnostics told_;
};

}  // namespace

policy::Diagnostics unproved(const policy::Document& document, Callers callers,
                             policy::Severity severity) {
  if (callers == Callers::bound) return {};
  Prover prover{document, severity};
  for (const policy::SubjectSpec& subject : document.subjects) {
    const bool named = std::ranges::any_of(document.rules, [&](const policy::Rule& rule) {
      return policy::names_subject(rule.who, subject.name);
    });
    if (named) prover.look_at(subject, callers);
  }
  return prover.take();
}

bool folds_names(int fd) noexcept { return guard::folds_names(fd); }

Result<std::string, Error> subject_for(const policy::Program& program, const std::string& name) {
  if (program.subject(name)) return name;
  std::vector<std::string> known{"anyone", "unknown"};
  std::string listed = "`anyone`, `unknown`";
  for (const policy::SubjectSpec& subject : program.document().subjects) {
    if (subject.run_as == name) return subject.name;
    known.push_back(subject.name);
    listed += fmt::format(", `{}`", subject.name);
  }
  return fail(Error{fmt::format("the policy has no subject `{}`{}; it has {}", name,
                                suggestion(name, known), listed),
                    EINVAL});
}

}  // namespace sluice::daemon
