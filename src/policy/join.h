// SPDX-License-Identifier: MIT
// What becomes of an included file's policy in the one that includes it.
#pragma once

#include "sluice/policy/document.h"
#include "sluice/policy/fields.h"

namespace sluice::policy {

// What the including file says in its own [default].
struct Own {
  Values values;
  Values unknown_subject;
  ContentDefaults content;
  bool says_hard_links = false, says_deadline = false, says_too_big = false;
};

// Adds `included` to `into`; tells, at the include, where two included files contradict each other
// and the including one does not decide. What a file says itself goes before what it includes.
// reading  of the including file, whose own sections are in `into` already
void join(const Reading& reading, toml_text::Position at, Document included, const Own& own,
          Document& into);

}  // namespace sluice::policy
