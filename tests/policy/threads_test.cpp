// SPDX-License-Identifier: MIT
// Many threads take steps, ask for terms, hold and release while places are forgotten around them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support.h"

namespace sluice::policy {
namespace {

std::string many_rules() {
  std::string text = "version = 1\n[subject.a]\nuid = 1\n[subject.b]\nuid = 2\n";
  for (int i = 0; i < 24; ++i) {
    text += fmt::format(
        "[[rule]]\nid = \"r{0}\"\nwho = \"{1}\"\npath = [\"**/x{0}/**/y*\", \"*.e{0}\"]\nread = "
        "\"served\"\n",
        i, i % 2 == 0 ? "a" : "b");
  }
  return text;
}

// Walks as a kernel would, each node held from its lookup to its forget, and checks what it finds.
void walk_about(const Program& program, unsigned seed, std::atomic<int>& wrong) {
  std::uint64_t random = seed;
  const auto below = [&](std::uint64_t bound) {
    random = random * 6364136223846793005 + 1442695040888963407;
    return static_cast<int>((random >> 33) % bound);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<Place> held{program.hold(program.start())};
    bool for_a = false, strict = false;
    for (int depth = 0; depth < 4; ++depth) {
      const int x = below(24);
      for_a |= x % 2 == 0;
      held.push_back(program.enter(held.back(), fmt::format("x{}", x), Kind::directory));
      strict |= held.back() == program.strictest();
    }
    const Place file = program.enter(held.back(), "y.c", Kind::other);
    held.push_back(file);
    strict |= file == program.strictest();
    const Read got = program.terms(file, SubjectIndex{kFirstSubject}).grant.read;
    const Read want = for_a || strict ? Read::served : Read::native;
    if (got != want) wrong.fetch_add(1);
    static_cast<void>(program.differs(file));
    static_cast<void>(program.join(std::array{SubjectIndex{2}, SubjectIndex{3}}));
    for (const Place place : held) program.release(place);
  }
}

void expect_right_answers(std::size_t bytes, bool sweeping) {
  const Program program = program_of(many_rules(), {.limits = {.bytes = bytes}});
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  std::vector<std::jthread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&, seed] { walk_about(program, seed, wrong); });
  }
  std::jthread sweeper{[&] {
    while (sweeping && !done) {
      program.sweep();
      static_cast<void>(program.stats());
      std::this_thread::yield();
    }
  }};
  threads.clear();
  done = true;
  sweeper.join();
  EXPECT_EQ(wrong, 0);
  program.sweep();
  EXPECT_EQ(program.stats().held, 1u) << "the start";
}

TEST(Threads, get_right_answers) { expect_right_answers(std::size_t{64} << 20, false); }
TEST(Threads, get_right_answers_while_places_are_forgotten) {
  expect_right_answers(std::size_t{64} << 20, true);
}
TEST(Threads, get_right_or_strictest_answers_over_the_cap) { expect_right_answers(100'000, true); }

}  // namespace
}  // namespace sluice::policy
