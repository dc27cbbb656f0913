// SPDX-License-Identifier: MIT
// Makes faces, and has all who need the same one share it. A face lies in a memory file that is
// sealed, as long as there is room for it; then in a file without a name in a private folder; then
// nowhere, and is made of the lower file as it is read. The redacted ones of late stay for a while
// when nobody has them any more, as long as nobody needs their room. All may be called by many
// threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "sluice/content/face.h"
#include "sluice/policy/content_grant.h"
#include "sluice/policy/digest.h"

namespace sluice::content {

struct FacesLimits {
  std::uint64_t memory = std::uint64_t{256} << 20;  // bytes
  std::uint64_t spill = std::uint64_t{4} << 30;     // bytes in the folder
  std::string spill_folder{};                       // is made if it is not there; empty: none
  std::size_t idle = 64;                            // faces that stay though nobody has them
};

class Faces {
 public:
  struct Stats {
    std::uint64_t faces = 0;    // in files, those that nobody has included
    std::uint64_t memory = 0;   // bytes
    std::uint64_t spilled = 0;  // bytes
    std::uint64_t made = 0;     // since the beginning
    std::uint64_t ranges = 0;   // of them without a file
  };

  explicit Faces(FacesLimits limits);
  ~Faces();

  // Gives the face if it is there.
  // path  of the file, where what is redacted depends on it: a file may have several names
  std::shared_ptr<const Face> find(const Version& version, policy::ContentSet contents,
                                   policy::With with, std::string_view path = {}) const;
  // Gives the face of a version with `redaction` done to it; the one that is there already, if it
  // is for the same contents. Of several that want it at once one makes it, and the others wait.
  // fd      the file, open for reading; borrowed
  // errors  ESTALE it is no longer that version; ENOMEM; those of reading.
  Result<std::shared_ptr<const Face>> redacted(int fd, const Version& version,
                                               policy::ContentSet contents, policy::With with,
                                               inspect::Redaction redaction,
                                               std::string_view path = {});
  // Gives a copy of the bytes as they are; somebody may be writing them meanwhile. It is shared
  // while the file is the same version and has the same bytes, which is looked at each time.
  // errors  EFBIG there is no room for it; ENOMEM; those of reading.
  Result<std::shared_ptr<const Face>> snapshot(int fd, const Version& version);

  Stats stats() const;

 private:
  enum class Place : std::uint8_t { memory, folder };
  struct Store;  // what faces take up; outlives this while somebody has one
  class Room;
  struct Key {
    Version version;
    std::uint64_t contents = 0;
    policy::With with{};
    bool snapshot = false;
    policy::Digest path{};
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return key.version.hash() ^ static_cast<std::size_t>(key.contents * 31);
    }
  };

  using Shared = std::shared_ptr<const Face>;
  struct Made {
    Shared face;
    Place place{};  // means something only if the face has a file
  };
  using Idle = std::list<std::pair<Key, Made>>;
  struct Entry {
    std::weak_ptr<const Face> face;
    Idle::iterator idle{};  // in idle_, or its end
  };
  class Making;  // that somebody makes a face

  Shared find(const Key& key, const std::unique_lock<std::mutex>& lock) const;
  Shared find_or_begin(const Key& key);
  void keep(const Key& key, const Made& made);
  Shared take_idle(Idle::iterator which);
  bool drop_idle(Place place);
  Result<Shared> make(int fd, const Key& key, inspect::Redaction redaction);
  Result<Made> copy(int fd, const Version& version, const inspect::Redaction* redaction);
  Result<Made> copy_to(Place place, int fd, const Version& version,
                       const inspect::Redaction* redaction);
  std::shared_ptr<Room> room_for(Place place, std::uint64_t size);
  Result<Fd> file_at(Place place, std::uint64_t size);

  const std::shared_ptr<Store> store_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable made_;
  std::unordered_set<Key, Hash> making_;
  std::unordered_map<Key, Entry, Hash> faces_;
  mutable Idle idle_;  // the last used one first
  std::size_t sweep_at_ = 64;
};

}  // namespace sluice::content
