// SPDX-License-Identifier: MIT
// What the guard decided, for people: counted by rule, and written as a line of JSON for each
// decision to a file if there is one. Serving threads only put records into a ring; all else is
// done by one thread beside them, and what comes too fast is dropped and counted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sluice/base/fd.h"
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
      Fd file, std::string source, std::shared_ptr<const policy::Program> program);
  ~DecisionLog() override;

  // Where names of nodes are found; may be set once, before the first decision.
  void set_tree(mirror::LowerTree& tree) noexcept { tree_ = &tree; }

  void note(const guard::Decision& decision) noexcept override;

  // Writes down what there is, and stops; counts stay.
  void stop();

  // {"refused", "hidden", "logged", "alarms", "dropped", "lost", "rules": [{"rule", "refused",
  // "hidden", "logged", "last"}]}; rules by their names.
  nlohmann::json summary() const;

 private:
  using Ring = observe::RecordRing<guard::Decision>;
  using Drain = observe::RecordDrain<guard::Decision>;
  struct Counts {
    std::uint64_t refused = 0;
    std::uint64_t hidden = 0;
    std::uint64_t logged = 0;
    std::string last;  // the path of the last one
  };

  DecisionLog(Ring ring, Fd file, std::string source,
              std::shared_ptr<const policy::Program> program);
  void take(std::span<const guard::Decision> decisions, std::uint64_t dropped);
  std::string path_of(const guard::Decision& decision) const;
  std::string line_of(const guard::Decision& decision, const std::string& path) const;

  Ring ring_;
  Fd file_;
  std::string source_;
  std::shared_ptr<const policy::Program> program_;
  mirror::LowerTree* tree_ = nullptr;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, Counts, std::less<>> rules_;
  std::uint64_t alarms_ = 0;
  std::uint64_t lost_ = 0;  // lines that could not be written

  std::unique_ptr<Drain> drain_;  // the last member: its thread uses the others
};

}  // namespace sluice::daemon
