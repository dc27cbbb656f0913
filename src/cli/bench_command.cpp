// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "commands.h"
#include "find_program.h"
#include "sluice/bench/bench.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kHelp = R"(usage: sluice bench [options]

Does the same work on a directory, on Sluice's mounts of it and on those of
other programs, in turn, and prints how they compare. What matters are the
ratios: times of a shared machine are not comparable between minutes.

What is measured
  --quick               a few cells, for a first look
  --full                every pattern, size, engine and cache state
  --only TEXT           cells whose "group: name" has TEXT in it; or, with
                        * ? or [, matches it
  --peer 'COMMAND'      another file system to stand beside: a command that
                        mounts {src} on {mnt}; may be given several times
  --policy POLICY       a mount under this policy, too; likewise
  --as SUBJECT          who asks there (anyone)
  --rules N             a mount under N rules that match nothing; likewise
  --contents            a mount that looks into files and shows the large one
                        redacted, too; and the first open of new files

How
  --directory DIR       where to work, on the file system that is of interest
                        (/var/tmp); a new directory is made there and removed
  --runtime SECONDS     how long one measurement lasts
  --repeat N            how often they all take their turns

What is printed
  --format text         tables for a terminal (the default)
  --format markdown     tables for a README
  --json FILE           the whole record
  --html FILE           a page

Examples
  sluice bench --quick
  sluice bench --only 'Data: 4 KiB*' --json run.json
  sluice bench --only open --rules 1 --rules 100 --rules 10000
  sluice bench --quick --contents
  sluice bench --peer 'bindfs {src} {mnt}' --html compare.html

Exit status: 0 all measured, 1 something could not be, 2 wrong usage.
)";

template <class Number>
Result<Number, Error> parse_number(const std::string& option, const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end && number >= 0 && number < 1'000'000)
    return number;
  return fail(Error{fmt::format("`{}` takes a number, not `{}`", option, text), EINVAL});
}

struct Texts {
  bool quick = false;
  bool full = false;
  std::string format;
  std::string runtime;
  std::string repeat;
  std::vector<std::string> rules;
};

Result<void, Error> take(const Texts& texts, bench::Config& config) {
  if (texts.quick && texts.full)
    return fail(Error{"it is `--quick` or `--full`, not both", EINVAL});
  if (texts.quick) config.extent = bench::Extent::quick;
  if (texts.full) config.extent = bench::Extent::full;
  if (texts.format == "markdown") {
    config.format = bench::Format::markdown;
  } else if (!texts.format.empty() && texts.format != "text") {
    return fail(
        Error{fmt::format("`--format` is `text` or `markdown`, not `{}`", texts.format), EINVAL});
  }
  if (!texts.runtime.empty()) {
    const double seconds = TRY(parse_number<double>("--runtime", texts.runtime));
    config.runtime = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double>{seconds});
  }
  if (!texts.repeat.empty()) config.repeat = TRY(parse_number<int>("--repeat", texts.repeat));
  for (const std::string& rules : texts.rules) {
    config.rules.push_back(static_cast<unsigned>(TRY(parse_number<int>("--rules", rules))));
  }
  return {};
}

}  // namespace

int bench_command(const Arguments& arguments) {
  bench::Config config;
  Texts texts;
  CLI::App app;
  app.add_flag("--quick", texts.quick);
  app.add_flag("--full", texts.full);
  app.add_option("--only", config.only)->take_last();
  app.add_option("--peer", config.peers)->take_all()->allow_extra_args(false);
  app.add_option("--policy", config.policies)->take_all()->allow_extra_args(false);
  app.add_option("--as", config.subject)->take_last();
  app.add_option("--rules", texts.rules)->take_all()->allow_extra_args(false);
  app.add_flag("--contents", config.contents);
  app.add_option("--directory", config.directory)->take_last();
  app.add_option("--runtime", texts.runtime)->take_last();
  app.add_option("--repeat", texts.repeat)->take_last();
  app.add_option("--format", texts.format)->take_last();
  app.add_option("--json", config.json_path)->take_last();
  app.add_option("--html", config.html_path)->take_last();
  const auto parsed = daemon::parse(app, arguments);
  if (parsed && *parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  const auto taken = parsed ? take(texts, config) : Result<void, Error>{fail(parsed.error())};
  if (!taken) {
    daemon::tell_usage(taken.error(), "sluice bench");
    return kUsage;
  }
  config.sluice_program = own_program();
  const auto status = bench::run(config);
  if (status) return *status;
  daemon::tell(status.error().line());
  return status.error().cause() == Errno{EINVAL} ? kUsage : kFailed;
}

}  // namespace sluice::cli
