// SPDX-License-Identifier: MIT
#include "sluice/confine/sockets.h"

#include <gtest/gtest.h>

namespace sluice::confine {
namespace {

using Paths = std::vector<std::string>;

constexpr std::string_view kTable =
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01  1234 /run/dbus/system_bus_socket\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03  1235\n"
    "0000000000000000: 00000002 00000000 00000000 0002 01 123456 /run/systemd/notify\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01  1237 @/tmp/.X11-unix/X0\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01  1238 relative.sock\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01  1239 /tmp/with  two blanks\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03  1240 /run/dbus/system_bus_socket\n";

TEST(BoundPaths, are_the_absolute_ones_sorted_and_each_once) {
  EXPECT_EQ(bound_paths(kTable),
            (Paths{"/run/dbus/system_bus_socket", "/run/systemd/notify", "/tmp/with  two blanks"}));
}

TEST(BoundPaths, of_broken_lines_are_none) {
  EXPECT_EQ(bound_paths(""), Paths{});
  EXPECT_EQ(bound_paths("\n\n   \n/x\na b c d e f /x"), Paths{});
  EXPECT_EQ(bound_paths("1: 2 3 4 5 6 7 "), Paths{});
  EXPECT_EQ(bound_paths(std::string_view{"1: 2 3 4 5 6 7 /a\0b", 19}), Paths{});
}

TEST(BoundPaths, every_truncation_is_read_without_harm) {
  for (std::size_t size = 0; size <= kTable.size(); ++size) {
    EXPECT_LE(bound_paths(kTable.substr(0, size)).size(), 4u);
  }
}

}  // namespace
}  // namespace sluice::confine
