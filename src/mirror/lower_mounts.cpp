// SPDX-License-Identifier: MIT
#include "sluice/mirror/lower_mounts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <charconv>
#include <cstring>

namespace sluice::mirror {
namespace {

constexpr unsigned kInoBits = 48;
constexpr std::uint64_t kMixed = std::uint64_t{1} << 63;
// Device numbers: 0 is the first, then one for each place of the table, then shared ones.
constexpr std::uint64_t kFirstShared = 1 + MountRecords::kDevices;
constexpr std::uint64_t kDeviceNumbers = std::uint64_t{1} << (63 - kInoBits);
constexpr std::size_t kProbes = 32;

// A bijection of the 64-bit numbers (odd multipliers and shifts), so that devices spread.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0x9e3779b97f4a7c15;
  x ^= x >> 29;
  x *= 0xd6e8feb86659fd93;
  return x ^ x >> 32;
}

// A bijection of the numbers below 2^63.
constexpr std::uint64_t mix63(std::uint64_t x) {
  constexpr std::uint64_t mask = kMixed - 1;
  x &= mask;
  x ^= x >> 32;
  x = x * 0x9e3779b97f4a7c15 & mask;
  x ^= x >> 29;
  x = x * 0xd6e8feb86659fd93 & mask;
  return x ^ x >> 32;
}

// Opens what `fd` (O_PATH) refers to once more, for reading, without crossing to another mount.
Result<Fd> reopen(int fd, mode_t mode) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  if (S_ISDIR(mode)) return own(::openat(fd, ".", kFlags | O_DIRECTORY));
  if (!S_ISREG(mode)) return fail(EOPNOTSUPP);
  std::array<char, 32> path{"/proc/self/fd/"};
  char* digits = path.data() + std::strlen(path.data());
  *std::to_chars(digits, path.data() + path.size() - 1, fd).ptr = '\0';
  return own(::open(path.data(), kFlags & ~O_NOFOLLOW));
}

}  // namespace

std::uint64_t map_ino(DeviceIndex device, std::uint64_t ino) noexcept {
  if (ino >> kInoBits == 0) return std::uint64_t{raw(device)} << kInoBits | ino;
  return kMixed | mix63(ino ^ mix64(raw(device)));
}

LowerMounts::LowerMounts(MountRecords& records) noexcept : records_{records} {
  while (used_to_ < kMaxMounts && records_.mounts[used_to_].id != 0) ++used_to_;
}

std::optional<MountIndex> LowerMounts::number_of(MountId id) const noexcept {
  for (std::size_t number = 0; number < used_to_; ++number) {
    if (records_.mounts[number].id != raw(id)) continue;
    return MountIndex{static_cast<std::uint16_t>(number)};
  }
  return std::nullopt;
}

Result<std::shared_ptr<LowerMount>> LowerMounts::probe(MountId id, int fd) {
  struct stat status {};
  TRY(checked(::fstat(fd, &status)));
  auto mount = std::make_shared<LowerMount>();
  mount->id = id;
  mount->device = status.st_dev;
  mount->device_index = device(status.st_dev);
  if (auto opened = reopen(fd, status.st_mode)) {
    mount->fd = std::move(*opened);
  } else if (opened.error() == Errno{EMFILE} || opened.error() == Errno{ENFILE}) {
    return fail(opened.error());  // passes; the mount must not be known as a poor one for ever
  } else {
    mount->refusal = opened.error();
  }

  auto read = LowerHandle::read(fd);
  if (!read) {
    mount->refusal = read.error();
    return mount;
  }
  mount->support = HandleSupport::identity_only;
  if (read->handle.identity_only()) {
    mount->refusal = Errno{EOPNOTSUPP};
    return mount;
  }
  mount->support = HandleSupport::held_only;
  if (!mount->fd) return mount;
  auto opened = read->handle.open(mount->fd.get(), O_PATH);
  struct stat again {};
  if (!opened) {
    mount->refusal = opened.error();
  } else if (::fstat(opened->get(), &again) != 0 || again.st_ino != status.st_ino ||
             again.st_dev != status.st_dev) {
    mount->refusal = Errno{ESTALE};  // a file system whose handles lead elsewhere
  } else {
    mount->support = HandleSupport::openable;
  }
  return mount;
}

Result<MountIndex> LowerMounts::note(MountId id, int fd) {
  if (raw(id) == 0) return fail(EINVAL);
  {
    std::scoped_lock lock{mutex_};
    const auto known = number_of(id);
    if (known && mounts_[raw(*known)]) return *known;
    if (!known && used_to_ == kMaxMounts) return fail(ENFILE);
  }
  auto mount = TRY(probe(id, fd));

  std::scoped_lock lock{mutex_};
  auto number = number_of(id);  // another thread may have been faster
  if (number && mounts_[raw(*number)]) return *number;
  // An old-style id that has come back with another device is another mount.
  if (number && records_.mounts[raw(*number)].device != mount->device) {
    records_.mounts[raw(*number)].id = ~std::uint64_t{0};
    number = std::nullopt;
  }
  if (!number) {
    if (used_to_ == kMaxMounts) return fail(ENFILE);
    number = MountIndex{static_cast<std::uint16_t>(used_to_)};
    records_.mounts[used_to_].device = mount->device;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    records_.mounts[used_to_++].id = raw(id);
  }
  mount->index = *number;
  mounts_[raw(*number)] = std::move(mount);
  return *number;
}

Result<LowerMounts::Ref> LowerMounts::read(MountIndex index) const {
  if (raw(index) >= kMaxMounts) return fail(ESTALE);
  std::scoped_lock lock{mutex_};
  if (!mounts_[raw(index)]) return fail(ESTALE);
  return mounts_[raw(index)];
}

void LowerMounts::retire(MountIndex index) {
  if (raw(index) >= kMaxMounts) return;
  Ref last;  // closes after the lock
  std::scoped_lock lock{mutex_};
  last.swap(mounts_[raw(index)]);
}

std::size_t LowerMounts::size() const {
  std::scoped_lock lock{mutex_};
  std::size_t count = 0;
  for (std::size_t number = 0; number < used_to_; ++number) count += mounts_[number] != nullptr;
  return count;
}

DeviceIndex LowerMounts::device(dev_t device) noexcept {
  const std::uint64_t id = std::uint64_t{device} + 1;  // 0 marks an empty place
  const auto claim = [id](std::uint64_t& place) {
    std::atomic_ref<std::uint64_t> entry{place};
    std::uint64_t seen = entry.load(std::memory_order_relaxed);
    if (seen == 0) entry.compare_exchange_strong(seen, id, std::memory_order_relaxed);
    return seen == 0 || seen == id;
  };
  if (claim(records_.first_device)) return DeviceIndex{0};
  const std::uint64_t hash = mix64(id);
  for (std::uint64_t i = 0; i < kProbes; ++i) {
    const std::uint64_t place = (hash + i) % MountRecords::kDevices;
    if (claim(records_.devices[place])) return DeviceIndex{static_cast<std::uint16_t>(1 + place)};
  }
  const std::uint64_t shared = kFirstShared + hash % (kDeviceNumbers - kFirstShared);
  return DeviceIndex{static_cast<std::uint16_t>(shared)};
}

}  // namespace sluice::mirror
