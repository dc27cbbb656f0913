// SPDX-License-Identifier: MIT
// Opening and reading by io_uring gives what open(2) and read(2) give.
#include <fcntl.h>
#include <liburing.h>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kRules = R"(
[[rule]]
id = "hidden"
path = "*.key"
verdict = "hide"
[[rule]]
id = "denied"
path = "*.no"
verdict = "deny"
[[rule]]
id = "served"
path = "*.slow"
verdict = "served"
)";

class Uring : public Guarded {
 protected:
  void SetUp() override {
    Guarded::SetUp();
    if (IsSkipped()) return;
    if (::io_uring_queue_init(8, &ring_, 0) != 0) GTEST_SKIP() << "no io_uring here";
    made_ = true;
  }
  void TearDown() override {
    if (made_) ::io_uring_queue_exit(&ring_);
    Guarded::TearDown();
  }
  // Runs what `prepare` puts into an entry; gives its result.
  template <class Prepare>
  int run(Prepare prepare) {
    prepare(::io_uring_get_sqe(&ring_));
    io_uring_cqe* done = nullptr;
    if (::io_uring_submit(&ring_) != 1 || ::io_uring_wait_cqe(&ring_, &done) != 0) return -EIO;
    const int result = done->res;
    ::io_uring_cqe_seen(&ring_, done);
    return result;
  }
  int open(const std::string& path, int flags) {
    return run([&](io_uring_sqe* entry) {
      ::io_uring_prep_openat(entry, AT_FDCWD, path.c_str(), flags, 0644);
    });
  }

 private:
  io_uring ring_{};
  bool made_ = false;
};

TEST_F(Uring, opens_are_judged_and_bytes_are_the_files) {
  for (const char* name : {"plain", "a.key", "a.no", "a.slow"}) put(name, name);
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(open(mount("a.key"), O_RDONLY), -ENOENT);
  EXPECT_EQ(open(mount("a.no"), O_RDONLY), -EACCES);
  EXPECT_EQ(open(mount("b.key"), O_RDWR | O_CREAT), -EACCES);
  for (const char* name : {"plain", "a.slow"}) {
    const Fd fd{open(mount(name), O_RDWR)};
    ASSERT_TRUE(fd) << name;
    char text[16] = {};
    const int got = run(
        [&](io_uring_sqe* entry) { ::io_uring_prep_read(entry, fd.get(), text, sizeof text, 0); });
    EXPECT_EQ(std::string(text, static_cast<std::size_t>(std::max(got, 0))), name);
    EXPECT_EQ(run([&](io_uring_sqe* entry) { ::io_uring_prep_write(entry, fd.get(), "X", 1, 0); }),
              1);
    EXPECT_EQ(read_file(lower(name)).front(), 'X');
  }
  const std::string denied = mount("a.no");  // read only once it is submitted
  EXPECT_EQ(run([&](io_uring_sqe* entry) {
              ::io_uring_prep_unlinkat(entry, AT_FDCWD, denied.c_str(), 0);
            }),
            -EACCES);
}

}  // namespace
}  // namespace sluice::guard::test
