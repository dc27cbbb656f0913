// SPDX-License-Identifier: MIT
// What is in the objects of a repository, by a policy's detectors: each is read from git into a
// file in memory and handed to the workers that look into files for a mount, by the name that it
// had.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/file_contents.h"
#include "sluice/policy/program.h"

namespace sluice::cli {

struct GitObject {
  std::string hash;
  std::string path;  // one that it had; if it has none, the one at which git keeps it
};

// What the policy keeps, and what was found where in it for which it does.
struct KeptObject {
  const GitObject* object = nullptr;
  std::string found;
};

struct ObjectProgress {
  std::atomic<std::uint64_t> objects{0};
  std::atomic<std::uint64_t> bytes{0};
};

// For whom they are looked into.
struct ObjectReader {
  const policy::Program& program;
  policy::SubjectIndex subject;
  content::FileContents& contents;
};

// Tells whether what an object of that path contains matters to the policy.
bool asks_about(const ObjectReader& reader, const std::string& path);

// Gives the digest of all that decides whether the policy keeps the object.
policy::Digest key_of(const ObjectReader& reader, const GitObject& object);

// Looks into all of them, and gives those that the policy keeps: what it would redact or refuse,
// and what nothing can be said of where that is refused. errors   ENOENT git is not installed; EIO
// git could not read them; those of starting workers.
Result<std::vector<KeptObject>, Error> look_into_objects(const std::string& directory,
                                                         const std::vector<GitObject>& objects,
                                                         const ObjectReader& reader,
                                                         ObjectProgress& progress);

}  // namespace sluice::cli
