// SPDX-License-Identifier: MIT
// What only the machine's own calls can ask: mapped files, sendfile, direct I/O.
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cstring>

#include "conformance/behaviour.h"
#include "sluice/base/fd.h"

namespace conformance {
namespace {

constexpr std::size_t kSize = 65536;

// A mapping that goes with its scope.
class Mapping {
 public:
  Mapping(const Fd& file, int protection, int flags)
      : at_{::mmap(nullptr, kSize, protection, flags, file.get(), 0)} {}
  ~Mapping() {
    if (at_ != MAP_FAILED) ::munmap(at_, kSize);
  }
  Mapping(const Mapping&) = delete;
  char* bytes() const { return at_ == MAP_FAILED ? nullptr : static_cast<char*>(at_); }
  void sync() const { EXPECT_EQ(::msync(at_, kSize, MS_SYNC), 0); }

 private:
  void* at_;
};

Fd open_really(World& world, const std::string& path, int flags) {
  return Fd{::open(world.real_path(path)->c_str(), flags | O_CLOEXEC)};
}

void a_mapping_shows_what_is_in_the_file(World& world) {
  make(world, "a", std::string(kSize, 'a'));
  const Fd file = open_really(world, "a", O_RDONLY);
  const Mapping mapping{file, PROT_READ, MAP_PRIVATE};
  ASSERT_NE(mapping.bytes(), nullptr);
  EXPECT_EQ(std::string(mapping.bytes(), kSize), std::string(kSize, 'a'));
}

void stores_to_a_shared_mapping_are_read_back(World& world) {
  make(world, "a", std::string(kSize, 'a'));
  const Fd file = open_really(world, "a", O_RDWR);
  const Mapping mapping{file, PROT_READ | PROT_WRITE, MAP_SHARED};
  ASSERT_NE(mapping.bytes(), nullptr);
  std::memcpy(mapping.bytes() + 5000, "stored", 6);
  mapping.sync();
  const int other = MUST(world.open("a", O_RDONLY));
  EXPECT_EQ(MUST(world.pread(other, 6, 5000)), "stored");
  EXPECT_DONE(world.close(other));
}

void writes_are_seen_in_a_shared_mapping(World& world) {
  make(world, "a", std::string(kSize, 'a'));
  const Fd file = open_really(world, "a", O_RDWR);
  const Mapping mapping{file, PROT_READ, MAP_SHARED};
  ASSERT_NE(mapping.bytes(), nullptr);
  EXPECT_EQ(mapping.bytes()[100], 'a');
  EXPECT_EQ(::pwrite(file.get(), "written", 7, 100), 7);
  EXPECT_EQ(std::string(mapping.bytes() + 100, 7), "written");
}

void a_private_mapping_changes_nothing(World& world) {
  make(world, "a", std::string(kSize, 'a'));
  const Fd file = open_really(world, "a", O_RDONLY);
  const Mapping mapping{file, PROT_READ | PROT_WRITE, MAP_PRIVATE};
  ASSERT_NE(mapping.bytes(), nullptr);
  mapping.bytes()[0] = 'X';
  EXPECT_EQ(content_of(world, "a").at(0), 'a');
}

void a_mapping_outlives_its_descriptor_and_its_name(World& world) {
  make(world, "a", std::string(kSize, 'a'));
  Fd file = open_really(world, "a", O_RDWR);
  const Mapping mapping{file, PROT_READ | PROT_WRITE, MAP_SHARED};
  ASSERT_NE(mapping.bytes(), nullptr);
  file.reset();
  EXPECT_DONE(world.unlink("a"));
  mapping.bytes()[1] = 'b';
  EXPECT_EQ(std::string(mapping.bytes(), 3), "aba");
}

void sendfile_sends_what_is_in_the_file(World& world) {
  make(world, "a", std::string(kSize, 's'));
  const Fd from = open_really(world, "a", O_RDONLY);
  make(world, "b");
  const Fd to = open_really(world, "b", O_WRONLY);
  std::size_t sent = 0;
  while (sent < kSize) {
    const ssize_t some = ::sendfile(to.get(), from.get(), nullptr, kSize - sent);
    ASSERT_GT(some, 0);
    sent += static_cast<std::size_t>(some);
  }
  EXPECT_TRUE(content_of(world, "b") == std::string(kSize, 's'));
}

void direct_and_buffered_access_agree(World& world) {
  make(world, "a", std::string(kSize, 'a'));
  const Fd direct = open_really(world, "a", O_RDWR | O_DIRECT);
  if (!direct) GTEST_SKIP() << "no direct I/O here";
  alignas(4096) static char block[4096];
  std::memset(block, 'D', sizeof(block));
  if (::pwrite(direct.get(), block, sizeof(block), 4096) != 4096) GTEST_SKIP() << "other alignment";
  const int file = MUST(world.open("a", O_RDONLY));
  EXPECT_EQ(MUST(world.pread(file, 3, 4095)), "aDD");
  EXPECT_DONE(world.close(file));
  ASSERT_EQ(::pread(direct.get(), block, sizeof(block), 0), 4096);
  EXPECT_EQ(block[0], 'a');
}

constexpr Behaviour kBehaviours[] = {
    {"a_mapping_shows_what_is_in_the_file", a_mapping_shows_what_is_in_the_file, Needs::real_path},
    {"stores_to_a_shared_mapping_are_read_back", stores_to_a_shared_mapping_are_read_back,
     Needs::real_path},
    {"writes_are_seen_in_a_shared_mapping", writes_are_seen_in_a_shared_mapping, Needs::real_path},
    {"a_private_mapping_changes_nothing", a_private_mapping_changes_nothing, Needs::real_path},
    {"a_mapping_outlives_its_descriptor_and_its_name",
     a_mapping_outlives_its_descriptor_and_its_name, Needs::real_path},
    {"sendfile_sends_what_is_in_the_file", sendfile_sends_what_is_in_the_file, Needs::real_path},
    {"direct_and_buffered_access_agree", direct_and_buffered_access_agree, Needs::real_path},
};

}  // namespace

std::span<const Behaviour> mapping_behaviours() { return kBehaviours; }

}  // namespace conformance
