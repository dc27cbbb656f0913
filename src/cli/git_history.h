// SPDX-License-Identifier: MIT
// A file that a policy keeps out of sight, or what it keeps of others, may be in the history of the
// repository it lies in: what reads `.git` reads it there. This finds such files by the paths they
// had, and by what they contain, and messages of commits and tags by what they contain.
//
// Known by path is what is reachable: branches, tags, stashes, the reflog, the index. By what they
// contain, the objects that nothing refers to any more are looked into as well.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/file_contents.h"
#include "sluice/policy/program.h"

namespace sluice::cli {

enum class HistoryKind : std::uint8_t { file, commit, tag };

struct KeptInHistory {
  HistoryKind kind = HistoryKind::file;
  std::string path{};   // in the repository; the hash of a commit or a tag
  std::string found{};  // what was found in it, and where; empty: its path was enough
  std::vector<std::string> commits{};  // "HASH SUBJECT", the newest three that have the file
};

struct History {
  std::vector<KeptInHistory> kept;  // the first ten
  bool more = false;
  // The repository's packs, such as `pack-1234.pack`, if all that is in them was looked into and
  // nothing is kept.
  std::vector<std::string> clean_packs;
};

// For whom it is looked into. contents  gives who looks into files, and is asked once at most; none
//           where the policy asks for no content
struct HistoryReader {
  const policy::Program& program;
  policy::SubjectIndex subject;
  std::function<std::shared_ptr<content::FileContents>()> contents;
};

// Looks into the history of the repository at `directory`, which is the root of a view, for what
// the subject may not see or not read; an answer of "none" is kept until the repository or the
// policy changes, and what was looked into is not looked into again. A directory without a
// repository has none. On a terminal it is told how far it is. errors   ENOENT git is not
// installed; EIO git could not tell; those of starting inspectors.
Result<History, Error> look_into_history(const std::string& directory, const HistoryReader& reader);

}  // namespace sluice::cli
