// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>

#include "sluice/base/fd.h"
#include "sluice/base/flags.h"
#include "sluice/base/result.h"

namespace sluice {
namespace {

Result<int> twice(Result<int> in) {
  int value = TRY(in);
  return 2 * value;
}

TEST(Result, try_gives_the_value_or_returns_the_error) {
  EXPECT_EQ(twice(21), 42);
  EXPECT_EQ(twice(fail(ENOENT)).error(), Errno{ENOENT});
}

TEST(Errno, numbers_the_kernel_refuses_become_eio) {
  EXPECT_EQ(Errno::from(0), Errno{EIO});
  EXPECT_EQ(Errno::from(-2), Errno{EIO});
  EXPECT_EQ(Errno::from(512), Errno{EIO});
  EXPECT_EQ(Errno::from(ENOENT).value(), ENOENT);
}

TEST(Errno, has_its_symbol_and_its_words_in_lower_case) {
  EXPECT_EQ(name(ESTALE), "ESTALE");
  EXPECT_EQ(text(ENOENT), "no such file or directory");
  EXPECT_EQ(text(Errno::from(500)), "unknown error");
}

TEST(Fd, closes_itself_once_and_can_be_given_away) {
  Fd first{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(first);
  int number = first.get();
  Fd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  second.reset();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Fd, duplicate_of_an_empty_one_fails) { EXPECT_EQ(Fd{}.duplicate().error(), Errno{EBADF}); }

enum class Bit : unsigned { one = 1, two = 2 };

TEST(Flags, keep_bits_without_a_name) {
  auto flags = Flags<Bit>::from(0x82);
  EXPECT_TRUE(flags.has(Bit::two));
  EXPECT_FALSE(flags.has(Bit::one));
  EXPECT_EQ(flags.without(Bit::two).word(), 0x80u);
  EXPECT_EQ((flags | Bit::one).word(), 0x83u);
}

}  // namespace
}  // namespace sluice
