// SPDX-License-Identifier: MIT
// Memory that outlives the process: a memfd, which a keeper holds and a successor maps again.
//
// The file is cut into chunks of one size. Chunk 0 is the header; every other chunk belongs to one
// section, and the chunks of a section lie one behind the other in this process's address space
// (reserved once, filled as the section grows), however they lie in the file. So a section is a
// plain array that grows without ever moving: a pointer into it stays good for as long as the
// MemoryFile lives. What is kept in it must be indexes and never pointers, since the successor
// maps it elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::mirror {

// A range of address space that unmaps itself.
class Mapping {
 public:
  Mapping() noexcept = default;
  Mapping(std::byte* base, std::uint64_t bytes) noexcept : base_{base}, bytes_{bytes} {}
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { reset(); }

  std::byte* base() const noexcept { return base_; }
  void reset() noexcept;

 private:
  std::byte* base_ = nullptr;
  std::uint64_t bytes_ = 0;
};

class MemoryFile {
 public:
  static constexpr std::size_t kMaxSections = 8;
  // The owner's own part of the header, zero in a new file.
  static constexpr std::size_t kOwnerBytes = 2048;
  // Sections grow by this much at a time; it is also the smallest chunk.
  static constexpr std::uint64_t kStepBytes = std::uint64_t{128} << 10;

  struct Plan {
    const char* name;       // what /proc/PID/maps shows
    std::uint64_t format;   // what the owner keeps in it, and in which version
    std::uint32_t sections;  // 1 to kMaxSections
    std::uint64_t max_bytes;  // what all sections together may take
    std::uint64_t chunk_bytes = std::uint64_t{1} << 20;  // a power of two; one mapping each
  };

  // Makes an empty file, close-on-exec, that can grow and can never shrink.
  // errors  EINVAL a plan that cannot be kept; EMFILE, ENFILE; ENOMEM no memory or address space.
  static Result<MemoryFile> create(const Plan& plan);

  // Maps a file that create() made, perhaps in another process, with all that was put in it.
  // errors  EINVAL not such a file, another format, damaged, or one that could be cut short under
  //         us (which would turn a read into SIGBUS); ENOMEM.
  static Result<MemoryFile> attach(Fd file, std::uint64_t format, std::uint32_t sections);

  // Makes sure that the first `bytes` bytes of `section` can be used; new bytes are zero. Memory
  // is taken from the system here, so that touching it later cannot fail.
  // errors  ENOSPC the plan's bound; ENOMEM the system has no more. What was there stays.
  // locks   none: the caller lets one thread grow at a time.
  Result<void> ensure(std::size_t section, std::uint64_t bytes);

  // The start of a section; never changes, so it can be read without a lock.
  std::byte* base(std::size_t section) const noexcept { return sections_[section].mapping.base(); }
  // How many bytes of a section can be used now.
  std::uint64_t size(std::size_t section) const noexcept;
  // kOwnerBytes bytes, aligned for any type.
  std::byte* owner() const noexcept;
  // All memory the file has taken, header included.
  std::uint64_t bytes() const noexcept;
  const Fd& fd() const noexcept { return fd_; }

 private:
  struct Header;
  struct Section {
    Mapping mapping;
    std::uint32_t chunks = 0;
    std::uint32_t last_chunk = 0;  // the file's number of the section's last chunk
  };

  MemoryFile(Fd fd, Mapping header) noexcept : fd_{std::move(fd)}, header_{std::move(header)} {}
  Header& header() const noexcept;
  std::uint8_t* chunk_owners() const noexcept;
  Result<void> reserve();
  Result<void> add_chunk(std::size_t section);
  Result<void> map_chunk(std::size_t section, std::uint32_t chunk);

  Fd fd_;
  Mapping header_;
  std::array<Section, kMaxSections> sections_;
};

}  // namespace sluice::mirror
