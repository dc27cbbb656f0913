// SPDX-License-Identifier: MIT
// What the tests of real mounts share: a daemon that knows four bytes of the protocol, a folder
// that leaves nothing behind however a test ends, and children that cannot hang the suite.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "sluice/base/fd.h"
#include "sluice/mount/mounted.h"

namespace sluice::mount::test {

inline constexpr uid_t kNobody = 65534;

// Gives why real mounts cannot be tested here; empty if they can.
std::string no_mounts_here();

// A temporary folder. Its end unmounts all that is still mounted below it, aborting connections, so
// that a failed test leaves neither mounts nor stuck processes.
class Place {
 public:
  Place();
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::string folder(std::string_view name, uid_t owner = 0) const;
  std::string file(std::string_view name) const;

 private:
  std::string path_;
};

enum class Manner {
  answers,  // INIT, and GETATTR of the root; ENOSYS to all else
  hangs,    // INIT, and then reads without ever answering
};

enum class Opcode : unsigned { get_attr = 3, init = 26, statfs = 17 };

// Serves a device in a thread of its own; holds a duplicate of the descriptor until it ends.
class TinyServer {
 public:
  explicit TinyServer(const Fd& device, Manner manner = Manner::answers,
                      mode_t root_type = 0040000);
  ~TinyServer() { stop(); }
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  void stop() noexcept;
  // Waits until the mount has ended; afterwards the device is no longer held.
  void join() noexcept;

  // Waits until `count` requests of this kind have come; tells whether they did within 10 seconds.
  bool wait_for(Opcode opcode, unsigned count = 1) const;
  // Of requests other than INIT and FORGET.
  unsigned requests() const noexcept { return requests_; }

 private:
  static constexpr unsigned kOpcodes = 64;

  void serve() noexcept;
  void take() noexcept;
  void reply(std::uint64_t unique, int error, const void* data, std::size_t size) noexcept;

  Fd device_;
  Fd wake_;
  Manner manner_;
  mode_t root_type_;
  std::atomic<unsigned> requests_{0};
  std::array<std::atomic<unsigned>, kOpcodes> counts_{};
  alignas(8) std::array<char, 1 << 18> buffer_{};
  std::thread thread_;
};

// Runs `body` in a forked child and gives the text that it returned: by custom, what went wrong.
// A child that takes longer than 20 seconds is killed, and its text says so.
std::string in_child(const std::function<std::string()>& body);

// Gives up root for good, groups too; for children.
void become(uid_t uid);

// A process that does one thing and stays until it is freed or ends.
class Child {
 public:
  explicit Child(const std::function<int()>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Gives its exit status, or -1 if it has not ended within `limit`.
  int wait(std::chrono::milliseconds limit);

 private:
  pid_t pid_;
};

bool contains(std::string_view text, std::string_view part);

}  // namespace sluice::mount::test
