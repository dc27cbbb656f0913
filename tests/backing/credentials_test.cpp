// SPDX-License-Identifier: MIT
#include "sluice/backing/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace sluice::backing {
namespace {

std::string status_of_thread(const std::string& field) {
  std::ifstream status{"/proc/thread-self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return line;
  }
  return "";
}

TEST(UnprivilegedScope, sheds_what_lets_a_writer_pass_limits_and_gives_it_back) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string before = status_of_thread("CapEff");
  {
    UnprivilegedScope scope{true};
    const std::string uids = status_of_thread("Uid");
    EXPECT_NE(uids.find("65534"), std::string::npos) << uids;
    const auto effective = std::stoull(status_of_thread("CapEff").substr(8), nullptr, 16);
    EXPECT_EQ(effective & (1ULL << 4), 0u) << "CAP_FSETID keeps setuid bits on written files";
    EXPECT_EQ(effective & (1ULL << 24), 0u) << "CAP_SYS_RESOURCE passes quotas";
    EXPECT_NE(effective & (1ULL << 21), 0u) << "CAP_SYS_ADMIN is needed to register";
  }
  EXPECT_EQ(status_of_thread("CapEff"), before);
  EXPECT_EQ(status_of_thread("Uid").find("65534"), std::string::npos);
}

TEST(UnprivilegedScope, does_nothing_unless_wanted) {
  const std::string before = status_of_thread("Uid");
  UnprivilegedScope scope{false};
  EXPECT_EQ(status_of_thread("Uid"), before);
}

}  // namespace
}  // namespace sluice::backing
