// SPDX-License-Identifier: MIT
#include "sluice/content/faces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::content {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

policy::Digest digest_of(std::string_view path) {
  return path.empty() ? policy::Digest{} : policy::digest_of(bytes_of(path));
}

// Gives a folder that is ours and nobody else's.
Fd private_folder(const std::string& path) {
  if (path.empty()) return {};
  ::mkdir(path.c_str(), 0700);
  Fd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat stat {};
  const bool ours = folder && ::fstat(folder.get(), &stat) == 0 && stat.st_uid == ::geteuid() &&
                    (stat.st_mode & 077) == 0;
  return ours ? std::move(folder) : Fd{};
}

Fd memory_file() {
  constexpr unsigned kNotExecutable = 0x0008;  // MFD_NOEXEC_SEAL, since Linux 6.3
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd file{::memfd_create("sluice-face", kFlags | kNotExecutable)};
  if (!file && errno == EINVAL) file = Fd{::memfd_create("sluice-face", kFlags)};
  return file;
}

// Nobody who is given this can write by it, nor by what it is opened from.
Result<Fd> read_only(const Fd& file) {
  std::array<char, 40> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/fd/{}", file.get());
  return own(::open(path.data(), O_RDONLY | O_CLOEXEC));
}

Result<void> seal(const Fd& file) {
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return fail_last();
  return {};
}

Result<void> write_all(int fd, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = retry_interrupted([&] {
      return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (wrote <= 0) return wrote < 0 ? fail_last() : fail(EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

// Copies piece by piece; what is to be hidden is so before it is written anywhere.
Result<void> copy_bytes(int from, int to, std::uint64_t size, const inspect::Redaction* redaction) {
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece)));
  for (std::uint64_t at = 0; at < size;) {
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, piece.size()));
    const ssize_t got = retry_interrupted(
        [&] { return ::pread(from, piece.data(), room, static_cast<off_t>(at)); });
    if (got < 0) return fail_last();
    if (got == 0) return fail(ESTALE);  // it is shorter now
    const auto filled = MutableBytes{piece}.first(static_cast<std::size_t>(got));
    if (redaction != nullptr) redaction->apply(at, filled);
    TRY(write_all(to, at, filled));
    at += filled.size();
  }
  return {};
}

}  // namespace

struct Faces::Store {
  explicit Store(FacesLimits wanted)
      : limits{std::move(wanted)}, folder{private_folder(limits.spill_folder)} {}

  // Takes `size` bytes of a limit, if there are so many left.
  static bool take(std::atomic<std::uint64_t>& used, std::uint64_t limit, std::uint64_t size) {
    std::uint64_t now = used.load();
    do {
      if (size > limit || now > limit - size) return false;
    } while (!used.compare_exchange_weak(now, now + size));
    return true;
  }

