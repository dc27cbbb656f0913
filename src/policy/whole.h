// SPDX-License-Identifier: MIT
// What can be said only of a whole policy, after includes.
#pragma once

#include "sluice/policy/document.h"

namespace sluice::policy {

// Fills in what nobody said, and tells of names that nobody declared, ids given twice, and limits.
void complete(Document& document, Diagnostics& wrong);

// Gives the values that hold where neither a rule nor [default] says anything.
Values loosest() noexcept;

}  // namespace sluice::policy
