// SPDX-License-Identifier: MIT
// Which real files a change of policy concerns: walks a tree under both policies at once.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "commands.h"
#include "policy_text.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/arguments.h"

namespace sluice::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kHelp = R"(usage: sluice diff [--as SUBJECT] OLD NEW --tree DIR

Walks DIR and tells for each file and directory in it whose verdict differs
between the policies OLD and NEW what it was and what it becomes. Each policy
is a file, or the name of a preset. Nothing is opened, and no link is followed.

Options
  --tree DIR            the directory that would be mounted
  --as SUBJECT          of this subject only; else of all that either policy
                        has, and of `anyone`
  --json                the same for programs

Examples
  sluice diff agent.toml agent-new.toml --tree ~/project

Exit status: 0 nothing changes, 1 something does or a policy cannot be used,
2 wrong usage.
)";

struct Change {
  std::string path;
  std::string subject;
  policy::Terms before;
  policy::Terms after;
};

class Walk {
 public:
  Walk(const policy::Program& before, const policy::Program& after, std::set<std::string> subjects)
      : before_{before}, after_{after}, subjects_{std::move(subjects)} {}

  // The folders under way are kept in a list of our own: a tree may be deeper than a stack.
  void run(const fs::path& tree) {
    std::vector<Folder> open{
        {tree, "", before_.hold(before_.start()), after_.hold(after_.start())}};
    while (!open.empty()) {
      const Folder folder = std::move(open.back());
      open.pop_back();
      std::error_code error;
      for (fs::directory_iterator at{folder.path, error}, end; !error && at != end;
           at.increment(error)) {
        look_at(folder, *at, open);
      }
      if (error) unread_.push_back(fmt::format("{}: {}", folder.path.string(), error.message()));
      before_.release(folder.before);
      after_.release(folder.after);
    }
  }

  const std::vector<Change>& changes() const noexcept { return changes_; }
  const std::vector<std::string>& unread() const noexcept { return unread_; }
  std::size_t seen() const noexcept { return seen_; }

 private:
  struct Folder {
    fs::path path;
    std::string inner;  // from the tree's root, with a slash at the end
    policy::Place before;
    policy::Place after;
  };

  void look_at(const Folder& folder, const fs::directory_entry& entry, std::vector<Folder>& open) {
    const std::string name = entry.path().filename().string();
    std::error_code error;
    const bool directory = entry.symlink_status(error).type() == fs::file_type::directory;
    const policy::Step was = before_.step(folder.before, name);
    const policy::Step is = after_.step(folder.after, name);
    const policy::Place place_before = directory ? was.directory : was.other;
    const policy::Place place_after = directory ? is.directory : is.other;
    ++seen_;
    const std::string inner = folder.inner + name + (directory ? "/" : "");
    for (const std::string& subject : subjects_) {
      const auto difference =
          policy::compare(before_, place_before, after_, place_after, subject,
                          directory ? policy::Kind::directory : policy::Kind::other);
      if (difference.changed)
        changes_.push_back({inner, subject, difference.before, difference.after});
    }
    if (directory) {
      open.push_back({entry.path(), inner, before_.hold(place_before), after_.hold(place_after)});
    }
  }

  const policy::Program& before_;
  const policy::Program& after_;
  const std::set<std::string> subjects_;
  std::vector<Change> changes_;
  std::vector<std::string> unread_;
  std::size_t seen_ = 0;
};

std::set<std::string> subjects_of(const policy::Program& before, const policy::Program& after) {
  std::set<std::string> names{"anyone"};
  for (const policy::Program* program : {&before, &after}) {
    for (const policy::SubjectSpec& subject : program->document().subjects)
      names.insert(subject.name);
  }
  return names;
}

void print_text(const policy::Program& before, const policy::Program& after, const Walk& walk) {
  for (const Change& change : walk.changes()) {
    fmt::print("{}  as {}: {} -> {}\n", daemon::printable(change.path), change.subject,
               words_of(before, change.before), words_of(after, change.after));
  }
  for (const std::string& line : walk.unread()) {
    fmt::print(stderr, "cannot look into {}\n", daemon::printable(line));
  }
  fmt::print("{} of {} names change\n", walk.changes().size(), walk.seen());
}

void print_data(const policy::Program& before, const policy::Program& after, const Walk& walk) {
  json changes = json::array();
  for (const Change& change : walk.changes()) {
    changes.push_back({{"path", change.path},
                       {"subject", change.subject},
                       {"before", json_of(before, change.before)},
                       {"after", json_of(after, change.after)}});
  }
  print_json({{"seen", walk.seen()}, {"changes", std::move(changes)}, {"unread", walk.unread()}});
}

}  // namespace

int diff_command(const Arguments& arguments) {
  std::string before_name;
  std::string after_name;
  std::string tree;
  std::string as;
  bool as_json = false;
  CLI::App app;
  app.add_option("OLD", before_name);
  app.add_option("NEW", after_name);
  app.add_option("--tree", tree);
  app.add_option("--as", as);
  app.add_flag("--json", as_json);
  auto parsed = daemon::parse(app, arguments);
  if (parsed && *parsed == daemon::Parsed::help) {
    fmt::print("{}", kHelp);
    return kDone;
  }
  if (parsed && (after_name.empty() || tree.empty())) {
    parsed = fail(Error{"say two policies and a tree: `sluice diff OLD NEW --tree DIR`", EINVAL});
  }
  if (!parsed) {
    daemon::tell_usage(parsed.error(), "sluice diff");
    return kUsage;
  }
  std::error_code error;
  if (!fs::is_directory(tree, error)) {
    daemon::tell(fmt::format("cannot walk `{}`: {}", tree,
                             error ? error.message() : "it is not a directory"));
    return kFailed;
  }
  const Form form = as_json ? Form::data : Form::text;
  const auto before = open_or_tell(before_name, form);
  const auto after = before ? open_or_tell(after_name, form) : std::nullopt;
  if (!after) return kFailed;
  std::set<std::string> subjects = subjects_of(*before, *after);
  if (!as.empty()) {
    if (!subjects.contains(as)) {
      daemon::tell(fmt::format("neither policy has a subject `{}`", as));
      return kFailed;
    }
    subjects = {as};
  }
  Walk walk{*before, *after, std::move(subjects)};
  walk.run(tree);
  if (form == Form::data) {
    print_data(*before, *after, walk);
  } else {
    print_text(*before, *after, walk);
  }
  return walk.changes().empty() ? kDone : kFailed;
}

}  // namespace sluice::cli
