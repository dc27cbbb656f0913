// SPDX-License-Identifier: MIT
// Compiled policies, kept from one start to the next. A file is named by a hash of the policy's
// text, its name, all presets and the program's version; what the text included is read again and
// must be the same. It is only ever a shortcut: whatever is odd about the folder or about a file,
// the policy is compiled.
//
// Who may write there could set the policy. So the folder must be our own and closed to all others,
// and so must each file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/daemon/cache_file.h"
#include "sluice/policy/load.h"
#include "sluice/policy/program.h"

namespace sluice::daemon {

class PolicyCache {
 public:
  static constexpr std::size_t kKept = 32;                             // files, the newest
  static constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;  // a longer one is not kept

  // Gives where this user's cache lies: /var/cache/sluice for root, else sluice in $XDG_CACHE_HOME
  // or ~/.cache.
  // errors   ENOENT neither is set.
  static Result<std::string, Error> usual_folder();

  // Opens the folder; makes it, and the one above it, where they are not there.
  // errors   EPERM it is not our own, or open to others; those of mkdir(2) and open(2).
  static Result<PolicyCache, Error> open(const std::string& folder);

  // Names the file of a policy.
  static std::string key_of(const policy::Source& source);

  // Gives the program that was kept, if what it included is the same today.
  std::optional<policy::Program> find(const std::string& key,
                                      const policy::Resolver& resolver) const;

  // Keeps a program; it counts as the newest. What cannot be written is not kept.
  // errors   for people who want to know: EFBIG, those of writing.
  Result<void, Error> keep(const std::string& key, const std::vector<Included>& included,
                           const policy::Program& program) const;

  // The detectors of a policy, as content::Detection::save() gives them. Nothing where none were
  // kept.
  std::vector<std::byte> find_detectors(const policy::Digest& policy) const;
  void keep_detectors(const policy::Digest& policy, Bytes saved) const;

 private:
  PolicyCache(Fd folder, std::string path) : folder_{std::move(folder)}, path_{std::move(path)} {}
  Result<std::vector<std::byte>> read(const std::string& name) const;
  Result<void> write(const std::string& name, Bytes bytes) const;
  void prune() const;

  Fd folder_;
  std::string path_;
};

// Notes what a policy includes while it is loaded.
class Inclusions {
 public:
  // Gives a resolver that asks `resolver` and notes its answers; this must outlive it.
  policy::Resolver noting(policy::Resolver resolver);
  const std::vector<Included>& all() const noexcept { return all_; }

  static policy::Digest digest_of(const policy::Source& source);

 private:
  std::vector<Included> all_;
};

}  // namespace sluice::daemon
