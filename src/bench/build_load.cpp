// SPDX-License-Identifier: MIT
// The workload "a build": make -j2 over a small C project that lies in the tree. The compiler does
// most of it; what is compared is the opening, reading and creating that it does beside.
#include <fmt/format.h>

#include "sluice/bench/interleave.h"
#include "sluice/bench/process.h"
#include "sluice/bench/session.h"
#include "sluice/bench/tree.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kUnits = 40;

std::string unit_source(unsigned number) {
  std::string text =
      "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
      "#include \"common.h\"\n";
  for (unsigned i = 0; i < 20; ++i) {
    text += fmt::format(
        "static int step_{1}(struct record* r) {{\n"
        "  if (r->count > {0}) r->count -= {1};\n"
        "  snprintf(r->name, sizeof r->name, \"%d-%zu\", r->count, strlen(r->name));\n"
        "  return r->count * {0} + {1};\n}}\n",
        number, i);
  }
  text += fmt::format("int unit_{}(struct record* r) {{\n  int sum = 0;\n", number);
  for (unsigned i = 0; i < 20; ++i) text += fmt::format("  sum += step_{}(r);\n", i);
  return text + "  return sum;\n}\n";
}

std::string header() {
  std::string text = "struct record { int count; char name[64]; };\n";
  for (unsigned i = 0; i < kUnits; ++i) text += fmt::format("int unit_{}(struct record* r);\n", i);
  return text;
}

std::string main_source() {
  std::string text =
      "#include \"common.h\"\nint main(void) {\n  struct record r = {0, \"\"};\n"
      "  int sum = 0;\n";
  for (unsigned i = 0; i < kUnits; ++i) text += fmt::format("  sum += unit_{}(&r);\n", i);
  return text + "  return sum == 42;\n}\n";
}

std::string makefile() {
  std::string objects = "main.o";
  for (unsigned i = 0; i < kUnits; ++i) objects += fmt::format(" unit_{}.o", i);
  return fmt::format(
      "CC = cc\nCFLAGS = -O1\nOBJECTS = {}\n"
      "program: $(OBJECTS)\n\t$(CC) -o $@ $(OBJECTS)\n"
      "$(OBJECTS): common.h\n"
      "clean:\n\trm -f program $(OBJECTS)\n",
      objects);
}

Result<void, Error> make_project(const std::string& directory) {
  TRY(make_directory(directory));
  for (unsigned i = 0; i < kUnits; ++i) {
    TRY(make_file(fmt::format("{}/unit_{}.c", directory, i), unit_source(i)));
  }
  TRY(make_file(directory + "/common.h", header()));
  TRY(make_file(directory + "/main.c", main_source()));
  TRY(make_file(directory + "/Makefile", makefile()));
  return {};
}

std::string project_of(const std::string& directory, std::size_t index) {
  return fmt::format("{}/build-{}", directory, index);
}

Command make_in(const std::string& directory, std::string_view goal) {
  // make goes there itself: our own change of directory would wait for a mount without a limit.
  // A compiler cache would compare itself; a make around us would lend us its jobs.
  return Command{.arguments = {"make", "-s", "-j2", "-C", directory, std::string{goal}},
                 .environment = {"CCACHE_DISABLE=1", "MAKEFLAGS=", "MFLAGS="},
                 .timeout = 120s};
}

Result<Numbers, Error> build_once(const std::string& directory) {
  TRY(run_well(make_in(directory, "clean")));
  Finished finished = TRY(run_well(make_in(directory, "program")));
  return Numbers{std::chrono::duration<double>(finished.wall).count()};
}

// Gives what a build lacks here, empty when it can be done.
std::string lacking() {
  for (const char* program : {"cc", "make"}) {
    auto found = run_process(Command{.arguments = {program, "--version"}, .timeout = 10s});
    if (!found || found->exit_code != 0) {
      return fmt::format("`{}` is missing: apt-get install gcc make", program);
    }
  }
  return {};
}

}  // namespace

Result<void, Error> measure_build(Session& session) {
  Cell cell{.group = Group::workloads,
            .name = fmt::format("a build: {} C files, make -j2", kUnits),
            .unit = Unit::seconds,
            .cause = Cause::round_trips};
  std::string reason = lacking();
  std::vector<bool> made(session.targets.size());
  TRY(interleave({&cell, 1}, {.targets = session.targets, .rounds = session.settings.rounds},
                 [&](Target& target, std::size_t index) -> Result<Numbers, Error> {
                   if (!reason.empty()) return fail(skip(reason));
                   std::string directory = project_of(target.directory(), index);
                   if (!made[index]) {
                     Work work;
                     work.body = [&](const Steps&) -> Result<Numbers, Error> {
                       TRY(make_project(directory));
                       return Numbers{};
                     };
                     TRY(run_apart(work));
                     made[index] = true;
                   }
                   return build_once(directory);
                 }));
  session.report.cells.push_back(std::move(cell));
  return {};
}

}  // namespace sluice::bench
