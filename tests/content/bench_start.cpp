// SPDX-License-Identifier: MIT
// Prints what it costs to get detectors ready: bench_detection [RULES], a file in gitleaks' format.
// From a policy to a Detection, cold and from what was saved; from there to an inspector's first
// answer; and one answer about a small file after that. Nothing is asserted.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "support.h"

namespace sluice::content {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Calls `act` some times and gives the median of what it takes, in ms.
template <class Act>
double median(int times, Act act) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    act();
    all.push_back(ms_since(begin));
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

void measure(const char* what, const Asked& asked) {
  const policy::Program program = program_of(asked);
  const double cold = median(1, [&] { static_cast<void>(Detection::make(program)); });
  const auto saved = (*Detection::make(program))->save();
  const double warm = median(9, [&] { static_cast<void>(Detection::make(program, saved)); });
  const auto detection = *Detection::make(program, saved);
  const std::string text = "some text with tok_abcdefgh in it\n";
  const Fd file = file_of(text);
  const auto start = [&] {
    return *Inspector::start(detection, program,
                             {.program = inspector_program(), .deadline = std::chrono::seconds{9}});
  };
  const auto ask = [&](Inspector& inspector) {
    static_cast<void>(inspector.find(SetIndex{0}, file.get(), text.size(), "file"));
  };
  const double ready = median(9, [&] { static_cast<void>(start()); });
  const double first = median(9, [&] { ask(*start()); });
  const auto inspector = start();
  const double next = median(2001, [&] { ask(*inspector); });
  fmt::print(
      "{}: detection {:.1f} ms cold, {:.1f} ms saved ({} KiB); inspector started and ended "
      "{:.1f} ms, with a first answer {:.1f} ms; an answer {:.0f} us\n",
      what, cold, warm, saved.size() / 1024, ready, first, next * 1000);
  for (const std::string& line : inspector->missing()) fmt::print("  missing: {}\n", line);
}

}  // namespace
}  // namespace sluice::content

int main(int argc, char** argv) {
  using namespace sluice::content;
  measure("builtin", {.contents = {"builtin"}});
  measure("token", {.contents = {"token"}, .detectors = {token_detector()}});
  if (argc < 2) return 0;
  std::ifstream in{argv[1], std::ios::binary};
  sluice::policy::ImportSpec import;
  import.as = "secrets";
  import.file = argv[1];
  import.text = {std::istreambuf_iterator<char>{in}, {}};
  measure(argv[1], {.contents = {"secrets"}, .imports = {import}});
}
