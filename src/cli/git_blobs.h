// SPDX-License-Identifier: MIT
// What is in the blobs of a repository, by a policy's detectors: each is read from git into a file
// in memory and handed to the workers that look into files for a mount, by the name that it had.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/file_contents.h"
#include "sluice/policy/program.h"

namespace sluice::cli {

struct GitBlob {
  std::string hash;
  std::string path;  // one that it had; where nothing refers to it, where git keeps objects
};

// What the policy keeps, and what was found where in it for which it does.
struct KeptBlob {
  const GitBlob* blob = nullptr;
  std::string found;
};

struct BlobProgress {
  std::atomic<std::uint64_t> blobs{0};
  std::atomic<std::uint64_t> bytes{0};
};

// For whom they are looked into.
struct BlobReader {
  const policy::Program& program;
  policy::SubjectIndex subject;
  content::FileContents& contents;
};

// Tells whether what a blob of that path contains matters to the policy.
bool asks_about(const BlobReader& reader, const std::string& path);

// Gives the digest of all that decides whether the policy keeps the blob.
policy::Digest key_of(const BlobReader& reader, const GitBlob& blob);

// Looks into all of them, and gives those that the policy keeps: what it would redact or refuse,
// and what nothing can be said of where that is refused. errors   ENOENT git is not installed; EIO
// git could not read them; those of starting workers.
Result<std::vector<KeptBlob>, Error> look_into_blobs(const std::string& directory,
                                                     const std::vector<GitBlob>& blobs,
                                                     const BlobReader& reader,
                                                     BlobProgress& progress);

}  // namespace sluice::cli
