// SPDX-License-Identifier: MIT
// A compiled policy in a file of the cache: which other files its text included, by their hashes,
// and the program as policy::save() gives it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/policy/digest.h"

namespace sluice::daemon {

// One file of an include, an import or a manifest, as the resolver was asked for it.
struct Included {
  std::string includer;
  std::string file;
  policy::Digest answer{};  // of the name and the text that it gave
};

struct CacheFile {
  std::string key;  // the name it was kept under
  std::vector<Included> included;
  Bytes program;  // borrowed
};

std::vector<std::byte> write_cache_file(const CacheFile& file);

// Takes the bytes apart; what `program` holds is not looked into. Whatever the bytes are, they
// cannot do harm beyond an error: EINVAL.
Result<CacheFile> read_cache_file(Bytes bytes);

}  // namespace sluice::daemon
