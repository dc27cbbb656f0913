// SPDX-License-Identifier: MIT
// Proves what a policy says it never does.
#pragma once

#include "sluice/policy/document.h"

namespace sluice::policy {

// Gives an error for each [[never]] that does not hold, with a path and a subject for which it does
// not, and for each that cannot be proved within the bounds of explore.h. For callers who are
// several subjects, or unknown, it then holds too: they get the strictest of what each gets.
Diagnostics prove_nevers(const Document& document);

}  // namespace sluice::policy
