// SPDX-License-Identifier: MIT
// What is denied and hidden stays so while others move, replace and link files, through the mount
// and below it, and while the policy is loaded again and again.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kSecret = "the secret itself";
constexpr std::string_view kRules = R"(
[[rule]]
id = "hidden"
path = ["*.key", "vault/"]
verdict = "hide"
[[rule]]
id = "denied"
path = "*.no"
verdict = "deny"
)";

class Leaks : public Guarded {
 protected:
  // Whether the secret is had by this name.
  bool leaks(const std::string& name) {
    const Fd fd{::open(mount(name).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return false;
    char text[64] = {};
    const ssize_t got = ::read(fd.get(), text, sizeof text);
    if (got > 0 && std::string_view{text, static_cast<std::size_t>(got)} == kSecret) return true;
    void* map = ::mmap(nullptr, 64, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (map == MAP_FAILED) return false;
    struct stat stat {};
    const bool mapped = ::fstat(fd.get(), &stat) == 0 &&
                        static_cast<std::size_t>(stat.st_size) == kSecret.size() &&
                        std::string_view{static_cast<char*>(map), kSecret.size()} == kSecret;
    ::munmap(map, 64);
    return mapped;
  }
};

TEST_F(Leaks, nothing_is_had_by_a_name_that_keeps_it_while_names_move_below) {
  put("a.no", kSecret);
  put("b.key", kSecret);
  put("vault/in", kSecret);
  put("plain", "nothing");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  std::atomic<bool> stop{false};
  std::atomic<int> leaked{0}, turns{0};
  const auto reader = [&] {
    while (!stop) {
      for (const char* name : {"a.no", "b.key", "vault/in", "c.no", "d.key"}) {
        if (leaks(name)) ++leaked;
      }
      ++turns;
    }
  };
  // Below the mount names are taken from each other; every name the secret gets keeps it.
  const auto mover = [&] {
    const auto move = [&](const char* from, const char* to) {
      ::rename(lower(from).c_str(), lower(to).c_str());
    };
    while (!stop) {
      move("a.no", "c.no");
      move("b.key", "d.key");
      move("c.no", "b.key");
      move("d.key", "a.no");
      move("vault", "vault.key");
      move("vault.key", "vault");
    }
  };
  const auto linker = [&] {
    while (!stop) {
      for (const char* name : {"a.no", "b.key", "c.no", "d.key", "vault/in"}) {
        ::link(mount(name).c_str(), mount("loose").c_str());
        ::rename(mount(name).c_str(), mount("loose").c_str());
        if (leaks("loose")) ++leaked;
      }
      ::rename(mount("plain").c_str(), mount("moved").c_str());
      ::rename(mount("moved").c_str(), mount("plain").c_str());
    }
  };
  std::thread all[] = {std::thread{reader}, std::thread{reader}, std::thread{mover},
                       std::thread{linker}};
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(guard().reload(program_of(kRules), &served().notifier()));
    ::usleep(50000);
  }
  stop = true;
  for (std::thread& each : all) each.join();
  EXPECT_EQ(leaked, 0);
  EXPECT_GT(turns, 0);
  EXPECT_EQ(open_outcome(mount("loose"), O_RDONLY), "ENOENT");
}

TEST_F(Leaks, a_file_saved_over_a_kept_name_by_others_is_kept) {
  put("a.no", "old");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(open_outcome(mount("a.no"), O_RDONLY), "EACCES");
  write_file(lower("saved"), kSecret);
  EXPECT_TRUE(leaks("saved")) << "its name keeps nothing";
  ASSERT_EQ(::rename(lower("saved").c_str(), lower("a.no").c_str()), 0);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(leaks("a.no"));
}

TEST_F(Leaks, a_large_tree_of_many_places_is_kept_within_the_policys_bound) {
  for (int i = 0; i < 200; ++i) {
    put("x" + std::to_string(i) + "/y" + std::to_string(i % 7) + "/z.key", kSecret);
  }
  std::string rules{kRules};
  for (int i = 0; i < 60; ++i) {
    rules += "[[rule]]\nid = \"r" + std::to_string(i) + "\"\npath = \"**/x" + std::to_string(i) +
             "/**/w\"\nverdict = \"deny\"\n";
  }
  ASSERT_NO_FATAL_FAILURE(serve(rules));
  std::string said;
  EXPECT_EQ(shell("find " + mount() + " -type f | wc -l", &said), 0);
  EXPECT_EQ(said, "0\n");
  EXPECT_EQ(shell("find " + mount() + " -type d | wc -l", &said), 0);
  EXPECT_EQ(said, "401\n");
}

}  // namespace
}  // namespace sluice::guard::test
