// SPDX-License-Identifier: MIT
// Prints what loading a policy and taking steps in it cost, for 1 to 10,000 rules. Nothing is
// asserted: times are this machine's.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "sluice/policy/presets.h"
#include "sluice/policy/save.h"
#include "support.h"

namespace sluice::policy {
namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds(const std::function<void()>& run, int times) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    run();
    all.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

enum class Shape { mixed, hostile };

std::string policy(int rules, Shape shape) {
  std::string text = "version = 1\n[subject.agent]\nrun_as = true\n";
  for (int i = 0; i < rules; ++i) {
    const char a = static_cast<char>('a' + i % 26), b = static_cast<char>('a' + i / 26 % 26);
    const std::string glob =
        shape == Shape::hostile
            ? (i % 2 == 0 ? fmt::format("**/{}*{}*c{}", a, b, i) : fmt::format("**/x{}/**/y", i))
        : i % 4 == 0 ? fmt::format("dir{}/sub/file{}", i % 100, i)
        : i % 4 == 1 ? fmt::format("*.ext{}", i)
        : i % 4 == 2 ? fmt::format("name{}", i)
                     : fmt::format("pre{}*", i);
    text += fmt::format(
        "[[rule]]\nid = \"r{}\"\nwho = \"agent\"\npath = [\"{}\"]\nverdict = \"hide\"\n", i, glob);
  }
  return text;
}

void measure(int rules, Shape shape) {
  const std::string text = policy(rules, shape);
  const double load_ms = nanoseconds([&] { program_of(text); }, rules > 1000 ? 3 : 15) / 1e6;
  const Program program = program_of(text);
  const auto saved = save(program);
  const double restore_ms = nanoseconds([&] { static_cast<void>(restore(saved)); }, 5) / 1e6;
  const std::vector<std::string> names{"src",      "main.cpp", "README.md", "node_modules",
                                       "index.js", "Makefile", "a",         ".git"};
  constexpr int kSteps = 20000;
  const SubjectIndex agent = *program.subject("agent");
  std::size_t sum = 0;
  const auto steps = [&] {
    for (int i = 0; i < kSteps; ++i) {
      sum += static_cast<std::size_t>(
          program.step(program.start(), names[static_cast<std::size_t>(i) % 8]).other);
    }
  };
  steps();
  const double step = nanoseconds(steps, 31) / kSteps;
  const Place place = program.step(program.start(), "src").directory;
  const auto terms = [&] {
    for (int i = 0; i < kSteps; ++i)
      sum += static_cast<std::size_t>(program.terms(place, agent).id);
  };
  const double term = nanoseconds(terms, 31) / kSteps;
  int fresh = 0;
  const auto misses = [&] {
    for (int i = 0; i < 200; ++i)
      sum += static_cast<std::size_t>(program.step(place, fmt::format("new{}name", fresh++)).other);
  };
  const double miss = nanoseconds(misses, 15) / 200;
  const auto hostile = [&] {
    Place at = program.start();
    for (int i = 0; i < 200; ++i)
      at = program.enter(at, fmt::format("x{}", (fresh++ * 2 + 1) % std::max(rules, 1)),
                         Kind::directory);
    sum += static_cast<std::size_t>(at);
  };
  const double deep = nanoseconds(hostile, 15) / 200;
  fmt::print(
      "{:6} rules {:7}: load {:8.2f} ms, restore {:7.2f} ms, step {:6.1f} ns, terms {:5.1f} ns, "
      "new name {:8.0f} ns,"
      " new place {:8.0f} ns, {} KiB ({})\n",
      rules, shape == Shape::mixed ? "mixed" : "hostile", load_ms, restore_ms, step, term, miss,
      deep, program.stats().bytes / 1024, sum % 10);
}

}  // namespace
}  // namespace sluice::policy

int main() {
  using namespace sluice::policy;
  for (const Shape shape : {Shape::mixed, Shape::hostile}) {
    for (const int rules : {1, 10, 100, 1000, 10'000}) measure(rules, shape);
  }
  for (const Preset& preset : presets()) {
    const auto saved = save(program_of(preset.text));
    fmt::print("preset {}: load {:.2f} ms, restore {:.2f} ms\n", preset.name,
               nanoseconds([&] { program_of(preset.text); }, 15) / 1e6,
               nanoseconds([&] { static_cast<void>(restore(saved)); }, 15) / 1e6);
  }
  return EXIT_SUCCESS;
}
