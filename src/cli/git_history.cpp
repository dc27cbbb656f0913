// SPDX-License-Identifier: MIT
#include "git_history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unordered_map>

#include "clean_blobs.h"
#include "git_blobs.h"
#include "git_output.h"
#include "progress_bar.h"
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

struct Repository {
  std::string own;     // of this working tree
  std::string common;  // where objects are
};

Result<Repository, Error> repository_of(const std::string& directory) {
  auto folders = TRY(GitOutput::of(directory, {"rev-parse", "--absolute-git-dir",
                                               "--path-format=absolute", "--git-common-dir"}));
  std::vector<std::string> seen;
  while (auto line = folders.line()) seen.push_back(std::move(*line));
  if (!folders.ended_well() || seen.size() != 2) return fail(cannot_tell(directory));
  return Repository{std::move(seen[0]), std::move(seen[1])};
}

// The packs of a repository that has its objects in `.git`.
std::vector<std::string> packs_of(const std::string& directory, const Repository& repository) {
  std::vector<std::string> packs;
  if (repository.common != directory + "/.git") return packs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{repository.common + "/objects/pack", error}) {
    std::string name = entry.path().filename().string();
    const bool plain = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
    if (plain && name.starts_with("pack-") && name.ends_with(".pack")) {
      packs.push_back(std::move(name));
    }
  }
  std::ranges::sort(packs);
  return packs;
}

