// SPDX-License-Identifier: MIT
#include "sluice/bench/first_open.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "sluice/bench/interleave.h"
#include "sluice/bench/session.h"
#include "sluice/bench/tree.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What was written a moment ago may be written again without its times telling so; nobody would
// keep what he finds in it.
constexpr auto kSettles = 150ms;

// Source code of no interest, with a token in the middle that no service has issued.
std::string text_of(const FreshFiles& files, unsigned number) {
  std::string text = fmt::format("// file {}\n", number);
  const std::string token = std::string{"gh"} + "p_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX";
  for (unsigned line = 0; text.size() < files.bytes; ++line) {
    text += fmt::format("int value_{} = compute(first, {}); /* as it was before */\n", line, line);
  }
  if (files.holds == FreshFiles::Holds::secret) {
    text.replace(files.bytes / 2, token.size() + 4, "\n\"" + token + "\"\n");
  }
  text.resize(files.bytes);
  return text;
}

std::string file_in(const std::string& directory, unsigned number) {
  return fmt::format("{}/{}.c", directory, number);
}

Result<void, Error> make_files(const std::string& directory, const FreshFiles& files) {
  TRY(make_directory(directory));
  for (unsigned i = 0; i < files.count; ++i) {
    TRY(make_file(file_in(directory, i), text_of(files, i)));
  }
  std::this_thread::sleep_for(kSettles);
  return {};
}

// Gives nanoseconds for one.
Result<double, Error> time_opens(const std::string& directory, const FreshFiles& files) {
  const auto begin = Clock::now();
  for (unsigned i = 0; i < files.count; ++i) {
    const std::string path = file_in(directory, i);
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    char byte = 0;
    if (!file || ::pread(file.get(), &byte, 1, 0) != 1) {
      return fail(Error::of(fmt::format("cannot read `{}`", path), Errno::last()));
    }
  }
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / files.count;
}

}  // namespace

std::string FreshFiles::name() const {
  const std::string size = bytes >= (std::size_t{1} << 20) ? fmt::format("{} MiB", bytes >> 20)
                                                           : fmt::format("{} KiB", bytes >> 10);
  return size + (holds == Holds::secret ? ", a secret in it" : "");
}

Result<void, Error> measure_first_open(Session& session, const FreshFiles& files) {
  Cell cell{.group = Group::contents,
            .name = files.name(),
            .unit = Unit::nanoseconds,
            .cause = Cause::first_look};
  TRY(interleave({&cell, 1}, {.targets = session.targets, .rounds = session.settings.rounds},
                 [&](Target& target, std::size_t) -> Result<Numbers, Error> {
                   const std::string folder = fmt::format("/fresh-{}", ++session.fresh_trees);
                   Work work;
                   work.timeout = 120s;
                   work.body = [&](const Steps&) -> Result<Numbers, Error> {
                     TRY(make_files(session.source + folder, files));
                     const double took = TRY(time_opens(target.directory() + folder, files));
                     std::error_code ignored;
                     std::filesystem::remove_all(session.source + folder, ignored);
                     return Numbers{took};
                   };
                   return run_apart(work);
                 }));
  session.report.cells.push_back(std::move(cell));
  return {};
}

}  // namespace sluice::bench
