// SPDX-License-Identifier: MIT
#include "git_history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "git_output.h"
#include "sluice/daemon/usable_policy.h"
#include "sluice/policy/digest.h"
#include "sluice/policy/explain.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPaths = 10;
constexpr std::size_t kMostAnswers = 256;  // that are kept

bool is_kept(const policy::Terms& terms) {
  return terms.grant.see == policy::See::no || terms.grant.read >= policy::Read::redact;
}

Error cannot_tell(const std::string& directory) {
  return Error{fmt::format("cannot look into the history of `{}`: `git -C {} rev-list --all"
                           " --reflog` fails; mend that, or say by --history what to do",
                           directory, directory),
               EIO};
}

// What changes when the history does, as text: references, and the files that git writes for those
// that it does not list.
Result<std::string, Error> state_of(const std::string& directory) {
  std::string state;
  auto folders = TRY(GitOutput::of(
      directory, {"rev-parse", "--absolute-git-dir", "--path-format=absolute", "--git-common-dir"}));
  std::vector<std::string> seen;
  while (auto line = folders.line()) seen.push_back(std::move(*line));
  if (!folders.ended_well() || seen.size() != 2) return fail(cannot_tell(directory));
  for (const std::string& file :
       {seen[0] + "/HEAD", seen[0] + "/index", seen[0] + "/logs/HEAD", seen[1] + "/packed-refs",
        seen[1] + "/logs/refs/stash", seen[1] + "/objects/info/alternates"}) {
    struct stat stat {};
    if (::stat(file.c_str(), &stat) != 0) stat = {};
    state += fmt::format("{} {} {}.{}\n", file, stat.st_size, stat.st_mtim.tv_sec,
                         stat.st_mtim.tv_nsec);
  }
  auto references =
      TRY(GitOutput::of(directory, {"for-each-ref", "--format=%(objectname) %(refname)"}));
  while (const auto line = references.line()) state += *line + "\n";
  if (!references.ended_well()) return fail(cannot_tell(directory));
  return state;
}

// Answers of "none", each an empty file. The folder above is the user's alone, and not in reach of
// what runs under a policy.
class Answers {
 public:
  Answers(const std::string& state, const policy::Program& program, policy::SubjectIndex subject) {
    const auto cache = daemon::cache_folder();
    if (!cache) return;
    folder_ = *cache + "/history";
    const std::string all = fmt::format("{}{}\n{}", state, program.subject_name(subject),
                                        policy::hex(program.document().content_hash));
    path_ = folder_ + "/" + policy::hex(policy::digest_of(bytes_of(std::string_view{all})));
  }

  bool has_it() const {
    struct stat folder {};
    struct stat file {};
    return !path_.empty() && ::lstat(folder_.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode) &&
           folder.st_uid == ::geteuid() && (folder.st_mode & 0077) == 0 &&
           ::lstat(path_.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
           file.st_uid == ::geteuid();
  }

  void keep() const {
    if (path_.empty()) return;
    ::mkdir(folder_.c_str(), 0700);
    std::error_code error;
    const auto entries = fs::directory_iterator{folder_, error};
    if (error) return;
    if (std::distance(begin(entries), end(entries)) > std::ptrdiff_t{kMostAnswers}) {
      for (const auto& old : fs::directory_iterator{folder_, error}) fs::remove(old.path(), error);
    }
    const Fd made{::open(path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  }

 private:
  std::string folder_;
  std::string path_;
};

Result<History, Error> find(const std::string& directory, const policy::Program& program,
                            policy::SubjectIndex subject) {
  History history;
  auto objects = TRY(GitOutput::of(
      directory, {"rev-list", "--objects", "--all", "--reflog", "--indexed-objects"}));
  while (const auto line = objects.line()) {
    const std::size_t blank = line->find(' ');
    if (blank == std::string::npos || blank + 1 == line->size()) continue;
    std::string path = line->substr(blank + 1);
    const policy::Walked walked = policy::walk(program, path);
    if (!is_kept(program.terms(walked.place, subject))) continue;
    const auto known = [&](const KeptInHistory& each) { return each.path == path; };
    if (std::ranges::any_of(history.kept, known)) continue;
    if (history.kept.size() == kMostPaths) {
      history.more = true;
      break;
    }
    history.kept.push_back({std::move(path), {}});
  }
  if (!history.more && !objects.ended_well()) return fail(cannot_tell(directory));
  for (KeptInHistory& kept : history.kept) {
    auto commits = TRY(GitOutput::of(
        directory, {"log", "--all", "--reflog", "-n3", "--format=%h %s", "--", kept.path}));
    while (auto line = commits.line()) kept.commits.push_back(std::move(*line));
  }
  return history;
}

}  // namespace

Result<History, Error> look_into_history(const std::string& directory,
                                         const policy::Program& program,
                                         policy::SubjectIndex subject) {
  const std::string inside = directory + "/.git";
  struct stat stat {};
  if (::stat(inside.c_str(), &stat) != 0) return History{};
  // A folder of that name that no repository is in.
  const std::string head = inside + "/HEAD";
  if (S_ISDIR(stat.st_mode) && ::access(head.c_str(), F_OK) != 0) return History{};
  if (!is_kept(program.terms(program.strictest(), subject))) return History{};
  const Answers answers{TRY(state_of(directory)), program, subject};
  if (answers.has_it()) return History{};
  History history = TRY(find(directory, program, subject));
  if (history.kept.empty()) answers.keep();
  return history;
}

}  // namespace sluice::cli
