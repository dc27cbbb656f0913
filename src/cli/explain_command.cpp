// SPDX-License-Identifier: MIT
// Says what a policy answers for one path, and which rules say so.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "policy_text.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kHelp =
    R"(usage: sluice explain --policy POLICY [--as SUBJECT] [--mode r|w|x] PATH

Says what the policy answers for PATH: every rule that names it, on which axis
each one won or lost, and the verdict. It is decided by the same code as in a
mount. PATH counts from the root of the mount; an absolute one needs --over.

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
    return fail(Error{fmt::format("`{}` is not below the mounted directory", question.path), EINVAL});
  }
  struct stat stat {};
  const bool real = ::stat(question.path.c_str(), &stat) == 0 && S_ISDIR(stat.st_mode);
  if (real && !text.empty() && !text.ends_with('/')) text += '/';
  return text;
}

Result<int, Error> answer(const Question& question, const policy::Program& program, Form form) {
  const policy::SubjectIndex subject = TRY(subject_of(program, question.as));
  const policy::Mode mode = TRY(mode_of(question.mode));
  const std::string path = TRY(inner_path(question));
  const policy::Explanation why = policy::explain(program, path, subject, mode);
  if (form == Form::data) {
    nlohmann::json object = json_of(program, why);
    object["path"] = path;
    object["as"] = question.as;
    object["mode"] = policy::name(mode);
    print_json(object);
  } else {
    fmt::print("{}", policy::text_of(program, why, mode));
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
    parsed = fail(Error{"say which policy and which path: `sluice explain --policy POLICY PATH`",
                        EINVAL});
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