  const FacesLimits limits;
  const Fd folder;  // where faces are that memory has no room for; none: nowhere
  std::atomic<std::uint64_t> memory{0}, spilled{0}, faces{0}, made{0}, ranges{0};
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

void Faces::keep(const Key& key, const Shared& face) {
  Shared gone;  // longer than the lock: it may take a while to give its memory back
  const std::lock_guard lock{mutex_};
  if (faces_.size() >= sweep_at_) {
    std::erase_if(faces_, [](const auto& each) { return each.second.face.expired(); });
    sweep_at_ = std::max<std::size_t>(64, faces_.size() * 2);
  }
  Entry& entry = faces_[key];
  entry = {face, idle_.end()};
  // Copies of bytes that are not redacted are gone with the last one who has them.
  if (key.snapshot || face->file() == nullptr || store_->limits.idle == 0) return;
  entry.idle = idle_.emplace(idle_.begin(), key, face);
  if (idle_.size() <= store_->limits.idle) return;
  faces_[idle_.back().first].idle = idle_.end();
  gone = std::move(idle_.back().second);
  idle_.pop_back();
}

// Lets the one go that was not used for longest; tells whether there was one.
bool Faces::drop_idle() {
  Shared gone;
  const std::lock_guard lock{mutex_};
  if (idle_.empty()) return false;
  faces_[idle_.back().first].idle = idle_.end();
  gone = std::move(idle_.back().second);
  idle_.pop_back();
  return true;
}

std::shared_ptr<const Face> Faces::find(const Version& version, policy::ContentSet contents,
                                        policy::With with, std::string_view path) const {
  std::unique_lock lock{mutex_};
  return find({version, contents.bits(), with, false, digest_of(path)}, lock);
}

// Gives EFBIG where there is no room, though nobody has any that is idle.
Result<Faces::Shared> Faces::copy(int fd, const Version& version,
                                  const inspect::Redaction* redaction) {
  for (;;) {
    auto face = copy_once(fd, version, redaction);
    if (face || face.error() != Errno{EFBIG} || !drop_idle()) return face;
  }
}

Result<Faces::Shared> Faces::copy_once(int fd, const Version& version,
                                       const inspect::Redaction* redaction) {
  const std::uint64_t size = version.size();
  const std::shared_ptr<Store> store = store_;
  const auto fill = [&](const Fd& file, std::atomic<std::uint64_t>& used) -> Result<Fd> {
    auto done = [&]() -> Result<Fd> {
      if (!file) return fail_last();
      TRY(copy_bytes(fd, file.get(), size, redaction));
      // A file in a folder has no seals; there it is that nobody has it open for writing.
      if (&used == &store->memory) TRY(seal(file));
      return read_only(file);
    }();
    if (!done) used.fetch_sub(size);
    return done;
  };
  const auto face_of = [&](Fd file, std::atomic<std::uint64_t> Store::*used) {
    store->faces.fetch_add(1);
    store->made.fetch_add(1);
    return std::make_shared<const Face>(std::move(file), size, [store, used, size] {
      ((*store).*used).fetch_sub(size);
      store->faces.fetch_sub(1);
    });
  };
  if (Store::take(store->memory, store->limits.memory, size)) {
    const Fd file = memory_file();
    return face_of(TRY(fill(file, store->memory)), &Store::memory);
  }
  if (store->folder && Store::take(store->spilled, store->limits.spill, size)) {
    constexpr int kUnnamed = O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC;
    const Fd file{::openat(store->folder.get(), ".", kUnnamed, 0400)};
    auto filled = fill(file, store->spilled);
    // The disk may be full before the limit is reached.
    if (filled) return face_of(std::move(*filled), &Store::spilled);
    if (filled.error() == Errno{ESTALE}) return fail(ESTALE);
  }
  return fail(EFBIG);
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
  auto face = copy(fd, key.version, &redaction);
  if (!face && face.error() == Errno{EFBIG}) {
    std::array<char, 40> path{};
    fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/fd/{}", fd);
    Fd lower = TRY(own(::open(path.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
    store_->made.fetch_add(1);
    store_->ranges.fetch_add(1);
    face = std::make_shared<const Face>(std::move(lower), key.version, std::move(redaction));
  }
  if (!face) return face;
  const auto now = Version::of(fd);
  if (!now || *now != key.version) return fail(ESTALE);
  keep(key, *face);
  return face;
}

Result<Faces::Shared> Faces::snapshot(int fd, const Version& version) {
  const Key key{version, 0, policy::With::nothing, true, {}};
  if (auto known = find_or_begin(key)) return known;
  const Making making{*this, key};
  const Shared face = TRY(copy(fd, version, nullptr));
  keep(key, face);
  return face;
}

Faces::Stats Faces::stats() const {
  return {.faces = store_->faces.load(),
          .memory = store_->memory.load(),
          .spilled = store_->spilled.load(),
          .made = store_->made.load(),
          .ranges = store_->ranges.load()};
}

}  // namespace sluice::content
