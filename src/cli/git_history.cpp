// SPDX-License-Identifier: MIT
#include "git_history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

#include "clean_objects.h"
#include "git_objects.h"
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
    const std::string all =
        fmt::format("files and messages\n{}{}\n{}", state, program.subject_name(subject),
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

// The objects of a repository that people write: files, by the first path they have there if
// something refers to them, and the messages of commits and tags.
struct Objects {
  std::vector<GitObject> all;
  std::vector<std::uint64_t> sizes;
  std::vector<HistoryKind> kinds;
  std::unordered_map<std::string, std::size_t> by_hash;
};

std::optional<HistoryKind> kind_of(std::string_view type) {
  if (type == "blob") return HistoryKind::file;
  if (type == "commit") return HistoryKind::commit;
  if (type == "tag") return HistoryKind::tag;
  return std::nullopt;
}

Result<Objects, Error> objects_of(const std::string& directory) {
  Objects objects;
  auto listed =
      TRY(GitOutput::of(directory, {"cat-file", "--batch-all-objects", "--unordered", "--buffer",
                                    "--batch-check=%(objecttype) %(objectsize) %(objectname)"}));
  while (const auto line = listed.line()) {
    const std::size_t first = line->find(' ');
    const std::size_t last = line->rfind(' ');
    const auto kind = kind_of(std::string_view{*line}.substr(0, first));
    if (!kind || last == first) continue;
    std::string hash = line->substr(last + 1);
    if (hash.size() < 3 || !objects.by_hash.emplace(hash, objects.all.size()).second) continue;
    objects.sizes.push_back(std::strtoull(line->c_str() + first + 1, nullptr, 10));
    objects.kinds.push_back(*kind);
    objects.all.push_back({std::move(hash), {}});
  }
  if (!listed.ended_well()) return fail(cannot_tell(directory));
  return objects;
}

class Search {
 public:
  Search(const std::string& directory, const HistoryReader& reader)
      : directory_{directory}, reader_{reader} {}

  // Goes over all that has a path, and notes the paths of `objects`.
  Result<void, Error> by_path(Objects& objects) {
    auto listed = TRY(GitOutput::of(directory_, {"rev-list", "--objects", "--missing=allow-any",
                                                 "--all", "--reflog", "--indexed-objects"}));
    while (const auto line = listed.line()) {
      const std::size_t blank = line->find(' ');
      if (blank == std::string::npos || blank + 1 == line->size()) continue;
      std::string path = line->substr(blank + 1);
      // A tag's path is its name.
      if (const auto object = objects.by_hash.find(line->substr(0, blank));
          object != objects.by_hash.end() && objects.kinds[object->second] == HistoryKind::file) {
        objects.all[object->second].path = path;
      }
      const policy::Walked walked = policy::walk(reader_.program, path);
      if (!is_kept(reader_.program.terms(walked.place, reader_.subject))) continue;
      note({.path = std::move(path)}, {});
      if (history_.more) return {};
    }
    if (!listed.ended_well()) return fail(cannot_tell(directory_));
    return {};
  }

  Result<void, Error> by_contents(Objects& objects, content::FileContents& contents,
                                  CleanObjects& clean) {
    const ObjectReader reader{reader_.program, reader_.subject, contents};
    std::vector<GitObject> asked;
    std::vector<policy::Digest> keys;
    std::vector<HistoryKind> kinds;
    Amount all;
    for (std::size_t i = 0; i < objects.all.size(); ++i) {
      GitObject& object = objects.all[i];
      // Not known by a path of its own: it is read where it lies.
      if (object.path.empty()) {
        object.path = ".git/objects/" + object.hash.substr(0, 2) + "/" + object.hash.substr(2);
      }
      if (!asks_about(reader, object.path)) continue;
      const policy::Digest key = key_of(reader, object);
      if (clean.has(key)) continue;
      all.bytes += objects.sizes[i];
      keys.push_back(key);
      kinds.push_back(objects.kinds[i]);
      asked.push_back(std::move(object));
    }
    all.files = asked.size();
    ObjectProgress progress;
    const auto done = [&] { return Amount{progress.objects.load(), progress.bytes.load()}; };
    std::vector<KeptObject> kept;
    {
      const ProgressBar bar{all, done};
      kept = TRY(look_into_objects(directory_, asked, reader, progress));
    }
    std::vector<bool> is_clean(asked.size(), true);
    for (const KeptObject& each : kept) {
      const auto index = static_cast<std::size_t>(each.object - asked.data());
      is_clean[index] = false;
      if (kinds[index] == HistoryKind::commit) untold_.insert(each.object->hash);
      note({.kind = kinds[index], .path = each.object->path, .found = each.found},
           each.object->hash);
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
      if (kept.kind != HistoryKind::file) {
        kept.path = hashes_[i];
        continue;
      }
      std::vector<std::string> words{"log", "--all", "--reflog", "-n3", "--format=%H %h %s"};
      if (hashes_[i].empty()) {
        words.insert(words.end(), {"--", kept.path});
      } else {
        words.push_back("--find-object=" + hashes_[i]);
      }
      auto commits = TRY(GitOutput::of(directory_, std::move(words)));
      while (const auto line = commits.line()) kept.commits.push_back(commit_of(*line));
    }
    return std::move(history_);
  }

 private:
  // Of "HASH SHORT SUBJECT" gives the last two; of a commit whose message is kept itself, the hash.
  std::string commit_of(const std::string& line) const {
    const std::string hash = line.substr(0, line.find(' '));
    const std::string rest = line.substr(std::min(hash.size() + 1, line.size()));
    return untold_.contains(hash) ? rest.substr(0, rest.find(' ')) : rest;
  }

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
  std::unordered_set<std::string> untold_;  // commits whose messages the policy keeps
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
  Objects objects;
  if (contents != nullptr) objects = TRY(objects_of(directory));
  Search search{directory, reader};
  TRY(search.by_path(objects));
  if (contents != nullptr) {
    const auto name = policy::hex(policy::digest_of(bytes_of(std::string_view{repository.common})));
    CleanObjects clean{answers.beside("clean-" + name)};
    TRY(search.by_contents(objects, *contents, clean));
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
