// SPDX-License-Identifier: MIT
// Looks into each file of a tree about whose contents a policy asks, as many at a time as there are
// processors. No link is followed, and no other file system entered.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/verdicts.h"
#include "sluice/policy/program.h"

namespace sluice::cli {

// A file about which the policy asks.
struct ScanJob {
  std::string path;  // below the tree
  std::uint64_t size = 0;
  policy::ContentSet asked;
};

// What is to be done; gathered before anything is looked into, so that progress can be told.
struct ScanPlan {
  std::vector<ScanJob> jobs;
  std::uint64_t bytes = 0;
  std::uint64_t free = 0;           // files about whose contents nothing is asked
  std::vector<std::string> unread;  // directories that cannot be looked into, with why
};

// How far it is, for whoever looks on from another thread.
struct ScanProgress {
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> bytes{0};
};

struct Scanned {
  const ScanJob* job = nullptr;
  content::Verdicts::Known known;
  std::string unread;  // why it could not be opened; else empty
};

// Gives the files below `tree` that the policy asks about for these subjects.
// errors  those of opening the directory.
Result<ScanPlan, Error> plan_scan(const policy::Program& program,
                                  const std::vector<policy::SubjectIndex>& subjects,
                                  const std::string& tree);

// Looks into all of them; `each` is called for every file, one at a time, in no order.
void scan(const std::string& tree, const ScanPlan& plan, content::Verdicts& verdicts,
          unsigned threads, ScanProgress& progress, const std::function<void(Scanned&&)>& each);

}  // namespace sluice::cli