// What changes when the history does, as text: references, packs, and the files that git writes for
// those references that it does not list.
Result<std::string, Error> state_of(const std::string& directory, const Repository& repository,
                                    const std::vector<std::string>& packs) {
  std::string state;
  for (const std::string& file :
       {repository.own + "/HEAD", repository.own + "/index", repository.own + "/logs/HEAD",
        repository.common + "/packed-refs", repository.common + "/logs/refs/stash",
        repository.common + "/objects/info/alternates"}) {
    struct stat stat {};
    if (::stat(file.c_str(), &stat) != 0) stat = {};
    state +=
        fmt::format("{} {} {}.{}\n", file, stat.st_size, stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec);
  }
  for (const std::string& pack : packs) state += pack + "\n";
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

  // Gives where to keep more about that; empty: nowhere.
  std::string beside(const std::string& name) const {
    return path_.empty() ? "" : folder_ + "/" + name;
  }
  void make_folder() const {
    if (!folder_.empty()) ::mkdir(folder_.c_str(), 0700);
  }

  void keep() const {
    if (path_.empty()) return;
    make_folder();
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

// The blobs of a repository: those that something refers to by the first path they have there.
struct Blobs {
  std::vector<GitBlob> all;
  std::vector<std::uint64_t> sizes;
  std::unordered_map<std::string, std::size_t> by_hash;
};

Result<Blobs, Error> blobs_of(const std::string& directory) {
  Blobs blobs;
  auto listed =
      TRY(GitOutput::of(directory, {"cat-file", "--batch-all-objects", "--unordered", "--buffer",
                                    "--batch-check=%(objecttype) %(objectsize) %(objectname)"}));
  while (const auto line = listed.line()) {
    if (!line->starts_with("blob ")) continue;
    const std::size_t blank = line->rfind(' ');
    std::string hash = line->substr(blank + 1);
    if (hash.size() < 3 || !blobs.by_hash.emplace(hash, blobs.all.size()).second) continue;
    blobs.sizes.push_back(std::strtoull(line->c_str() + 5, nullptr, 10));
    blobs.all.push_back({std::move(hash), {}});
  }
  if (!listed.ended_well()) return fail(cannot_tell(directory));
  return blobs;
}

class Search {
 public:
  Search(const std::string& directory, const HistoryReader& reader)
      : directory_{directory}, reader_{reader} {}

  // Goes over all that has a path, and notes the paths of `blobs`.
  Result<void, Error> by_path(Blobs& blobs) {
    auto objects = TRY(GitOutput::of(directory_, {"rev-list", "--objects", "--missing=allow-any",
                                                  "--all", "--reflog", "--indexed-objects"}));
    while (const auto line = objects.line()) {
      const std::size_t blank = line->find(' ');
      if (blank == std::string::npos || blank + 1 == line->size()) continue;
      std::string path = line->substr(blank + 1);
      if (const auto blob = blobs.by_hash.find(line->substr(0, blank));
          blob != blobs.by_hash.end()) {
        blobs.all[blob->second].path = path;
      }
      const policy::Walked walked = policy::walk(reader_.program, path);
      if (!is_kept(reader_.program.terms(walked.place, reader_.subject))) continue;
      note({std::move(path), {}, {}}, {});
      if (history_.more) return {};
    }
    if (!objects.ended_well()) return fail(cannot_tell(directory_));
    return {};
  }

  Result<void, Error> by_contents(Blobs& blobs, content::FileContents& contents,
                                  CleanBlobs& clean) {
    const BlobReader reader{reader_.program, reader_.subject, contents};
    std::vector<GitBlob> asked;
    std::vector<policy::Digest> keys;
    Amount all;
    for (std::size_t i = 0; i < blobs.all.size(); ++i) {
      GitBlob& blob = blobs.all[i];
      // Nothing refers to it: it is read where it lies.
      if (blob.path.empty()) {
        blob.path = ".git/objects/" + blob.hash.substr(0, 2) + "/" + blob.hash.substr(2);
      }
      if (!asks_about(reader, blob.path)) continue;
      const policy::Digest key = key_of(reader, blob);
      if (clean.has(key)) continue;
      all.bytes += blobs.sizes[i];
      keys.push_back(key);
      asked.push_back(std::move(blob));
    }
    all.files = asked.size();
    BlobProgress progress;
    const auto done = [&] { return Amount{progress.blobs.load(), progress.bytes.load()}; };
    std::vector<KeptBlob> kept;
    {
      const ProgressBar bar{all, done};
      kept = TRY(look_into_blobs(directory_, asked, reader, progress));
    }
    std::vector<bool> is_clean(asked.size(), true);
    for (const KeptBlob& each : kept) {
      is_clean[static_cast<std::size_t>(each.blob - asked.data())] = false;
      note({each.blob->path, each.found, {}}, each.blob->hash);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (is_clean[i]) clean.add(keys[i]);
    }
    return {};
  }

  // Gives what was found, with its commits.
  Result<History, Error> finish() {
    for (std::size_t i = 0; i < history_.kept.size(); ++i) {
      KeptInHistory& kept = history_.kept[i];
      std::vector<std::string> words{"log", "--all", "--reflog", "-n3", "--format=%h %s"};
      if (hashes_[i].empty()) {
        words.insert(words.end(), {"--", kept.path});
      } else {
        words.push_back("--find-object=" + hashes_[i]);
      }
      auto commits = TRY(GitOutput::of(directory_, std::move(words)));
      while (auto line = commits.line()) kept.commits.push_back(std::move(*line));
    }
    return std::move(history_);
  }

 private:
  void note(KeptInHistory kept, std::string hash) {
    const auto known = [&](const KeptInHistory& each) {
      return each.path == kept.path && each.found == kept.found;
    };
    if (history_.more || std::ranges::any_of(history_.kept, known)) return;
    if (history_.kept.size() == kMostPaths) {
      history_.more = true;
      return;
    }
    history_.kept.push_back(std::move(kept));
    hashes_.push_back(std::move(hash));
  }

  const std::string& directory_;
  const HistoryReader& reader_;
  History history_;
  std::vector<std::string> hashes_;  // of what was found by its contents, as in history_.kept
};

}  // namespace

Result<History, Error> look_into_history(const std::string& directory,
                                         const HistoryReader& reader) {
  const std::string inside = directory + "/.git";
  struct stat stat {};
  if (::stat(inside.c_str(), &stat) != 0) return History{};
  // A folder of that name that no repository is in.
  const std::string head = inside + "/HEAD";
  if (S_ISDIR(stat.st_mode) && ::access(head.c_str(), F_OK) != 0) return History{};
  const bool asks = !reader.program.contents().empty();
  if (!asks && !is_kept(reader.program.terms(reader.program.strictest(), reader.subject))) {
    return History{};
  }
  const Repository repository = TRY(repository_of(directory));
  const std::vector<std::string> packs = packs_of(directory, repository);
  const Answers answers{TRY(state_of(directory, repository, packs)), reader.program,
                        reader.subject};
  if (answers.has_it()) return History{.kept = {}, .more = false, .clean_packs = packs};
  const auto contents = asks ? reader.contents() : nullptr;
  Blobs blobs;
  if (contents != nullptr) blobs = TRY(blobs_of(directory));
  Search search{directory, reader};
  TRY(search.by_path(blobs));
  if (contents != nullptr) {
    const auto name = policy::hex(policy::digest_of(bytes_of(std::string_view{repository.common})));
    CleanBlobs clean{answers.beside("clean-" + name)};
    TRY(search.by_contents(blobs, *contents, clean));
    answers.make_folder();
    clean.save();
  }
  History history = TRY(search.finish());
  if (!history.kept.empty()) return history;
  answers.keep();
  history.clean_packs = packs;
  return history;
}

}  // namespace sluice::cli
