// SPDX-License-Identifier: MIT
// What is refused at the end that receives; that it works is what `sluice run` is tested for.
#include "sluice/mount/hand_over.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace sluice::mount {
namespace {

struct Ends {
  Ends() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    one = Fd{fds[0]};
    other = Fd{fds[1]};
  }
  Fd one;
  Fd other;
};

TEST(HandOver, the_end_of_the_other_side_is_told) {
  Ends ends;
  ends.one.reset();
  const auto received = receive(ends.other);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().cause(), Errno{ECONNRESET});
}

TEST(HandOver, bytes_without_a_device_are_refused) {
  Ends ends;
  ASSERT_EQ(::send(ends.one.get(), "0123456789012345678901234567890", 31, 0), 31);
  const auto received = receive(ends.other);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().cause(), Errno{EPROTO});
}

}  // namespace
}  // namespace sluice::mount
