// SPDX-License-Identifier: MIT
// A tree that the real daemon mounts under a policy with a rule for each axis, files in it that
// hold secrets, and the two who come by: an agent, for whom the rules are, and an owner, who has
// been there before him.
//
// Modes: in a bound mount everybody is the agent (`sluice mount --as agent`), and he is root. In a
// mount that tells callers apart he is a user who has kept every capability, and the owner another
// one. Either is as much as a program could have that is not outside of it all.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../daemon/support.h"
#include "secret.h"
#include "way.h"

namespace sluice::leaks {

// What a rule keeps, and the names that are under it.
struct Axis {
  const char* name;
  const char* folder;           // what the folder's name begins with
  const char* suffix;           // what the file's name ends with
  bool seen, read, changed;     // whether the agent may
  bool same_as_owners = false;  // he may do all that the owner may
  bool redacted = false;        // he reads other bytes, as many
};
inline constexpr Axis kNative{"native", "d", "", true, true, true, true};
inline constexpr Axis kHidden{"hidden", "d", ".key", false, false, false};
inline constexpr Axis kHiddenFolder{"hidden_folder", "vault", "", false, false, false};
inline constexpr Axis kHiddenByPath{"hidden_by_path", "p", "/in", false, false, false};
inline constexpr Axis kDenied{"denied", "d", ".no", true, false, true};
inline constexpr Axis kShut{"shut", "d", ".shut", true, false, false};
inline constexpr Axis kKept{"kept", "d", ".ro", true, true, false};
inline constexpr Axis kServed{"served", "d", ".slow", true, true, true};
// By what the file contains, and by its name; and what another file contains does not matter.
inline constexpr Axis kFound{"found", "d", ".found", true, false, false, false, true};
inline constexpr Axis kFoundDenied{"found_denied", "d", ".foundno", true, false, false};
inline constexpr Axis kRedacted{"redacted", "d", ".red", true, false, false, false, true};
inline constexpr Axis kSought{"sought", "d", ".sought", true, true, true};
inline constexpr Axis kAudited{"audited", "d", ".log", true, true, true, true};

// A file with a secret of its own.
struct Secret {
  Target target;
  std::string marker;  // 64 bytes that stand nowhere else, in the file and in its attributes
  std::string lower;   // where it is below the mount
  Fd passed, passed_path;
};

class World {
 public:
  ~World();

  // Mounts; fails the test if it cannot. `words` are further options of the command.
  void start(Mode mode, const test::Words& words = {});
  void unmount();
  Mode mode() const noexcept { return mode_; }

  // Makes a file under an axis, in a folder of its own.
  Secret make(const Axis& axis);
  // What make() would have given, were there such a file.
  Target absent(const Axis& axis);
  // Has the owner look at the file in many ways, so that whatever is remembered of him is, and hand
  // descriptors of it over a socket. In a bound mount there is no owner; the agent does it, as far
  // as he can.
  void warm(Secret& secret);

  // Runs it in a process of the agent's, or the owner's; one that is ended by a signal gives its
  // number, negative.
  Got as_agent(const std::function<Got()>& run) const;
  Got as_owner(const std::function<Got()>& run) const;
  Got as_agent(const Way& way, const Target& target) const;

  std::string lower(std::string_view below = "") const;
  std::string mnt(std::string_view below = "") const;
  const test::Scratch& scratch() const { return scratch_; }

 private:
  test::Scratch scratch_;
  Mode mode_ = Mode::bound;
  bool mounted_ = false;
  int count_ = 0;
};

}  // namespace sluice::leaks
