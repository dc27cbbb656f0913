// SPDX-License-Identifier: MIT
#include "sluice/mirror/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace sluice::mirror {
namespace {

constexpr std::uint64_t kFormat = 77;
constexpr std::uint64_t kStep = MemoryFile::kStepBytes;

MemoryFile::Plan plan(std::uint64_t max_bytes = 64 * kStep) {
  return {.name = "nodes-test",
          .format = kFormat,
          .sections = 2,
          .max_bytes = max_bytes,
          .chunk_bytes = 2 * kStep};
}

TEST(MemoryFile, a_section_grows_without_moving_and_is_zero) {
  auto file = MemoryFile::create(plan()).value();
  ASSERT_TRUE(file.ensure(0, 1));
  std::byte* start = file.base(0);
  std::memset(start, 0x11, kStep);
  ASSERT_TRUE(file.ensure(1, 3 * kStep));
  ASSERT_TRUE(file.ensure(0, 7 * kStep));  // chunks of the two sections now take turns in the file
  EXPECT_EQ(file.base(0), start);
  EXPECT_GE(file.size(0), 7 * kStep);
  EXPECT_EQ(start[kStep - 1], std::byte{0x11});
  for (std::uint64_t at = kStep; at < 7 * kStep; at += 64) ASSERT_EQ(start[at], std::byte{0});
  std::memset(start, 0x22, 7 * kStep);
  for (std::uint64_t at = 0; at < 3 * kStep; at += 64) ASSERT_EQ(file.base(1)[at], std::byte{0});
}

TEST(MemoryFile, says_enospc_at_its_bound_and_keeps_what_was_there) {
  auto file = MemoryFile::create(plan(4 * kStep)).value();
  ASSERT_TRUE(file.ensure(0, 2 * kStep));
  file.base(0)[0] = std::byte{9};
  ASSERT_TRUE(file.ensure(1, 2 * kStep));
  EXPECT_EQ(file.ensure(0, 3 * kStep).error(), Errno{ENOSPC});
  EXPECT_EQ(file.ensure(1, 2 * kStep + 1).error(), Errno{ENOSPC});
  EXPECT_EQ(file.size(0), 2 * kStep);
  EXPECT_EQ(file.base(0)[0], std::byte{9});
  EXPECT_TRUE(file.ensure(0, 2 * kStep));
}

TEST(MemoryFile, takes_its_memory_when_it_grows_so_that_touching_it_cannot_fail) {
  auto file = MemoryFile::create(plan()).value();
  ASSERT_TRUE(file.ensure(0, 5 * kStep));
  struct stat status {};
  ASSERT_EQ(::fstat(file.fd().get(), &status), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(status.st_blocks) * 512, file.bytes());
  EXPECT_GE(file.bytes(), 5 * kStep);
}

TEST(MemoryFile, a_successor_finds_everything_where_it_was) {
  Fd kept;
  {
    auto file = MemoryFile::create(plan()).value();
    for (std::uint64_t size = kStep; size <= 9 * kStep; size += kStep) {
      ASSERT_TRUE(file.ensure(0, size));
      ASSERT_TRUE(file.ensure(1, size));
      file.base(0)[size - 1] = std::byte{static_cast<unsigned char>(size / kStep)};
      file.base(1)[size - 1] = std::byte{static_cast<unsigned char>(100 + size / kStep)};
    }
    file.owner()[0] = std::byte{42};
    file.owner()[MemoryFile::kOwnerBytes - 1] = std::byte{43};
    kept = file.fd().duplicate().value();
  }
  auto file = MemoryFile::attach(std::move(kept), kFormat, 2).value();
  for (std::uint64_t step = 1; step <= 9; ++step) {
    EXPECT_EQ(file.base(0)[step * kStep - 1], std::byte{static_cast<unsigned char>(step)});
    EXPECT_EQ(file.base(1)[step * kStep - 1], std::byte{static_cast<unsigned char>(100 + step)});
  }
  EXPECT_EQ(file.owner()[0], std::byte{42});
  EXPECT_EQ(file.owner()[MemoryFile::kOwnerBytes - 1], std::byte{43});
  EXPECT_TRUE(file.ensure(0, 20 * kStep)) << "it goes on growing";
}

TEST(MemoryFile, descriptor_is_closed_on_exec_and_the_file_cannot_be_cut_short) {
  auto file = MemoryFile::create(plan()).value();
  EXPECT_NE(::fcntl(file.fd().get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(::ftruncate(file.fd().get(), 0), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(MemoryFile, refuses_plans_that_cannot_be_kept) {
  for (auto [chunk, max, sections] : {std::tuple{kStep / 2, 64 * kStep, 1U},
                                      std::tuple{3 * kStep, 64 * kStep, 1U},
                                      std::tuple{kStep, std::uint64_t{0}, 1U},
                                      std::tuple{kStep, 64 * kStep, 0U},
                                      std::tuple{kStep, 64 * kStep, 9U},
                                      std::tuple{kStep, 1000000 * kStep, 1U}}) {
    auto made = MemoryFile::create(
        {.name = "x", .format = 1, .sections = sections, .max_bytes = max, .chunk_bytes = chunk});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), Errno{EINVAL});
  }
}

TEST(MemoryFile, refuses_to_attach_what_is_not_its_own) {
  auto error_of = [](Fd fd, std::uint64_t format = kFormat, std::uint32_t sections = 2) {
    auto file = MemoryFile::attach(std::move(fd), format, sections);
    return file ? 0 : file.error().value();
  };
  auto file = MemoryFile::create(plan()).value();
  ASSERT_TRUE(file.ensure(1, kStep));
  EXPECT_EQ(error_of(file.fd().duplicate().value()), 0);
  EXPECT_EQ(error_of(file.fd().duplicate().value(), kFormat + 1), EINVAL);
  EXPECT_EQ(error_of(file.fd().duplicate().value(), kFormat, 3), EINVAL);
  EXPECT_EQ(error_of(Fd{::open("/dev/null", O_RDWR | O_CLOEXEC)}), EINVAL);
  EXPECT_EQ(error_of(Fd{::memfd_create("empty", MFD_CLOEXEC | MFD_ALLOW_SEALING)}), EINVAL);

  // A perfect copy, but one that somebody could cut short under us.
  Fd copy{::memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  struct stat status {};
  ASSERT_EQ(::fstat(file.fd().get(), &status), 0);
  ASSERT_EQ(::ftruncate(copy.get(), status.st_size), 0);
  off_t from = 0;
  ASSERT_EQ(::sendfile(copy.get(), file.fd().get(), &from, 3 * kStep),
            static_cast<ssize_t>(3 * kStep));
  EXPECT_EQ(error_of(copy.duplicate().value()), EINVAL);
  ASSERT_EQ(::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_EQ(error_of(copy.duplicate().value()), 0);
}

TEST(MemoryFile, refuses_a_chunk_that_belongs_to_no_section) {
  auto file = MemoryFile::create(plan()).value();
  ASSERT_TRUE(file.ensure(0, kStep));
  // The list of owners follows the first page; chunk 1 is section 0's.
  const std::uint8_t owner = 2;
  ASSERT_EQ(::pwrite(file.fd().get(), &owner, 1, 4096 + 1), 1);
  auto again = MemoryFile::attach(file.fd().duplicate().value(), kFormat, 2);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), Errno{EINVAL});
}

// Every byte of the header is set to some wrong values: attach may refuse or accept, and what it
// accepts can be used, but it never crashes.
TEST(MemoryFile, a_damaged_header_is_refused_or_harmless) {
  constexpr std::size_t kHeaderBytes = 4096 + 64;
  int refused = 0;
  for (std::size_t at = 0; at < kHeaderBytes; at = at == 128 ? 4096 : at + 1) {
    for (unsigned value : {0x00U, 0x01U, 0x7fU, 0xffU}) {
      auto file = MemoryFile::create(plan()).value();
      ASSERT_TRUE(file.ensure(0, 3 * kStep));
      ASSERT_TRUE(file.ensure(1, 3 * kStep));
      void* head = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd().get(), 0);
      ASSERT_NE(head, MAP_FAILED);
      static_cast<unsigned char*>(head)[at] = static_cast<unsigned char>(value);
      ::munmap(head, 8192);
      auto again = MemoryFile::attach(file.fd().duplicate().value(), kFormat, 2);
      if (!again) {
        ++refused;
        continue;
      }
      for (std::size_t section = 0; section < 2; ++section) {
        if (again->size(section) > 0) std::memset(again->base(section), 1, again->size(section));
      }
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace sluice::mirror
