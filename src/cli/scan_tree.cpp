// SPDX-License-Identifier: MIT
#include "scan_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>
#include <mutex>
#include <thread>

#include "sluice/base/fd.h"

namespace sluice::cli {
namespace {

// Deeper than this a path is longer than any system call takes.
constexpr std::size_t kDeepest = 2048;

class Planner {
 public:
  Planner(const policy::Program& program, const std::vector<policy::SubjectIndex>& subjects)
      : program_{program}, subjects_{subjects} {}

  void walk(const Fd& folder, const std::string& inner, policy::Place place, std::size_t depth) {
    const int listed = ::fcntl(folder.get(), F_DUPFD_CLOEXEC, 3);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing{::fdopendir(listed), ::closedir};
    if (!listing) return unread(inner, Errno::last());
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") look_at(folder, inner, place, name, depth);
    }
  }

  ScanPlan take() { return std::move(plan_); }
  void stay_on(dev_t device) { device_ = device; }

 private:
  void look_at(const Fd& folder, const std::string& inner, policy::Place place,
               const std::string& name, std::size_t depth) {
    struct stat stat {};
    constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (::fstatat(folder.get(), name.c_str(), &stat, kFlags) != 0) {
      return unread(inner + name, Errno::last());
    }
    if (S_ISDIR(stat.st_mode)) {
      if (stat.st_dev == device_) descend(folder, inner, place, name, depth);
    } else if (S_ISREG(stat.st_mode)) {
      add(inner + name, static_cast<std::uint64_t>(stat.st_size), program_.step(place, name).other);
    }
  }

  void descend(const Fd& folder, const std::string& inner, policy::Place place,
               const std::string& name, std::size_t depth) {
    if (depth >= kDeepest) return unread(inner + name, Errno{ENAMETOOLONG});
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const Fd fd{::openat(folder.get(), name.c_str(), flags)};
    if (!fd) return unread(inner + name, Errno::last());
    const policy::Place below = program_.enter(place, name, policy::Kind::directory);
    walk(fd, inner + name + "/", below, depth + 1);
    program_.release(below);
  }

  void add(std::string path, std::uint64_t size, policy::Place place) {
    policy::ContentSet asked;
    for (const policy::SubjectIndex subject : subjects_) {
      asked |= program_.terms(place, subject).asks();
    }
    if (asked.empty()) {
      ++plan_.free;
      return;
    }
    plan_.bytes += size;
    plan_.jobs.push_back({std::move(path), size, asked});
  }

  void unread(const std::string& path, Errno why) {
    plan_.unread.push_back(fmt::format("{}: {}", path.empty() ? "." : path, text(why)));
  }

  const policy::Program& program_;
  const std::vector<policy::SubjectIndex>& subjects_;
  dev_t device_ = 0;
  ScanPlan plan_;
};

Scanned look_into(const Fd& root, const ScanJob& job, content::Verdicts& verdicts) {
  Scanned scanned{.job = &job, .known = {}, .unread = {}};
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Fd fd{::openat(root.get(), job.path.c_str(), flags)};
  struct stat stat {};
  if (!fd || ::fstat(fd.get(), &stat) != 0) {
    scanned.unread = text(Errno::last());
  } else if (!S_ISREG(stat.st_mode)) {
    scanned.unread = "it is no file any more";
  } else {
    scanned.known = verdicts.of(fd.get(), job.path, job.asked);
  }
  return scanned;
}

}  // namespace

Result<ScanPlan, Error> plan_scan(const policy::Program& program,
                                  const std::vector<policy::SubjectIndex>& subjects,
                                  const std::string& tree) {
  const Fd root{::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)};
  struct stat stat {};
  if (!root || ::fstat(root.get(), &stat) != 0) {
    return fail(Error::of(fmt::format("cannot look into `{}`", tree), Errno::last()));
  }
  Planner planner{program, subjects};
  planner.stay_on(stat.st_dev);
  planner.walk(root, "", program.start(), 0);
  return planner.take();
}

void scan(const std::string& tree, const ScanPlan& plan, content::Verdicts& verdicts,
          unsigned threads, ScanProgress& progress, const std::function<void(Scanned&&)>& each) {
  const Fd root{::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)};
  std::atomic<std::size_t> next{0};
  std::mutex one_at_a_time;
  const auto work = [&] {
    for (;;) {
      const std::size_t mine = next.fetch_add(1);
      if (mine >= plan.jobs.size()) return;
      Scanned scanned = look_into(root, plan.jobs[mine], verdicts);
      progress.files.fetch_add(1, std::memory_order_relaxed);
      progress.bytes.fetch_add(plan.jobs[mine].size, std::memory_order_relaxed);
      const std::lock_guard lock{one_at_a_time};
      each(std::move(scanned));
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
  work();
}

}  // namespace sluice::cli
