// SPDX-License-Identifier: MIT
// Who can look into files, as far as a policy's own tests need it. The room itself cannot: what is
// in a file is another room's to say.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/policy/content_grant.h"

namespace sluice::policy {

class Looker {
 public:
  virtual ~Looker();

  // Gives which contents of the program are in `file`, or how the inspection ended.
  // path    from the mounted root
  // errors  for people: why it cannot be said at all.
  virtual Result<ContentSet, Error> find(std::string_view path, Bytes file) = 0;

  // Gives what a reader sees of `file` when what `contents` find, and what `with` says, is
  // redacted. errors  for people: why it cannot be redacted in place.
  virtual Result<std::vector<std::byte>, Error> redacted(std::string_view path, Bytes file,
                                                         ContentSet contents, With with) = 0;
};

}  // namespace sluice::policy
