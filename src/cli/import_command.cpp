// SPDX-License-Identifier: MIT
// Takes rules in another tool's format into a policy. The file stays as it is, and where it is: the
// policy names it, and reads it each time that it is read itself.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "policy_text.h"
#include "sluice/base/fd.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"
#include "sluice/daemon/policy_file.h"
#include "sluice/inspect/detectors.h"
#include "sluice/inspect/gitleaks.h"
#include "sluice/policy/load.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHelp =
    R"(usage: sluice import gitleaks [--as NAME] [--into POLICY] [--json] FILE

Reads rules in gitleaks' own format, all of them and everything they say, tells
what cannot be honoured (then nothing is done), and how they will be matched.
Without --into it prints the lines that a policy needs; with it they are added
to the policy, which must then be one that can be used.

Rules then say `content = "NAME"` for any of them, or `content = "NAME:ID"`.

Options
  --as NAME             what the policy calls them; else FILE's name
  --into POLICY         the policy's file to add them to
  --json                the same for programs

Examples
  sluice import gitleaks gitleaks.toml
  sluice import gitleaks --as secrets --into agent.toml gitleaks.toml

Exit status: 0 done, 1 something is wrong with a file, 2 wrong usage.
)";

struct Asked {
  std::string format;
  std::string file;
  std::string as;
  std::string into;
  bool as_json = false;
};

struct Imported {
  std::size_t rules = 0;
  std::vector<std::string> warnings;
  std::vector<std::string> slow;       // ids
  std::vector<std::string> unbounded;  // ids
};

std::unexpected<Error> cannot(std::string_view what, const std::string& file, Errno why) {
  return fail(Error::of(fmt::format("cannot {} `{}`", what, file), why));
}

