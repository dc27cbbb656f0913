// SPDX-License-Identifier: MIT
// bench_content: prints what it costs to get a verdict from memory and from its file, beside what
// the file's version alone costs; and how long a face takes to be made and to be read.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "disk.h"
#include "sluice/content/faces.h"
#include "sluice/content/verdict_cache.h"
#include "sluice/content/verdicts.h"
#include "support.h"

namespace sluice::content {
namespace {

using Clock = std::chrono::steady_clock;

class Nothing : public Finder {
 public:
  Findings find(SetIndex, int, std::uint64_t, std::string_view, const Interrupted&) override {
    Findings found;
    found.outcome = Outcome::whole;
    return found;
  }
  Redacted redact(policy::ContentSet, policy::With, int, std::uint64_t, std::string_view,
                  const Interrupted&) override {
    return {};
  }
};

// The median over rounds, in nanoseconds for one call.
template <class Call>
double cost(int calls, Call call) {
  std::vector<double> rounds;
  for (int round = 0; round < 9; ++round) {
    const auto begin = Clock::now();
    for (int i = 0; i < calls; ++i) call(i);
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    rounds.push_back(took.count() / calls);
  }
  std::ranges::nth_element(rounds, rounds.begin() + 4);
  return rounds[4];
}

void verdicts() {
  const Folder folder;
  const auto detection = detection_of({.contents = {"token"}, .detectors = {token_detector()}});
  const policy::ContentSet asked{content_id(0)};
  Nothing finder;
  write_settled(folder.path("a"), "text");
  const Fd fd = open_to_read(folder.path("a"));
  Verdicts all{detection, finder, {.cache_file = folder.path("cache/verdicts.sqlite")}};
  all.of(fd.get(), "a", asked);
  fmt::print("version of a file         {:8.0f} ns\n",
             cost(20'000, [&](int) { static_cast<void>(Version::of(fd.get())); }));
  fmt::print("known, from memory        {:8.0f} ns (the version included)\n",
             cost(20'000, [&](int) { all.known(fd.get(), "a", asked); }));

  constexpr int kRows = 100'000;
  VerdictCache cache{folder.path("cache/verdicts.sqlite"), {}};
  const auto key = [](int i) {
    const auto bytes = std::as_bytes(std::span{&i, 1});
    std::vector<std::byte> made(100);
    std::ranges::copy(bytes, made.begin());
    return made;
  };
  Findings found;
  found.outcome = Outcome::whole;
  const auto begin = Clock::now();
  for (int i = 0; i < kRows; ++i) {
    cache.put(key(i), found);
    if (i % 10'000 == 9'999) cache.flush();
  }
  cache.flush();
  const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
  fmt::print("put into the file         {:8.0f} ns a row, {} rows\n", took.count() / kRows, kRows);
  fmt::print("got from the file         {:8.0f} ns\n",
             cost(20'000, [&](int i) { cache.get(key(i * 7919 % kRows)); }));
  fmt::print("not found in the file     {:8.0f} ns\n",
             cost(20'000, [&](int i) { cache.get(key(kRows + i)); }));
}

void faces() {
  const Folder folder;
  constexpr std::uint64_t kSize = std::uint64_t{64} << 20;
  write_settled(folder.path("large"), std::string(kSize, 'x'));
  write_settled(folder.path("small"), std::string(4096, 'x'));
  const auto make = [&](const char* name, FacesLimits limits, std::uint64_t size, unsigned number) {
    static Faces* owner = nullptr;
    static Faces in_memory{FacesLimits{.idle = 0}};
    static Faces spilled{FacesLimits{.memory = 0, .spill_folder = folder.path("spill"), .idle = 0}};
    owner = limits.memory == 0 ? &spilled : &in_memory;
    const Fd fd = open_to_read(folder.path(name));
    const Version version = *Version::of(fd.get());
    inspect::Redaction redaction{size};
    for (std::uint64_t at = 0; at + 16 < size; at += 4000) {
      static_cast<void>(redaction.add({at, 16}, std::byte{'*'}));
    }
    policy::ContentSet contents;
    contents.add(static_cast<policy::ContentId>(number % 60));
    return owner->redacted(fd.get(), version, contents, policy::With::nothing,
                           std::move(redaction));
  };
  constexpr double kMiBs = kSize >> 20;
  fmt::print("face of 64 MiB, memory    {:8.3f} ms a MiB\n",
             cost(1, [&, n = 0u](int) mutable { make("large", {}, kSize, n++); }) / 1e6 / kMiBs);
  fmt::print("face of 64 MiB, spilled   {:8.3f} ms a MiB\n",
             cost(1, [&, n = 0u](int) mutable { make("large", {.memory = 0}, kSize, n++); }) / 1e6 /
                 kMiBs);
  fmt::print("face of 4 KiB, made       {:8.1f} us\n",
             cost(50, [&, n = 0u](int) mutable { make("small", {}, 4096, n++); }) / 1e3);
}

}  // namespace
}  // namespace sluice::content

int main() {
  sluice::content::verdicts();
  sluice::content::faces();
}
