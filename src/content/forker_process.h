// SPDX-License-Identifier: MIT
// Private to content: the process that forks workers, as the daemon's side sees it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/content/packets.h"

namespace sluice::content {

class ForkerProcess {
 public:
  struct Job {
    std::string program;
    int sets = -1;  // a file with them; borrowed
    std::uint64_t memory = 0;
    std::chrono::milliseconds timeout{};
  };
  // Starts it and waits until it is ready. errors: one line for a person.
  static Result<ForkerProcess, Error> start(const Job& job);

  ForkerProcess(ForkerProcess&& other) noexcept;
  ForkerProcess& operator=(ForkerProcess&&) = delete;
  ~ForkerProcess();  // ends it, and with it its workers

  // Asks for a worker and gives our end of its line. errors: EPIPE it is gone; EMFILE.
  Result<Fd> fork(std::uint32_t number);
  // Has a worker killed, or forgotten if it has ended by itself.
  void end(std::uint32_t number) noexcept;

  pid_t pid() const noexcept { return pid_; }
  // Lines about what its processes could not give up.
  const std::vector<std::string>& missing() const noexcept { return missing_; }

 private:
  ForkerProcess(Fd control, pid_t pid) noexcept : control_{std::move(control)}, pid_{pid} {}
  Result<void, Error> prepare(const Job& job);

  Fd control_;
  pid_t pid_;
  std::vector<std::string> missing_;
};

}  // namespace sluice::content
