// SPDX-License-Identifier: MIT
// What a gate asks about what files contain, and what it shows of them: all of it by policy, none
// of it by name. One such thing belongs to one program, whose contents it knows.
//
// All may be called by many threads at once. A call waits for an inspection that is needed, for as
// long as the policy's deadline says (and in a queue for longer), never for a lock of another file.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"
#include "sluice/content/face.h"
#include "sluice/content/finder.h"
#include "sluice/policy/program.h"

namespace sluice::content {

// What an open is for.
enum class Access : std::uint8_t { reads, writes };

// A file as an open asks for it.
struct Ask {
  int fd = -1;            // the lower file, open for reading; borrowed
  std::string_view path;  // below the mounted root; empty where it is not known
  const policy::ContentGrant& grant;
  policy::ContentSet asked;  // what has to be known of it
  Access access = Access::reads;
  Interrupted interrupted{};  // whoever opens
};

// What one open is to get.
struct Opening {
  policy::ContentSet found;
  // What is shown instead of the lower file: a redacted copy, or a copy of the bytes that were
  // inspected where somebody else is writing. Null: the file itself.
  std::shared_ptr<const Face> face{};
  // The grant wants it redacted, and it cannot be: a finding inside of a container, say.
  bool unshowable = false;
};

class Contents {
 public:
  virtual ~Contents() = default;

  // Tells whether what is found of these depends on where the file is.
  virtual bool by_path(policy::ContentSet asked) const noexcept = 0;

  // Decides for an open. What goes wrong is among what is found (policy::kFailed and its like).
  // errors  EINTR nobody waits for it any more; EAGAIN all inspectors were busy for too long.
  virtual Result<Opening> open(const Ask& ask) noexcept = 0;

  // Gives what the file is found to contain, of what is asked.
  // fd  open for reading; borrowed
  // errors  EAGAIN all inspectors were busy for too long.
  virtual Result<policy::ContentSet> found(int fd, std::string_view path,
                                           policy::ContentSet asked) noexcept = 0;
  // The same, if nothing has to be read for it. fd: may be O_PATH
  virtual std::optional<policy::ContentSet> known(int fd, std::string_view path,
                                                  policy::ContentSet asked) noexcept = 0;

  // Finds it out when there is time; for a file that was just written. Does not wait.
  virtual void later(Fd fd, std::string_view path, policy::ContentSet asked) noexcept = 0;
};

}  // namespace sluice::content
