// SPDX-License-Identifier: MIT
#include "tree_check.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "sluice/base/fd.h"
#include "sluice/daemon/folding.h"
#include "sluice/mount/mountinfo.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

// Tells whether a link's text leads out of the tree, whatever is there: `inner` is the folder in
// which the link lies, from the tree's root.
bool leads_out(const fs::path& inner, const std::string& target) {
  if (target.starts_with('/')) return true;  // from the mount it leads to the root of all
  std::size_t depth = 0;
  for (const fs::path& part : inner) depth += part.empty() || part == "." ? 0 : 1;
  for (const fs::path& part : fs::path{target}) {
    if (part == "..") {
      if (depth == 0) return true;
      --depth;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return false;
}

std::string link_at(int folder, const char* name) {
  std::array<char, PATH_MAX> room;
  const ssize_t size = ::readlinkat(folder, name, room.data(), room.size());
  return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string{};
}

class Walk {
 public:
  Walk(const policy::Program& program, const TreeLimits& limits)
      : program_{program}, limits_{limits} {
    subjects_.push_back(policy::kAnyone);
    for (std::size_t i = 0; i < program.document().subjects.size(); ++i) {
      subjects_.push_back(static_cast<policy::SubjectIndex>(i + policy::kFirstSubject));
    }
    restricts_ = std::ranges::any_of(subjects_, [&](policy::SubjectIndex subject) {
      return program_.terms(program_.strictest(), subject).id != policy::kUnrestricted;
    });
  }

  // A directory that is looked into; `inner` is its path in the tree, with a slash at the end.
  struct Folder {
    const Fd& fd;
    std::string inner;
    policy::Place place{};
    std::size_t depth = 0;
    bool folds = false;  // one above it has names with several spellings
  };

  void look_into(Folder folder) {
    if (!folder.folds && daemon::folds_names(folder.fd.get())) {
      folder.folds = true;  // those below are not told, they are like it
      add(found_.folding, folder.inner.empty() ? "." : folder.inner);
    }
    const int listed = ::fcntl(folder.fd.get(), F_DUPFD_CLOEXEC, 3);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing{::fdopendir(listed), ::closedir};
    if (!listing) return unread(folder.inner, Errno::last());
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (!found_.stopped_at.empty()) return;
      if (found_.seen == limits_.names) {
        found_.stopped_at = folder.inner + name;
        return;
      }
      ++found_.seen;
      look_at(folder, name);
    }
  }

  TreeFindings take() {
    for (auto& [key, file] : linked_) settle(std::move(file));
    return std::move(found_);
  }

 private:
  struct Linked {
    TreeFindings::LinkedFile file;
    bool restricted = false;
  };

  void look_at(const Folder& folder, const std::string& name) {
    const std::string path = folder.inner + name;
    struct stat stat {};
    if (::fstatat(folder.fd.get(), name.c_str(), &stat, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) !=
        0) {
      return unread(path, Errno::last());
    }
    if (S_ISDIR(stat.st_mode)) return descend(folder, name);
    if (S_ISLNK(stat.st_mode)) {
      const std::string target = link_at(folder.fd.get(), name.c_str());
      if (leads_out(folder.inner, target)) add(found_.links_out, TreeFindings::Link{path, target});
    } else if (S_ISREG(stat.st_mode) && stat.st_nlink > 1 && restricts_) {
      note_linked(path, stat, program_.step(folder.place, name).other);
    }
  }

  void descend(const Folder& folder, const std::string& name) {
    const std::string path = folder.inner + name;
    if (folder.depth >= limits_.depth) {
      found_.stopped_at = path;
      return;
    }
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const Fd fd{::openat(folder.fd.get(), name.c_str(), flags)};
    if (!fd) return unread(path, Errno::last());
    const policy::Place below = program_.enter(folder.place, name, policy::Kind::directory);
    look_into({fd, path + "/", below, folder.depth + 1, folder.folds});
    program_.release(below);
  }

  void note_linked(const std::string& path, const struct stat& stat, policy::Place place) {
    Linked& linked = linked_[{stat.st_dev, stat.st_ino}];
    linked.file.names = stat.st_nlink;
    linked.file.paths.push_back(path);
    if (linked.restricted) return;
    for (const policy::SubjectIndex subject : subjects_) {
      const policy::Terms& terms = program_.terms(place, subject);
      if (terms.id == policy::kUnrestricted) continue;
      linked.restricted = true;
      linked.file.subject = program_.subject_name(subject);
      linked.file.rule = program_.rule_name(rule_of(terms));
      return;
    }
  }

  // The rule that restricts most plainly.
  static policy::RuleId rule_of(const policy::Terms& terms) {
    if (terms.grant.see == policy::See::no) return terms.winner(policy::Axis::see);
    if (terms.grant.read != policy::Read::native) return terms.winner(policy::Axis::read);
    if (terms.grant.write != policy::Write::native) return terms.winner(policy::Axis::write);
    return terms.winner(policy::Axis::execute);
  }

  void settle(Linked linked) {
    if (linked.restricted) {
      add(found_.linked, std::move(linked.file));
    } else if (linked.file.paths.size() < linked.file.names) {
      ++found_.unknown_names;
    }
  }

  template <class Finding>
  void add(std::vector<Finding>& list, Finding finding) {
    if (list.size() < limits_.told) list.push_back(std::move(finding));
  }
  void unread(const std::string& path, Errno why) {
    add(found_.unread, fmt::format("{}: {}", path.empty() ? "." : path, text(why)));
  }

  const policy::Program& program_;
  const TreeLimits limits_;
  std::vector<policy::SubjectIndex> subjects_;
  bool restricts_ = false;
  std::map<std::pair<dev_t, ino_t>, Linked> linked_;
  TreeFindings found_;
};

// Where something is mounted below the tree: what lies there in the tree itself is out of sight.
std::vector<std::string> covered_below(const std::string& tree) {
  std::array<char, PATH_MAX> room;
  if (::realpath(tree.c_str(), room.data()) == nullptr) return {};
  const std::string top = room.data();
  std::vector<std::string> names;
  const auto mounts = mount::list_mounts();
  if (!mounts) return names;
  for (const mount::MountEntry& entry : *mounts) {
    if (entry.mount_point == top || !mount::is_at_or_below(entry.mount_point, top)) continue;
    names.push_back(entry.mount_point.substr(top == "/" ? 1 : top.size() + 1));
  }
  return names;
}

}  // namespace

Result<TreeFindings, Error> check_tree(const policy::Program& program, const std::string& tree,
                                       const TreeLimits& limits) {
  const Fd root{::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)};
  if (!root) return fail(Error::of(fmt::format("cannot look into `{}`", tree), Errno::last()));
  Walk walk{program, limits};
  walk.look_into({root, "", program.start()});
  TreeFindings findings = walk.take();
  findings.shadowed = covered_below(tree);
  return findings;
}

}  // namespace sluice::cli
