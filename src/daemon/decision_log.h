// SPDX-License-Identifier: MIT
// What the guard decided, for people: counted by rule, and written as a line of JSON for each
// decision to a file if there is one. Serving threads only put records into a ring; all else is
// done by one thread beside them, and what comes too fast is dropped and counted.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "caller_exes.h"
#include "log_file.h"
#include "lower_names.h"
#include "sluice/guard/decision.h"
#include "sluice/mirror/mirror.h"
#include "sluice/observe/record_drain.h"

namespace sluice::daemon {

class DecisionLog final : public guard::Decisions {
 public:
  // file     lines are appended to it; may be empty.
  // source   the directory that is mirrored, as a path.
  // errors   ENOMEM; EAGAIN no thread.
  static Result<std::unique_ptr<DecisionLog>, Error> make(
      LogFile file, std::string source, std::shared_ptr<const policy::Program> program);
  ~DecisionLog() override;

  // Where names of nodes are found; may be set once, before the first decision.
  void set_tree(mirror::LowerTree& tree) { names_.emplace(tree, source_); }

  void note(const guard::Decision& decision) noexcept override;

  // Another program is about to decide: records that count one reload more are of it. withdraw()
  // undoes the last expect() if nothing came of it. One thread at a time.
  void expect(std::shared_ptr<const policy::Program> program);
  void withdraw();

  // Goes on in a file of the same name. errors: as LogFile::reopen().
  Result<void, Error> reopen(const OutsideMount& files) { return file_.reopen(files); }

  // Writes down what there is, and stops; counts stay.
  void stop();

  // {"refused", "hidden", "redacted", "logged", "alarms", "dropped", "lost", "rules": [{"rule",
  // "refused", "hidden", "redacted", "logged", "last"}]}; rules by their names.
  nlohmann::json summary() const;

 private:
  using Ring = observe::RecordRing<guard::Decision>;
  using Drain = observe::RecordDrain<guard::Decision>;
  struct Counts {
    std::uint64_t refused = 0;
    std::uint64_t hidden = 0;
    std::uint64_t redacted = 0;
    std::uint64_t logged = 0;
    std::string last;  // the path of the last one
  };

  DecisionLog(Ring ring, LogFile file, std::string source,
              std::shared_ptr<const policy::Program> program);
  void take(std::span<const guard::Decision> decisions, std::uint64_t dropped);
  std::string path_of(const guard::Decision& decision) const;
  std::string line_of(const guard::Decision& decision, const policy::Program* program,
                      const std::string& path);
  std::shared_ptr<const policy::Program> program_of(const guard::Decision& decision) const;
  void forget_before(std::uint16_t program);
  void count(const guard::Decision& decision, const policy::Program* program,
             const std::string& path);

  // How many programs are kept for records that are still on their way.
  static constexpr std::size_t kPrograms = 8;

  Ring ring_;
  LogFile file_;
  std::string source_;
  std::optional<LowerNames> names_;
  CallerExes exes_;  // the drain's

  mutable std::mutex mutex_;  // guards all below
  // By Decision::program, the newest last.
  std::deque<std::pair<std::uint16_t, std::shared_ptr<const policy::Program>>> programs_;
  std::map<std::string, Counts, std::less<>> rules_;
  std::uint64_t alarms_ = 0;
  std::uint64_t lost_ = 0;  // lines that could not be written

  std::unique_ptr<Drain> drain_;  // the last member: its thread uses the others
};

}  // namespace sluice::daemon
