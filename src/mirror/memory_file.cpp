// SPDX-License-Identifier: MIT
// Growth is crash safe by the order of its stores: the file is made longer, then the chunk gets an
// owner, then it is counted; a successor believes only what is counted. (Stores of a killed process
// are not lost, so no more than the compiler's order is needed.)
#include "sluice/mirror/memory_file.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <bit>

namespace sluice::mirror {
namespace {

constexpr std::uint64_t kMagic = 0x31656c6966656d73;  // "smemfile" with a version
constexpr std::uint64_t kOwnerOffset = 512;
constexpr std::uint64_t kChunkOwnersOffset = 4096;
constexpr std::uint64_t kMaxChunkBytes = std::uint64_t{1} << 30;
// Below vm.max_map_count (65530 by default), which bounds the mappings of a process.
constexpr std::uint64_t kMaxChunks = 32768;
constexpr std::uint8_t kNobody = 0xff;

#ifndef MFD_NOEXEC_SEAL
constexpr unsigned MFD_NOEXEC_SEAL = 0x8;
#endif

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
  return (value + step - 1) / step * step;
}

// What a file with these bounds needs at most: full chunks, and one part filled chunk a section.
constexpr std::uint64_t chunk_limit(std::uint64_t max_bytes, std::uint64_t chunk_bytes,
                                    std::uint32_t sections) {
  return 1 + sections + max_bytes / chunk_bytes;
}

constexpr std::uint64_t header_bytes(std::uint64_t chunks) {
  return round_up(kChunkOwnersOffset + chunks, 4096);
}

bool can_be_kept(std::uint64_t max_bytes, std::uint64_t chunk_bytes, std::uint32_t sections) {
  if (sections < 1 || sections > MemoryFile::kMaxSections) return false;
  if (!std::has_single_bit(chunk_bytes)) return false;
  if (chunk_bytes < MemoryFile::kStepBytes || chunk_bytes > kMaxChunkBytes) return false;
  if (max_bytes < MemoryFile::kStepBytes || max_bytes / chunk_bytes > kMaxChunks) return false;
  return header_bytes(chunk_limit(max_bytes, chunk_bytes, sections)) <= chunk_bytes;
}

// Kernels before 6.3 do not know MFD_NOEXEC_SEAL; later ones can be told to insist on it.
Result<Fd> make_memfd(const char* name) {
  int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return own(fd);
}

Result<void> take_memory(const Fd& fd, std::uint64_t offset, std::uint64_t bytes) {
  TRY(checked(retry_interrupted([&] {
    return ::fallocate(fd.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  })));
  return {};
}

Result<Mapping> map_file(const Fd& fd, std::uint64_t bytes) {
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) return fail_last();
  return Mapping{static_cast<std::byte*>(base), bytes};
}

}  // namespace

struct MemoryFile::Header {
  std::uint64_t magic;
  std::uint64_t format;
  std::uint64_t chunk_bytes;
  std::uint64_t max_bytes;
  std::uint32_t sections;
  std::uint32_t chunks;  // chunk 0, this header's, included
  std::uint64_t committed[kMaxSections];
};

