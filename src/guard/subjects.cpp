// SPDX-License-Identifier: MIT
#include "sluice/guard/subjects.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "sluice/base/fd.h"
#include "sluice/guard/proc_facts.h"

namespace sluice::guard {

using policy::SubjectIndex;

namespace {

// Identifies a file without asking its file system anything, which could be our own.
bool identify(const char* path, std::uint64_t& device, std::uint64_t& ino) {
  struct statx stat {};
  if (::statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &stat) != 0) return false;
  device = makedev(stat.stx_dev_major, stat.stx_dev_minor);
  ino = stat.stx_ino;
  return true;
}

bool contains(const std::vector<std::uint32_t>& all, std::uint32_t one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

Subjects::Subjects(const policy::Program& program, std::string proc)
    : program_{program}, proc_{std::move(proc)} {
  const auto& declared = program.document().subjects;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    Spec spec;
    spec.index = static_cast<SubjectIndex>(i + policy::kFirstSubject);
    resolve(declared[i], spec);
    wants_groups_ = wants_groups_ || !spec.gids.empty();
    wants_cgroup_ = wants_cgroup_ || !spec.cgroups.empty() || !spec.units.empty();
    wants_executable_ = wants_executable_ || !spec.executables.empty();
    specs_.push_back(std::move(spec));
  }
}

void Subjects::resolve(const policy::SubjectSpec& from, Spec& spec) {
  spec.uids = from.uids;
  spec.gids = from.gids;
  spec.units = from.units;
  spec.cgroups = from.cgroups;
  for (const std::string& user : from.users) {
    if (const passwd* entry = ::getpwnam(user.c_str())) {
      spec.uids.push_back(entry->pw_uid);
    } else {
      missing_.push_back("subject `" + from.name + "`: there is no user `" + user + "`");
    }
  }
  for (const std::string& name : from.groups) {
    if (const ::group* entry = ::getgrnam(name.c_str())) {
      spec.gids.push_back(entry->gr_gid);
    } else {
      missing_.push_back("subject `" + from.name + "`: there is no group `" + name + "`");
    }
  }
  for (const std::string& path : from.exes) {
    Spec::Executable executable{path};
    if (identify(path.c_str(), executable.device, executable.ino)) {
      spec.executables.push_back(std::move(executable));
    } else {
      missing_.push_back("subject `" + from.name + "`: there is no executable `" + path + "`");
      wants_executable_ = true;
    }
  }
}

std::optional<Subjects::Facts> Subjects::facts_of(Pid thread) const {
  Facts facts;
  if (!wants_groups_ && !wants_cgroup_ && !wants_executable_) return facts;
  if (thread == Pid{0}) return std::nullopt;  // in a pid namespace that we do not see
  const std::string folder = proc_ + "/" + std::to_string(raw(thread));
  if (wants_groups_) {
    const auto status = read_proc(folder + "/status");
    const auto groups = status ? line_of(*status, "Groups:") : std::nullopt;
    if (!groups) return std::nullopt;
    facts.groups = numbers_in(*groups);
  }
  if (wants_cgroup_) {
    const auto text = read_proc(folder + "/cgroup");
    const auto path = text ? line_of(*text, "0::") : std::nullopt;
    if (!path) return std::nullopt;
    facts.cgroup = *path;
  }
  if (wants_executable_) {
    const std::string link = folder + "/exe";
    std::array<char, 4096> target;
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size <= 0 || static_cast<std::size_t>(size) == target.size()) return std::nullopt;
    facts.executable.assign(target.data(), static_cast<std::size_t>(size));
    if (!identify(link.c_str(), facts.device, facts.ino)) return std::nullopt;
  }
  return facts;
}

bool Subjects::by_cgroup(const Spec& spec, const Facts& facts) const {
  if (!spec.units.empty()) {
    const std::string_view unit = unit_of(facts.cgroup);
    if (!unit.empty() && std::ranges::find(spec.units, unit) != spec.units.end()) return true;
  }
  return std::ranges::any_of(spec.cgroups, [&](const std::string& cgroup) {
    return is_at_or_below(facts.cgroup, cgroup);
  });
}

bool Subjects::by_credentials(const Spec& spec, const fuse::Caller& caller,
                              const Facts& facts) const {
  if (contains(spec.uids, raw(caller.uid)) || contains(spec.gids, raw(caller.gid))) return true;
  return std::ranges::any_of(facts.groups,
                             [&](std::uint32_t group) { return contains(spec.gids, group); });
}

bool Subjects::by_executable(const Spec& spec, const Facts& facts) const {
  return std::ranges::any_of(spec.executables, [&](const Spec::Executable& one) {
    return one.path == facts.executable && one.device == facts.device && one.ino == facts.ino;
  });
}

SubjectIndex Subjects::work_out(const fuse::Caller& caller) const {
  const auto facts = facts_of(caller.pid);
  if (!facts) return policy::kUnknown;
  std::array<std::vector<SubjectIndex>, 3> proved;  // the strongest first
  for (const Spec& spec : specs_) {
    if (by_cgroup(spec, *facts)) {
      proved[0].push_back(spec.index);
    } else if (by_credentials(spec, caller, *facts)) {
      proved[1].push_back(spec.index);
    } else if (by_executable(spec, *facts)) {
      proved[2].push_back(spec.index);
    }
  }
  for (const auto& equally : proved) {
    if (equally.size() == 1) return equally.front();
    if (!equally.empty()) return program_.join(equally);
  }
  return policy::kAnyone;
}

SubjectIndex Subjects::subject_of(const fuse::Caller& caller) noexcept {
  const auto now = std::chrono::steady_clock::now();
  Cached& cached = cache_[raw(caller.pid) % cache_.size()];
  {
    const std::lock_guard lock{mutex_};
    const bool fresh = cached.used && cached.caller == caller && now - cached.since < kBelieved;
    if (fresh) return cached.subject;
  }
  SubjectIndex subject = policy::kUnknown;
  try {
    subject = work_out(caller);
  } catch (...) {  // no memory: nothing is known
    return policy::kUnknown;
  }
  const std::lock_guard lock{mutex_};
  cached = {caller, now, subject, true};
  return subject;
}

}  // namespace sluice::guard
