// SPDX-License-Identifier: MIT
// A file whose server never answers a read: a kernel thread that waits for it cannot be killed, and
// still whoever asks for an inspection gets an answer in time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sluice/fuse.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "processes.h"
#include "support.h"

namespace sluice::content {
namespace {

using namespace std::chrono_literals;

class Stuck {
  static constexpr NodeId kFile{2};
  static constexpr fuse::Attr kDirectory = fuse::Attr::directory(kRoot, fuse::Mode{0555});
  static constexpr fuse::Attr kRegular = fuse::Attr::regular(kFile, fuse::Mode{0444}, 1000);

 public:
  Result<fuse::Entry> lookup(const fuse::Lookup& r) const {
    if (r.node != kRoot || r.name != "file") return fail(ENOENT);
    return fuse::Entry{kFile, kRegular, 1s};
  }
  Result<fuse::AttrReply> get_attr(const fuse::GetAttr& r) const {
    return fuse::AttrReply{r.node == kFile ? kRegular : kDirectory, 1s};
  }
  Result<fuse::Data> read(const fuse::Read&, fuse::ReadBuffer&) const {
    for (;;) ::pause();
  }
};

// A mount that is served by a process of its own, and goes with it.
class StuckMount {
 public:
  StuckMount() {
    std::string path = "/tmp/sluice-stuck-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return;
    path_ = path;
    server_ = ::fork();
    if (server_ != 0) return;
    Stuck stuck;
    ::_exit(run(stuck, {.mountpoint = path_, .read_only = true}));
  }
  ~StuckMount() {
    if (server_ > 0) {
      ::kill(server_, SIGKILL);
      ::waitpid(server_, nullptr, 0);
      ::umount2(path_.c_str(), MNT_DETACH);
    }
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  StuckMount(const StuckMount&) = delete;
  StuckMount& operator=(const StuckMount&) = delete;

  Fd open() const {
    Fd file;
    becomes_true([&] {
      file = Fd{::open((path_ + "/file").c_str(), O_RDONLY | O_CLOEXEC)};
      return static_cast<bool>(file) || !is_alive(server_);
    });
    return file;
  }

 private:
  std::string path_;
  pid_t server_ = -1;
};

TEST(StuckFile, is_timed_out_and_the_next_question_is_answered) {
  if (::geteuid() != 0 || ::access("/dev/fuse", R_OK | W_OK) != 0)
    GTEST_SKIP() << "mounting needs root and /dev/fuse";
  const StuckMount mount;
  const auto inspector = inspector_of({.contents = {"token"}, .detectors = {token_detector()}},
                                      {.workers = 1, .deadline = 500ms});
  const Fd stuck = mount.open();
  ASSERT_TRUE(stuck) << "no mount";
  for (int i = 0; i < 3; ++i) {
    const Findings findings = inspector->find(SetIndex{0}, stuck.get(), 1000, "file");
    EXPECT_EQ(findings.outcome, Outcome::timed_out) << findings.why;
    const Fd good = file_of(kToken);
    // A busy machine may need longer than the deadline, but not each time.
    EXPECT_TRUE(becomes_true(
        [&] { return inspector->find(SetIndex{0}, good.get(), kToken.size(), "file").found(); }));
  }
  EXPECT_EQ(inspector->stats().restarted, 0u);
}

TEST(StuckFile, keeps_nobody_who_was_interrupted) {
  if (::geteuid() != 0 || ::access("/dev/fuse", R_OK | W_OK) != 0)
    GTEST_SKIP() << "mounting needs root and /dev/fuse";
  const StuckMount mount;
  const auto inspector = inspector_of({.contents = {"token"}, .detectors = {token_detector()}},
                                      {.workers = 1, .deadline = 1h});
  const Fd stuck = mount.open();
  ASSERT_TRUE(stuck) << "no mount";
  int asked = 0;
  const Findings findings =
      inspector->find(SetIndex{0}, stuck.get(), 1000, "file", [&] { return ++asked > 3; });
  EXPECT_EQ(findings.outcome, Outcome::failed) << findings.why;
  const Fd good = file_of(kToken);
  EXPECT_TRUE(inspector->find(SetIndex{0}, good.get(), kToken.size(), "file").found());
  EXPECT_EQ(inspector->stats().timed_out, 0u);
}

}  // namespace
}  // namespace sluice::content
