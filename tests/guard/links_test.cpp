// SPDX-License-Identifier: MIT
// Files with several names, and links around rules.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

namespace sluice::guard::test {
namespace {

constexpr std::string_view kRules = R"(
[[rule]]
id = "kept"
path = "kept*"
verdict = "readonly"
[[rule]]
id = "denied"
path = "denied*"
verdict = "deny"
)";

class Links : public Guarded {
 protected:
  void link_below(const char* from, const char* to) const {
    ASSERT_EQ(::link(lower(from).c_str(), lower(to).c_str()), 0);
  }
};

TEST_F(Links, the_strictest_name_that_is_known_holds_for_all) {
  put("plain", "text");
  link_below("plain", "denied");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(read_file(mount("plain")), "text") << "the other name is not known yet";
  struct stat stat {};
  ASSERT_EQ(::stat(mount("denied").c_str(), &stat), 0);
  EXPECT_EQ(open_outcome(mount("plain"), O_RDONLY), "EACCES");
  EXPECT_EQ(open_outcome(mount("denied"), O_RDONLY), "EACCES");
}

TEST_F(Links, a_file_with_names_that_nobody_knows_is_served) {
  put("plain", "text");
  link_below("plain", "folder-less");
  put("single", "text");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(read_file(mount("single")), "text");
  EXPECT_EQ(served().mirror().stats().served, 0u);
  EXPECT_EQ(read_file(mount("plain")), "text");
  EXPECT_EQ(served().mirror().stats().served, 1u);
  // With all names known there is nothing left to suspect.
  EXPECT_EQ(read_file(mount("folder-less")), "text");
  EXPECT_EQ(read_file(mount("plain")), "text");
  EXPECT_EQ(served().mirror().stats().served, 1u);
}

TEST_F(Links, a_policy_may_go_by_the_path_alone) {
  put("plain", "text");
  link_below("plain", "second");
  ASSERT_NO_FATAL_FAILURE(
      serve(std::string{"[default]\nhardlinks = \"path\"\n"} + std::string{kRules}));
  EXPECT_EQ(read_file(mount("plain")), "text");
  EXPECT_EQ(served().mirror().stats().served, 0u);
}

TEST_F(Links, links_that_are_made_here_are_known) {
  put("plain", "text");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  ASSERT_EQ(outcome(::link(mount("plain").c_str(), mount("second").c_str())), "OK");
  write_file(mount("second"), "written");
  EXPECT_EQ(read_file(mount("plain")), "written");
  EXPECT_EQ(served().mirror().stats().served, 0u);
  ASSERT_EQ(outcome(::unlink(mount("plain").c_str())), "OK");
  EXPECT_EQ(read_file(mount("second")), "written");
}

TEST_F(Links, a_link_cannot_loosen_and_cannot_be_made_of_what_is_kept) {
  put("kept", "text");
  put("plain", "text");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  EXPECT_EQ(outcome(::link(mount("kept").c_str(), mount("free").c_str())), "EACCES");
  EXPECT_EQ(outcome(::link(mount("plain").c_str(), mount("kept2").c_str())), "EACCES");
  EXPECT_EQ(names_in(lower()), "kept plain");
}

TEST_F(Links, the_name_that_keeps_a_file_is_not_taken_away_by_whom_it_is_kept_from) {
  constexpr std::string_view kUnread = "[[rule]]\nid = \"u\"\npath = \"*.no\"\nread = \"deny\"\n";
  put("a.no", "text");
  link_below("a.no", "loose");
  put("b.no", "text");
  link_below("b.no", "c.no");
  put("plain", "text");
  ASSERT_NO_FATAL_FAILURE(serve(kUnread));
  EXPECT_EQ(outcome(::unlink(mount("a.no").c_str())), "EACCES");
  EXPECT_EQ(outcome(::rename(mount("plain").c_str(), mount("a.no").c_str())), "EACCES");
  EXPECT_EQ(open_outcome(mount("loose"), O_RDONLY), "EACCES");
  // Where no name that it has left keeps less, and of which none is unknown, nothing is lost.
  EXPECT_EQ(open_outcome(mount("c.no"), O_RDONLY), "EACCES");
  EXPECT_EQ(outcome(::unlink(mount("b.no").c_str())), "OK");
  EXPECT_EQ(outcome(::unlink(mount("c.no").c_str())), "OK");
  EXPECT_EQ(outcome(::unlink(mount("loose").c_str())), "OK");
  EXPECT_EQ(outcome(::unlink(mount("a.no").c_str())), "OK");
}

TEST_F(Links, one_name_less_makes_the_other_free_again) {
  put("plain", "text");
  link_below("plain", "denied");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  struct stat stat {};
  ASSERT_EQ(::stat(mount("denied").c_str(), &stat), 0);
  ASSERT_EQ(open_outcome(mount("plain"), O_RDONLY), "EACCES");
  ASSERT_EQ(::unlink(lower("denied").c_str()), 0);
  // The kernel asks for the name again, once it no longer believes what it was told.
  ASSERT_EQ(outcome(::rename(mount("plain").c_str(), mount("moved").c_str())), "OK");
  ASSERT_EQ(outcome(::rename(mount("moved").c_str(), mount("plain").c_str())), "OK");
  std::string said;
  for (int i = 0; i < 100 && said != "OK"; ++i) {
    ::usleep(50000);
    said = open_outcome(mount("plain"), O_RDONLY);
  }
  EXPECT_EQ(said, "OK");
}

TEST_F(Links, a_record_says_where_another_name_gave_the_answer) {
  put("plain", "text");
  link_below("plain", "denied");
  ASSERT_NO_FATAL_FAILURE(serve(kRules));
  struct stat stat {};
  ASSERT_EQ(::stat(mount("denied").c_str(), &stat), 0);
  ASSERT_EQ(::stat(mount("plain").c_str(), &stat), 0);
  EXPECT_EQ(open_outcome(mount("plain"), O_RDONLY), "EACCES");
  const auto all = told_.all();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().by, kByOtherNames);
  EXPECT_EQ(all.back().rules[0], policy::kByDefault);
  EXPECT_EQ(all.back().rules[1], kByOtherNames);
}

}  // namespace
}  // namespace sluice::guard::test
