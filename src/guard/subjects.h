// SPDX-License-Identifier: MIT
// Who a caller is, where one mount tells callers apart. Facts come from the request (uid, gid) and
// from /proc (supplementary groups, cgroup, executable). What is proved most strongly counts:
// cgroup or unit, then uid and gid, then executable; of several subjects that are proved equally
// well the caller is all. A fact that is wanted and cannot be had makes the caller unknown.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sluice/fuse/request.h"
#include "sluice/policy/program.h"

namespace sluice::guard {

class Subjects {
 public:
  // What was found out about a caller is believed for so long: about one burst of requests. Within
  // it a thread may have changed its executable or its cgroup, not its uid or gid.
  static constexpr std::chrono::milliseconds kBelieved{20};

  // Looks up users, groups and executables that the program's subjects name. To be made before the
  // mount is: afterwards a path may lead into it.
  // program  outlives this.
  // proc     where the proc file system is mounted
  explicit Subjects(const policy::Program& program, std::string proc = "/proc");

  // Gives the subject of a caller; takes the time of a few reads from /proc at most.
  policy::SubjectIndex subject_of(const fuse::Caller& caller) noexcept;

  // What the policy names that is not there: users, groups, executables; for a line each.
  const std::vector<std::string>& missing() const noexcept { return missing_; }

 private:
  struct Spec {
    policy::SubjectIndex index{};
    std::vector<std::uint32_t> uids, gids;
    std::vector<std::string> units, cgroups;
    struct Executable {
      std::string path;
      std::uint64_t device = 0, ino = 0;
    };
    std::vector<Executable> executables;
  };
  struct Facts {
    std::vector<std::uint32_t> groups;
    std::string cgroup;
    std::string executable;
    std::uint64_t device = 0, ino = 0;
  };
  struct Cached {
    fuse::Caller caller;
    std::chrono::steady_clock::time_point since;
    policy::SubjectIndex subject{};
    bool used = false;
  };

  void resolve(const policy::SubjectSpec& from, Spec& spec);
  policy::SubjectIndex work_out(const fuse::Caller& caller) const;
  std::optional<Facts> facts_of(Pid thread) const;
  bool by_cgroup(const Spec& spec, const Facts& facts) const;
  bool by_credentials(const Spec& spec, const fuse::Caller& caller, const Facts& facts) const;
  bool by_executable(const Spec& spec, const Facts& facts) const;

  const policy::Program& program_;
  std::string proc_;
  std::vector<Spec> specs_;
  std::vector<std::string> missing_;
  bool wants_groups_ = false, wants_cgroup_ = false, wants_executable_ = false;

  std::mutex mutex_;  // guards the cache
  std::array<Cached, 256> cache_{};
};

}  // namespace sluice::guard
