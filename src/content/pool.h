// SPDX-License-Identifier: MIT
// Private to content: the workers there are, lent one question at a time.
//
// Who asks waits on its own thread: for a free worker, then for the answer. A worker that did not
// answer in time or did not answer well is ended and never asked again. When the process that forks
// them is gone it is started anew, by whoever needs a worker next.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sluice/content/forker_process.h"
#include "sluice/content/inspector.h"
#include "sluice/content/messages.h"

namespace sluice::content {

class Inspector::Pool {
 public:
  struct Setup {
    std::shared_ptr<const Detection> detection;
    InspectorOptions options;
    std::chrono::milliseconds deadline{};
    std::uint64_t too_big_over = 0;  // 0: no such limit
    Fd sets;
  };
  explicit Pool(Setup setup) : setup_{std::move(setup)} {}

  // Starts the process that forks.
  Result<void, Error> start();

  // Asks a worker. `take` gets the bytes of the answer, of which there are `longest` at the most,
  // and tells whether they make sense; a worker that talks nonsense is ended, and one whose answer
  // nobody waits for any more.
  // returns  `whole` if it took them, else why there is no answer
  struct Asked {
    Outcome outcome = Outcome::failed;
    std::string why{};
  };
  Asked ask(Question question, int file, std::size_t longest,
            const std::function<bool(Bytes)>& take, const Interrupted& interrupted);

  const Setup& setup() const noexcept { return setup_; }
  Stats stats() const;
  std::vector<std::string> missing() const;
  Processes processes() const;

 private:
  struct Worker {
    std::uint32_t number = 0;
    Fd line{};
    pid_t pid = 0;
  };
  using Waited = Result<std::vector<std::byte>>;

  // Lends a worker. errors: EBUSY none became free; EINTR; else what a person should know.
  Result<Worker, Error> borrow(Clock::time_point until, const Interrupted& interrupted);
  Result<Worker, Error> make(Clock::time_point until);
  Result<Worker> try_to_make(Clock::time_point until);
  // Starts another process that forks, unless it is no longer that of `generation`.
  Result<void, Error> restart(std::uint64_t generation);
  std::uint64_t generation() const;
  void give_back(Worker worker);
  void drop(Worker worker) noexcept;
  Waited converse(const Worker& worker, const Question& question, int file, std::size_t longest,
                  const Interrupted& interrupted);

  const Setup setup_;

  std::mutex starting_;  // held while a process is started; before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // What mutex_ guards:
  std::unique_ptr<ForkerProcess> forker_;  // perhaps of a process that is gone
  std::uint64_t generation_ = 0;           // of forker_
  std::vector<Worker> idle_;
  std::map<std::uint32_t, pid_t> alive_;  // those that are lent, too
  std::size_t count_ = 0;                 // of workers, those being made as well
  std::uint32_t next_worker_ = 0;
  std::uint64_t next_question_ = 0;
  Stats stats_;
  // What starting_ guards:
  Clock::time_point failed_at_{};
  std::string failure_;
};

}  // namespace sluice::content
