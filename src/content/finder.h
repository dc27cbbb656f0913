// SPDX-License-Identifier: MIT
// Who can tell what is in a file. Inspector is the one that serves; tests bring their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sluice/content/findings.h"
#include "sluice/inspect/redaction.h"
#include "sluice/policy/terms.h"

namespace sluice::content {

// The answer to how a file is to be redacted. The redaction means something only if the outcome is
// `whole`; `failed` is also a file that cannot be redacted in place.
struct Redacted {
  Outcome outcome = Outcome::failed;
  std::string why{};
  inspect::Redaction redaction{0};
};

// Tells whether whoever asks was interrupted and waits no longer; asked now and then, by the thread
// that asks. None: he was not.
using Interrupted = std::function<bool()>;

// May be asked by many threads at once. Takes as long as the policy's deadline allows, and as long
// as it waits for its turn; never throws. Whoever was interrupted is told soon that it `failed`.
class Finder {
 public:
  virtual ~Finder() = default;

  // Tells what the detectors of `set` find in a regular file.
  // fd    open for reading; borrowed; where it stands may change
  // size  only so many bytes count; a file that turns out shorter is `failed`
  // path  below the mounted root, without a slash before it. Empty: not known; then rules about
  //       paths are taken to hold and allowlists about paths are not
  virtual Findings find(SetIndex set, int fd, std::uint64_t size, std::string_view path,
                        const Interrupted& interrupted = {}) = 0;

  // Tells what has to be replaced so that the file has none of `contents` any more, and of `with`
  // nothing. What is left of `fd`, `size` and `path` is as above.
  virtual Redacted redact(policy::ContentSet contents, policy::With with, int fd,
                          std::uint64_t size, std::string_view path,
                          const Interrupted& interrupted = {}) = 0;
};

}  // namespace sluice::content
