// SPDX-License-Identifier: MIT
#include "sluice/content/faces.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "sluice/content/face_file.h"

namespace sluice::content {
namespace {

policy::Digest digest_of(std::string_view path) {
  return path.empty() ? policy::Digest{} : policy::digest_of(bytes_of(path));
}

}  // namespace

struct Faces::Store {
  explicit Store(FacesLimits wanted)
      : limits{std::move(wanted)}, folder{private_folder(limits.spill_folder)} {}

  std::uint64_t limit(Place place) const noexcept {
    if (place == Place::memory) return limits.memory;
    return folder ? limits.spill : 0;
  }
  std::atomic<std::uint64_t>& used(Place place) noexcept {
    return place == Place::memory ? memory : spilled;
  }

  const FacesLimits limits;
  const Fd in_memory = memory_folder();
  const Fd folder;  // where faces are that memory has no room for; none: nowhere
  std::atomic<std::uint64_t> memory{0}, spilled{0}, faces{0}, made{0}, ranges{0};
};

// What one face takes up of a limit, for as long as this lives.
class Faces::Room {
 public:
  // Gives none if there is not so much left.
  static std::shared_ptr<Room> take(std::shared_ptr<Store> store, Place place, std::uint64_t size) {
    auto room = std::make_shared<Room>(std::move(store), place);
    const std::uint64_t limit = room->store_->limit(place);
    auto& used = room->store_->used(place);
    std::uint64_t now = used.load();
    do {
      if (size > limit || now > limit - size) return nullptr;
    } while (!used.compare_exchange_weak(now, now + size));
    room->store_->faces.fetch_add(1);
    room->size_ = size;
    return room;
  }
  Room(std::shared_ptr<Store> store, Place place) : store_{std::move(store)}, place_{place} {}
  ~Room() {
    if (!size_) return;
    store_->used(place_).fetch_sub(*size_);
    store_->faces.fetch_sub(1);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

 private:
  const std::shared_ptr<Store> store_;
  const Place place_;
  std::optional<std::uint64_t> size_;  // none: nothing was taken
};

// Lets others go on when it is done, or was given up.
class Faces::Making {
 public:
  Making(Faces& faces, const Key& key) : faces_{faces}, key_{key} {}
  ~Making() {
    const std::lock_guard lock{faces_.mutex_};
    faces_.making_.erase(key_);
    faces_.made_.notify_all();
  }
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;

 private:
  Faces& faces_;
  const Key& key_;
};

Faces::Faces(FacesLimits limits) : store_{std::make_shared<Store>(std::move(limits))} {}
Faces::~Faces() = default;

Faces::Shared Faces::find(const Key& key, const std::unique_lock<std::mutex>&) const {
  const auto found = faces_.find(key);
  if (found == faces_.end()) return nullptr;
  const Entry& entry = found->second;
  if (entry.idle != idle_.end()) idle_.splice(idle_.begin(), idle_, entry.idle);
  return entry.face.lock();
}

// Gives it, or nothing and makes the caller the one who makes it.
Faces::Shared Faces::find_or_begin(const Key& key) {
  std::unique_lock lock{mutex_};
  for (;;) {
    if (Shared face = find(key, lock)) return face;
    if (making_.insert(key).second) return nullptr;
    made_.wait(lock);
  }
}

void Faces::keep(const Key& key, const Made& made) {
  Shared gone;  // longer than the lock: it may take a while to give its memory back
  const std::lock_guard lock{mutex_};
  if (faces_.size() >= sweep_at_) {
    std::erase_if(faces_, [](const auto& each) { return each.second.face.expired(); });
    sweep_at_ = std::max<std::size_t>(64, faces_.size() * 2);
  }
  Entry& entry = faces_[key];
  entry = {made.face, idle_.end()};
  // Copies of bytes that are not redacted are gone with the last one who has them.
  if (key.snapshot || made.face->file() == nullptr || store_->limits.idle == 0) return;
  entry.idle = idle_.insert(idle_.begin(), {key, made});
  if (idle_.size() > store_->limits.idle) gone = take_idle(std::prev(idle_.end()));
}

// The caller has the lock, and lets go of what this gives when he has it no more.
Faces::Shared Faces::take_idle(Idle::iterator which) {
  faces_[which->first].idle = idle_.end();
  Shared face = std::move(which->second.face);
  idle_.erase(which);
  return face;
}

// Lets the one at `place` go that was not used for longest; tells whether there was one.
bool Faces::drop_idle(Place place) {
  Shared gone;
  const std::lock_guard lock{mutex_};
  // What somebody has besides makes no room.
  const auto last = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& each) {
    return each.second.place == place && each.second.face.use_count() == 1;
  });
  if (last == idle_.rend()) return false;
  gone = take_idle(std::prev(last.base()));
  return true;
}

