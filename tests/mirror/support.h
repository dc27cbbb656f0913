// SPDX-License-Identifier: MIT
// What the mirror's tests on real mounts share: a scratch folder that leaves nothing mounted, file
// systems in image files, and a mirror served by threads of the test itself.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "sluice/channel/dev_connection.h"
#include "sluice/fuse/session.h"
#include "sluice/mirror/mirror.h"
#include "sluice/mount/mounted.h"

namespace sluice::mirror::test {

inline constexpr uid_t kAlice = 1001;
inline constexpr uid_t kBob = 1002;

// Gives why real mounts cannot be tested here; empty if they can.
std::string no_mounts_here();

// A temporary folder; its end unmounts all that is below it, and removes it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(std::string_view below = "") const;
  // Makes a folder and gives its path.
  std::string folder(std::string_view below, uid_t owner = 0, mode_t mode = 0755) const;

 private:
  std::string root_;
};

// Makes a file system (mkfs.TYPE) in an image and mounts it at `at`; unmounted with the Scratch.
// Gives why that failed; empty if it did not.
std::string mount_image(const std::string& image, const std::string& at, const std::string& type,
                        std::size_t mebibytes, const std::string& mkfs_options = "");

// Runs a shell command; gives its exit status, and its output in `output`.
int shell(const std::string& command, std::string* output = nullptr);

// Runs `body` in a child as another user, with no groups but `groups`; gives what it returned, or
// 200 and more when it did not end by itself within 20 seconds.
int as_user(uid_t uid, gid_t gid, const std::function<int()>& body,
            std::initializer_list<gid_t> groups = {});

// What stands between the session and the mirror, and what keeps it alive.
struct Front {
  fuse::FileSystem file_system;
  std::shared_ptr<void> keep;
};
// Makes it; the mirror has not served anything yet.
using MakeFront = std::function<Front(Mirror&, fuse::Notifier&)>;

// A mirror of `source` at `at`, served until the end of this object.
class Served {
 public:
  Served(const std::string& source, const std::string& at, const Options& options = {},
         const MakeFront& front = {});
  ~Served();
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  // Empty if it is mounted.
  const std::string& failure() const noexcept { return failure_; }
  Mirror& mirror() noexcept { return *mirror_; }
  fuse::Session& session() noexcept { return *session_; }
  fuse::Connection& connection() noexcept { return *connection_; }
  fuse::Notifier& notifier() noexcept { return *notifier_; }
  // How many requests of a kind came. Waits for those on their way (RELEASE, FORGET) to come.
  std::uint64_t count(wire::Opcode opcode);
  std::uint64_t all_requests();

 private:
  void settle();

  std::string failure_;
  std::optional<mount::Mounted> mounted_;
  std::unique_ptr<channel::DevConnection> connection_;
  std::unique_ptr<backing::DeviceControl> control_;
  std::unique_ptr<Mirror> mirror_;
  std::unique_ptr<fuse::Notifier> notifier_;
  std::shared_ptr<void> front_;
  std::unique_ptr<fuse::Session> session_;
  std::thread server_;
};

// A mirror that is mounted and served by a process of its own, as every real one is. What a test
// maps must be served so: a page fault waits for its answer with the process's address space
// locked, and a server in the same process may need that lock for the next piece of memory.
class ServedElsewhere {
 public:
  ServedElsewhere(const std::string& source, const std::string& at, const Options& options);
  ~ServedElsewhere();
  ServedElsewhere(const ServedElsewhere&) = delete;
  ServedElsewhere& operator=(const ServedElsewhere&) = delete;

  // Empty if it is mounted.
  const std::string& failure() const noexcept { return failure_; }

 private:
  std::string failure_;
  pid_t server_ = -1;
  Fd life_;  // the server ends when this is closed
};

// Small things that tests say often. Each fails the test when the call fails.
void write_file(const std::string& path, std::string_view text, mode_t mode = 0644);
std::string read_file(const std::string& path);

}  // namespace sluice::mirror::test

// Skips the test, with the reason, where real mounts cannot be made.
#define SLUICE_NEEDS_MOUNTS()                                                  \
  if (std::string why = ::sluice::mirror::test::no_mounts_here(); !why.empty()) \
  GTEST_SKIP() << why
