// SPDX-License-Identifier: MIT
// Makes faces, and has all who need the same one share it. A face lies in a memory file that is
// sealed, as long as there is room for it; then in a file without a name in a private folder; then
// nowhere, and is made of the lower file as it is read. All may be called by many threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "sluice/content/face.h"
#include "sluice/policy/content_grant.h"

namespace sluice::content {

struct FacesLimits {
  std::uint64_t memory = std::uint64_t{256} << 20;  // bytes
  std::uint64_t spill = std::uint64_t{4} << 30;     // bytes in the folder
  std::string spill_folder{};                       // is made if it is not there; empty: none
};

class Faces {
 public:
  struct Stats {
    std::uint64_t faces = 0;    // that somebody has
    std::uint64_t memory = 0;   // bytes
    std::uint64_t spilled = 0;  // bytes
    std::uint64_t made = 0;     // since the beginning
    std::uint64_t ranges = 0;   // of them without a file
  };

  explicit Faces(FacesLimits limits);
  ~Faces();

  // Gives the face if somebody has it.
  std::shared_ptr<const Face> find(const Version& version, policy::ContentSet contents,
                                   policy::With with) const;
  // Gives the face of a version with `redaction` done to it; the one that somebody has already, if
  // it is for the same contents.
  // fd      the file, open for reading; borrowed
  // errors  ESTALE it is no longer that version; ENOMEM; those of reading.
  Result<std::shared_ptr<const Face>> redacted(int fd, const Version& version,
                                               policy::ContentSet contents, policy::With with,
                                               inspect::Redaction redaction);
  // Gives a copy of the bytes as they are; somebody may be writing them meanwhile.
  // errors  EFBIG there is no room for it; ENOMEM; those of reading.
  Result<std::shared_ptr<const Face>> snapshot(int fd, const Version& version);

  Stats stats() const;

 private:
  struct Store;  // what faces take up; outlives this while somebody has one
  struct Key {
    Version version;
    std::uint64_t contents = 0;
    policy::With with{};
    bool snapshot = false;
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return key.version.hash() ^ static_cast<std::size_t>(key.contents * 31);
    }
  };

  std::shared_ptr<const Face> shared(const Key& key) const;
  void keep(const Key& key, const std::shared_ptr<const Face>& face);
  Result<std::shared_ptr<const Face>> copy(int fd, const Version& version,
                                           const inspect::Redaction* redaction);

  const std::shared_ptr<Store> store_;
  mutable std::mutex mutex_;  // guards faces_
  std::unordered_map<Key, std::weak_ptr<const Face>, Hash> faces_;
  std::size_t sweep_at_ = 64;
};

}  // namespace sluice::content
