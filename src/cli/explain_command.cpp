// SPDX-License-Identifier: MIT
// Says what a policy answers for one path, and which rules say so.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "findings_text.h"
#include "policy_text.h"
#include "sluice/base/fd.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kHelp =
    R"(usage: sluice explain --policy POLICY [--as SUBJECT] [--mode r|w|x] PATH

Says what the policy answers for PATH: every rule that names it, on which axis
each one won or lost, and the verdict. It is decided by the same code as in a
mount. PATH counts from the root of the mount; an absolute one needs --over.

Where the answer depends on what the file contains, the file is looked into if
it is there (below --over, or below the working directory), and it is told what
was found and where; never what it is.

Options
  --policy POLICY       a file, or the name of a preset
  --as SUBJECT          who asks: a subject of the policy, `anyone` (who is
                        none of them: the default) or `unknown`
  --mode MODE           what for: r to read (the default), w to write, x to
                        execute
  --over DIR            the directory that is mounted, where PATH is absolute
  --json                the same for programs

Examples
  sluice explain --policy agent --as agent .env
  sluice explain --policy agent --as agent --mode w .git/hooks/pre-commit

Exit status: 0 told, 1 the policy cannot be used, 2 wrong usage.
)";

struct Question {
  std::string policy;
  std::string as = "anyone";
  std::string mode = "r";
  std::string over;
  std::string path;
};

// The path from the mounted root, with a slash at the end if it is known to be a directory.
Result<std::string, Error> inner_path(const Question& question) {
  const std::filesystem::path path{question.path};
  std::filesystem::path inner = path.lexically_normal();
  if (path.is_absolute()) {
    if (question.over.empty()) {
      return fail(Error{fmt::format("`{}` is absolute: say by --over which directory is mounted, or"
                                    " give the path from there",
                                    question.path),
                        EINVAL});
    }
    const auto over = std::filesystem::absolute(question.over).lexically_normal();
    inner = inner.lexically_relative(over.has_filename() ? over : over.parent_path());
  }
  std::string text = inner.string();
  if (text == "." || text == "./") text.clear();
  if (text == ".." || text.starts_with("../")) {
    return fail(
        Error{fmt::format("`{}` is not below the mounted directory", question.path), EINVAL});
  }
  struct stat stat {};
  const bool real = ::stat(question.path.c_str(), &stat) == 0 && S_ISDIR(stat.st_mode);
  if (real && !text.empty() && !text.ends_with('/')) text += '/';
  return text;
}

struct Looked {
  policy::ContentSet found;
  std::vector<std::string> lines;
  FindingsData data{};
};

// Looks into the file, if there is one and the answer depends on it.
std::optional<Looked> look_into(const Question& question, const policy::Program& program,
                                const policy::Explanation& why) {
  const policy::ContentSet asked = why.terms.asks();
  if (asked.empty()) return std::nullopt;
  const std::string path = question.path.starts_with('/') || question.over.empty()
                               ? question.path
                               : question.over + "/" + question.path;
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Fd fd{::open(path.c_str(), flags)};
  struct stat stat {};
  if (!fd || ::fstat(fd.get(), &stat) != 0 || !S_ISREG(stat.st_mode)) return std::nullopt;
  const auto detection = daemon::detection_of(program);
  if (!detection || *detection == nullptr) return std::nullopt;
  // The program outlives what looks for it.
  const std::shared_ptr<const policy::Program> borrowed{std::shared_ptr<void>{}, &program};
  const auto contents = daemon::contents_for(borrowed, *detection);
  const auto known = contents->verdicts().of(fd.get(), question.path, asked);
  Looked looked{.found = known.contents, .lines = {}, .data = {}};
  for (const auto& [set, findings] : known.findings) {
    if (findings == nullptr) continue;
    const std::string_view name = (*detection)->set_name(set);
    looked.data.add(name, *findings);
    for (std::string& line : lines_of(name, *findings)) looked.lines.push_back(std::move(line));
  }
  if (looked.lines.empty()) looked.lines.emplace_back("nothing of what the policy asks for");
  return looked;
}

Result<int, Error> answer(const Question& question, const policy::Program& program, Form form) {
  const policy::SubjectIndex subject = TRY(subject_of(program, question.as));
  const policy::Mode mode = TRY(mode_of(question.mode));
  const std::string path = TRY(inner_path(question));
  policy::Explanation why = policy::explain(program, path, subject, mode);
  const auto looked = look_into(question, program, why);
  if (looked) {
    why.terms = policy::resolve(why.terms, looked->found);
    why.verdict = policy::verdict_of(why.terms, mode);
  }
  if (form == Form::data) {
    nlohmann::json object = json_of(program, why);
    if (looked) looked->data.put_into(object);
    object["path"] = path;
    object["as"] = question.as;
    object["mode"] = policy::name(mode);
    print_json(object);
  } else {
    fmt::print("{}", policy::text_of(program, why, mode));
    for (const std::string& line : looked ? looked->lines : std::vector<std::string>{}) {
      fmt::print("  found: {}\n", daemon::printable(line));
    }
  }
  return kDone;
}

}  // namespace

int explain_command(const Arguments& arguments) {
  Question question;
  bool as_json = false;
  CLI::App app;
  app.add_option("PATH", question.path);
  app.add_option("--policy", question.policy);
  app.add_option("--as", question.as);
  app.add_option("--mode", question.mode);
  app.add_option("--over", question.over);
  app.add_flag("--json", as_json);
  auto parsed = daemon::parse(app, arguments);
  if (parsed && *parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  if (parsed && (question.policy.empty() || question.path.empty())) {
    parsed = fail(
        Error{"say which policy and which path: `sluice explain --policy POLICY PATH`", EINVAL});
  }
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice explain");
    return kUsage;
  }
  const Form form = as_json ? Form::data : Form::text;
  const auto program = open_or_tell(question.policy, form);
  if (!program) return kFailed;
  const auto done = answer(question, *program, form);
  if (done) return *done;
  daemon::tell_usage(done.error(), "sluice explain");
  return kUsage;
}

}  // namespace sluice::cli