std::shared_ptr<const Face> Faces::find(const Version& version, policy::ContentSet contents,
                                        policy::With with, std::string_view path) const {
  std::unique_lock lock{mutex_};
  return find({version, contents.bits(), with, false, digest_of(path)}, lock);
}

// Gives EFBIG where there is no room, not even if nobody had any that is idle.
Result<Faces::Made> Faces::copy(int fd, const Version& version,
                                const inspect::Redaction* redaction) {
  for (const Place place : {Place::memory, Place::folder}) {
    auto made = copy_to(place, fd, version, redaction);
    if (made) return made;
    // The folder's file system may refuse what its limit allows.
    const bool may_be_elsewhere =
        made.error() == Errno{EFBIG} || (place == Place::folder && made.error() != Errno{ESTALE});
    if (!may_be_elsewhere) return made;
  }
  return fail(EFBIG);
}

Result<Faces::Made> Faces::copy_to(Place place, int fd, const Version& version,
                                   const inspect::Redaction* redaction) {
  const std::uint64_t size = version.size();
  auto room = room_for(place, size);
  if (room == nullptr) return fail(EFBIG);
  const Fd file = TRY(file_at(place, size));
  TRY(copy_bytes(fd, file.get(), size, redaction));
  // A file in a folder has no seals; there it is that nobody has it open for writing.
  if (place == Place::memory) TRY(seal(file));
  Fd shown = TRY(opened_read_only(file.get()));
  store_->made.fetch_add(1);
  return Made{std::make_shared<const Face>(std::move(shown), size,
                                           [room = std::move(room)]() mutable { room.reset(); }),
              place};
}

std::shared_ptr<Faces::Room> Faces::room_for(Place place, std::uint64_t size) {
  if (place == Place::folder && !store_->folder) return nullptr;
  do {
    if (auto room = Room::take(store_, place, size)) return room;
  } while (size <= store_->limit(place) && drop_idle(place));
  return nullptr;
}

Result<Fd> Faces::file_at(Place place, std::uint64_t size) {
  if (place == Place::memory) return memory_file(store_->in_memory);
  for (;;) {
    auto file = unnamed_file(store_->folder, size);
    const bool full = !file && (file.error() == Errno{ENOSPC} || file.error() == Errno{EDQUOT});
    if (!full || !drop_idle(place)) return file;
  }
}

Result<Faces::Shared> Faces::redacted(int fd, const Version& version, policy::ContentSet contents,
                                      policy::With with, inspect::Redaction redaction,
                                      std::string_view path) {
  const Key key{version, contents.bits(), with, false, digest_of(path)};
  if (auto known = find_or_begin(key)) return known;
  const Making making{*this, key};
  return make(fd, key, std::move(redaction));
}

Result<Faces::Shared> Faces::make(int fd, const Key& key, inspect::Redaction redaction) {
  auto made = copy(fd, key.version, &redaction);
  if (!made && made.error() == Errno{EFBIG}) {
    Fd lower = TRY(opened_read_only(fd));
    store_->made.fetch_add(1);
    store_->ranges.fetch_add(1);
    made =
        Made{std::make_shared<const Face>(std::move(lower), key.version, std::move(redaction)), {}};
  }
  if (!made) return fail(made.error());
  const auto now = Version::of(fd);
  if (!now || *now != key.version) return fail(ESTALE);
  keep(key, *made);
  return made->face;
}

// Whoever writes by a mapping changes the bytes and not the version: what is there already is
// shared only by those who would get the same.
Result<Faces::Shared> Faces::snapshot(int fd, const Version& version) {
  const Key key{version, 0, policy::With::nothing, true, {}};
  const Shared known = find_or_begin(key);
  if (known && same_bytes(fd, *known)) return known;
  std::optional<Making> making;
  if (!known) making.emplace(*this, key);
  const Made made = TRY(copy(fd, version, nullptr));
  keep(key, made);
  return made.face;
}

Faces::Stats Faces::stats() const {
  return {.faces = store_->faces.load(),
          .memory = store_->memory.load(),
          .spilled = store_->spilled.load(),
          .made = store_->made.load(),
          .ranges = store_->ranges.load()};
}

}  // namespace sluice::content