Result<std::string, Error> text_of_file(const std::string& file) {
  const Fd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return cannot("read", file, Errno::last());
  struct stat stat {};
  if (::fstat(fd.get(), &stat) != 0) return cannot("read", file, Errno::last());
  if (!S_ISREG(stat.st_mode)) return cannot("read", file, Errno{EINVAL});
  constexpr off_t kMost = 16 << 20;
  if (stat.st_size > kMost) return cannot("read", file, Errno{EFBIG});
  std::string text(static_cast<std::size_t>(stat.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = retry_interrupted(
        [&] { return ::read(fd.get(), text.data() + filled, text.size() - filled); });
    if (got < 0) return cannot("read", file, Errno::last());
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

// A name that a policy can have: of the letters that ids consist of.
std::string name_from(const std::string& file) {
  std::string name;
  for (const char c : fs::path{file}.stem().string()) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    name += fits ? c : '-';
  }
  const auto first = name.find_first_not_of("-_");
  return first == name.npos ? "secrets" : name.substr(first);
}

std::string in_quotes(std::string_view text) {
  std::string out{'"'};
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Gives nothing, and has told why, where the file cannot be taken.
std::optional<Imported> import(const Asked& asked, const std::string& text) {
  auto read =
      inspect::read_gitleaks({.file = asked.file, .text = text, .set = asked.as, .disabled = {}},
                             [&](std::string_view other) {
                               const fs::path beside = fs::path{asked.file}.parent_path() / other;
                               return text_of_file(beside.lexically_normal().string());
                             });
  if (!read) {
    for (const Error& wrong : read.error()) daemon::tell(wrong.line());
    return std::nullopt;
  }
  Imported imported;
  imported.rules = read->rules.rules.size();
  imported.warnings = read->warnings;
  std::vector<inspect::RuleSet> sets;
  sets.push_back(std::move(read->rules));
  const auto detectors = inspect::Detectors::compile(std::move(sets));
  if (!detectors) {
    daemon::tell(detectors.error().line());
    return std::nullopt;
  }
  const auto id = [&](inspect::DetectorIndex one) { return detectors->rule(one).id; };
  for (const auto one : detectors->slow()) imported.slow.push_back(id(one));
  for (const auto one : detectors->unbounded()) imported.unbounded.push_back(id(one));
  return imported;
}

std::string section(const Asked& asked, const std::string& named) {
  return fmt::format("[[import]]\ngitleaks = {}\nas = {}\n", in_quotes(named), in_quotes(asked.as));
}

// A rule as many will want it.
std::string rule_for(const Asked& asked) {
  return fmt::format("[[rule]]\nid = {0}\ncontent = {0}\nverdict = \"redact\"\n",
                     in_quotes(asked.as));
}

// Puts `text` in the file's place, or leaves it as it was.
Result<void, Error> replace(const std::string& file, const std::string& text) {
  const std::string beside = file + ".new";
  struct stat stat {};
  if (::stat(file.c_str(), &stat) != 0) return cannot("change", file, Errno::last());
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const Fd fd{::open(beside.c_str(), flags, stat.st_mode & 07777)};
  if (!fd) return cannot("write", beside, Errno::last());
  const auto wrote = ::write(fd.get(), text.data(), text.size());
  const bool whole = wrote == static_cast<ssize_t>(text.size()) && ::fsync(fd.get()) == 0;
  if (whole && ::rename(beside.c_str(), file.c_str()) == 0) return {};
  const Errno why = whole || wrote < 0 ? Errno::last() : Errno{ENOSPC};
  ::unlink(beside.c_str());
  return cannot("write", file, why);
}

Result<int, Error> add_to_policy(const Asked& asked) {
  const std::string policy = fs::canonical(asked.into).string();
  std::string text = TRY(text_of_file(policy));
  const fs::path folder = fs::path{policy}.parent_path();
  const std::string named = fs::canonical(asked.file).lexically_relative(folder).string();
  text += (text.ends_with('\n') ? "\n" : "\n\n") + section(asked, named);
  const auto document = policy::load({policy, text}, daemon::files_beside());
  if (!document) {
    tell_diagnostics(document.error());
    return fail(Error{fmt::format("`{}` is left as it was", asked.into), EINVAL});
  }
  TRY(replace(policy, text));
  return kDone;
}

void print_text(const Asked& asked, const Imported& imported) {
  for (const std::string& warning : imported.warnings) daemon::tell(warning);
  const auto list = [](std::string_view what, const std::vector<std::string>& ids) {
    if (!ids.empty()) fmt::print("{}: {}\n", what, fmt::join(ids, ", "));
  };
  fmt::print("{}: {} rule{}\n", daemon::printable(asked.file), imported.rules,
             imported.rules == 1 ? "" : "s");
  list("matched without the fast engine", imported.slow);
  list("without a longest match, so that what is too large to be scanned at once is not shown",
       imported.unbounded);
  if (asked.into.empty()) {
    fmt::print("\nA policy needs these lines, and a rule such as the second:\n\n{}\n{}",
               section(asked, asked.file), rule_for(asked));
  } else {
    fmt::print("\nadded to {}; they decide once it has a rule that asks for them, such as\n\n{}",
               daemon::printable(asked.into), rule_for(asked));
  }
}

Result<daemon::Parsed, Error> parse(const Arguments& arguments, Asked& asked) {
  CLI::App app;
  app.add_option("FORMAT", asked.format);
  app.add_option("FILE", asked.file);
  app.add_option("--as", asked.as)->take_last();
  app.add_option("--into", asked.into)->take_last();
  app.add_flag("--json", asked.as_json);
  const daemon::Parsed parsed = TRY(daemon::parse(app, arguments));
  if (parsed == daemon::Parsed::help) return parsed;
  if (!asked.format.empty() && asked.format != "gitleaks") {
    return fail(Error{fmt::format("`{}` is no format that is known: it is `gitleaks`{}",
                                  asked.format, daemon::suggestion(asked.format, {"gitleaks"})),
                      EINVAL});
  }
  if (asked.file.empty()) {
    return fail(Error{"say which file: `sluice import gitleaks FILE`", EINVAL});
  }
  if (asked.as.empty()) asked.as = name_from(asked.file);
  return parsed;
}

Result<int, Error> run(const Asked& asked) {
  const std::string text = TRY(text_of_file(asked.file));
  const auto imported = import(asked, text);
  if (!imported) return fail(Error{fmt::format("`{}` is not imported", asked.file), EINVAL});
  if (!asked.into.empty()) TRY(add_to_policy(asked));
  if (!asked.as_json) {
    print_text(asked, *imported);
    return kDone;
  }
  print_json({{"file", asked.file},
              {"as", asked.as},
              {"into", asked.into},
              {"rules", imported->rules},
              {"warnings", imported->warnings},
              {"slow", imported->slow},
              {"unbounded", imported->unbounded}});
  return kDone;
}

}  // namespace

int import_command(const Arguments& arguments) {
  Asked asked;
  const auto parsed = parse(arguments, asked);
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice import");
    return kUsage;
  }
  if (*parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  const auto done = run(asked);
  if (done) return *done;
  daemon::tell(done.error().line());
  return kFailed;
}

}  // namespace sluice::cli
