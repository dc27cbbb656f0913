// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "fixture.h"

namespace sluice::test {
namespace {

TEST_F(Example, hello_shows_one_file_that_cannot_be_changed) {
  start("hello");
  EXPECT_EQ(read_file(in_mnt("hello")), "Hello, world!\n");
  EXPECT_EQ(shell("ls -a " + mnt_).out, ".\n..\nhello\n");
  EXPECT_EQ(shell("tail -c 7 " + in_mnt("hello")).out, "world!\n");
  EXPECT_EQ(::access(in_mnt("other").c_str(), F_OK), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(::unlink(in_mnt("hello").c_str()), -1);
  EXPECT_EQ(errno, EROFS);
  stop();
}

TEST_F(Example, hello_tells_in_one_line_what_is_wrong) {
  const std::string none = scratch_.path("none");
  const Finished failed = run({std::string{EXAMPLES} + "/hello", none});
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.err, "hello: mountpoint `" + none + "` does not exist\n");
  EXPECT_EQ(run({std::string{EXAMPLES} + "/hello"}).status, 2);
}

}  // namespace
}  // namespace sluice::test