Mapping::Mapping(Mapping&& other) noexcept
    : base_{std::exchange(other.base_, nullptr)}, bytes_{std::exchange(other.bytes_, 0)} {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    reset();
    base_ = std::exchange(other.base_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void Mapping::reset() noexcept {
  if (base_ != nullptr) ::munmap(std::exchange(base_, nullptr), std::exchange(bytes_, 0));
}

MemoryFile::Header& MemoryFile::header() const noexcept {
  static_assert(sizeof(Header) <= kOwnerOffset);
  static_assert(kOwnerOffset + kOwnerBytes <= kChunkOwnersOffset);
  return *reinterpret_cast<Header*>(header_.base());
}

std::byte* MemoryFile::owner() const noexcept { return header_.base() + kOwnerOffset; }

std::uint8_t* MemoryFile::chunk_owners() const noexcept {
  return reinterpret_cast<std::uint8_t*>(header_.base() + kChunkOwnersOffset);
}

std::uint64_t MemoryFile::size(std::size_t section) const noexcept {
  return header().committed[section];
}

std::uint64_t MemoryFile::bytes() const noexcept {
  const Header& head = header();
  std::uint64_t total =
      header_bytes(chunk_limit(head.max_bytes, head.chunk_bytes, head.sections));
  for (std::uint64_t committed : head.committed) total += committed;
  return total;
}

Result<MemoryFile> MemoryFile::create(const Plan& plan) {
  if (!can_be_kept(plan.max_bytes, plan.chunk_bytes, plan.sections)) return fail(EINVAL);
  Fd fd = TRY(make_memfd(plan.name));
  TRY(checked(::ftruncate(fd.get(), static_cast<off_t>(plan.chunk_bytes))));
  TRY(checked(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK)));
  const std::uint64_t chunks = chunk_limit(plan.max_bytes, plan.chunk_bytes, plan.sections);
  TRY(take_memory(fd, 0, header_bytes(chunks)));
  Mapping mapping = TRY(map_file(fd, header_bytes(chunks)));
  MemoryFile file{std::move(fd), std::move(mapping)};
  Header& head = file.header();
  head.format = plan.format;
  head.chunk_bytes = plan.chunk_bytes;
  head.max_bytes = plan.max_bytes;
  head.sections = plan.sections;
  head.chunks = 1;
  file.chunk_owners()[0] = kNobody;
  head.magic = kMagic;
  TRY(file.reserve());
  return file;
}

Result<MemoryFile> MemoryFile::attach(Fd fd, std::uint64_t format, std::uint32_t sections) {
  struct stat status {};
  TRY(checked(::fstat(fd.get(), &status)));
  const auto length = static_cast<std::uint64_t>(status.st_size);
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || length < kStepBytes) return fail(EINVAL);

  Mapping first = TRY(map_file(fd, 4096));
  const Header head = *reinterpret_cast<const Header*>(first.base());
  if (head.magic != kMagic || head.format != format || head.sections != sections ||
      !can_be_kept(head.max_bytes, head.chunk_bytes, head.sections))
    return fail(EINVAL);
  const std::uint64_t limit = chunk_limit(head.max_bytes, head.chunk_bytes, head.sections);
  if (head.chunks < 1 || head.chunks > limit || head.chunks > length / head.chunk_bytes)
    return fail(EINVAL);

  Mapping mapping = TRY(map_file(fd, header_bytes(limit)));
  MemoryFile file{std::move(fd), std::move(mapping)};
  TRY(file.reserve());
  for (std::uint32_t chunk = 1; chunk < head.chunks; ++chunk) {
    const std::uint8_t section = file.chunk_owners()[chunk];
    if (section >= sections) return fail(EINVAL);
    TRY(file.map_chunk(section, chunk));
  }
  for (std::size_t section = 0; section < kMaxSections; ++section) {
    const std::uint64_t mapped = file.sections_[section].chunks * head.chunk_bytes;
    if (file.size(section) > mapped || file.size(section) % kStepBytes != 0) return fail(EINVAL);
  }
  return file;
}

// Takes the address space that the sections may ever need; it costs no memory.
Result<void> MemoryFile::reserve() {
  const Header& head = header();
  const std::uint64_t bytes = round_up(head.max_bytes, head.chunk_bytes);
  for (std::uint32_t section = 0; section < head.sections; ++section) {
    void* base = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1, 0);
    if (base == MAP_FAILED) return fail_last();
    sections_[section].mapping = Mapping{static_cast<std::byte*>(base), bytes};
  }
  return {};
}

Result<void> MemoryFile::map_chunk(std::size_t section, std::uint32_t chunk) {
  const Header& head = header();
  Section& place = sections_[section];
  const std::uint64_t offset = place.chunks * head.chunk_bytes;
  if (offset + head.chunk_bytes > round_up(head.max_bytes, head.chunk_bytes)) return fail(EINVAL);
  void* want = place.mapping.base() + offset;
  void* base = ::mmap(want, head.chunk_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                      fd_.get(), static_cast<off_t>(chunk * head.chunk_bytes));
  if (base == MAP_FAILED) return fail_last();
  place.last_chunk = chunk;
  ++place.chunks;
  return {};
}

Result<void> MemoryFile::add_chunk(std::size_t section) {
  Header& head = header();
  const std::uint32_t chunk = head.chunks;
  if (chunk >= chunk_limit(head.max_bytes, head.chunk_bytes, head.sections)) return fail(ENOSPC);
  const std::uint64_t length = (chunk + std::uint64_t{1}) * head.chunk_bytes;
  TRY(checked(::ftruncate(fd_.get(), static_cast<off_t>(length))));
  TRY(map_chunk(section, chunk));
  chunk_owners()[chunk] = static_cast<std::uint8_t>(section);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  head.chunks = chunk + 1;
  return {};
}

Result<void> MemoryFile::ensure(std::size_t section, std::uint64_t bytes) {
  Header& head = header();
  if (section >= head.sections) return fail(EINVAL);
  std::uint64_t total = 0;
  for (std::uint64_t committed : head.committed) total += committed;

  while (head.committed[section] < bytes) {
    if (total + kStepBytes > head.max_bytes) return fail(ENOSPC);
    const std::uint64_t used = head.committed[section];
    if (used == sections_[section].chunks * head.chunk_bytes) TRY(add_chunk(section));
    const std::uint64_t in_file =
        sections_[section].last_chunk * head.chunk_bytes + used % head.chunk_bytes;
    auto taken = take_memory(fd_, in_file, kStepBytes);
    // shmem says ENOSPC where the system's memory is at its end; ENOSPC is our own bound's word.
    if (!taken) return fail(taken.error() == Errno{ENOSPC} ? Errno{ENOMEM} : taken.error());
    head.committed[section] = used + kStepBytes;
    total += kStepBytes;
  }
  return {};
}

}  // namespace sluice::mirror
