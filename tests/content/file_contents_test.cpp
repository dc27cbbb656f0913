// SPDX-License-Identifier: MIT
#include "sluice/content/file_contents.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "disk.h"
#include "support.h"

namespace sluice::content {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::string_view kCard = "4111111111111111";

policy::Grant shown() {
  return {.see = policy::See::yes,
          .read = policy::Read::native,
          .execute = policy::Read::native,
          .write = policy::Write::deny};
}

policy::Grant redacted_grant() {
  policy::Grant grant = shown();
  grant.read = policy::Read::redact;
  grant.execute = policy::Read::redact;
  return grant;
}

// Files of more than a MiB are looked into as they are read.
class FileContentsTest : public testing::Test {
 protected:
  FileContentsTest() {
    const Asked asked{.contents = {"card", "token"},
                      .detectors = {token_detector(), card_detector()},
                      .too_big_over = kMiB};
    auto program = std::make_shared<const policy::Program>(program_of(asked));
    contents_ = std::make_unique<FileContents>(
        program, detection_of(asked),
        FileContentsOptions{.inspector = {.program = inspector_program()}});
  }

  // Has one content redacted, of those that were asked for.
  static policy::ContentGrant hides(unsigned content) {
    return {.nothing_found = shown(), .if_found = {{content_id(content), redacted_grant()}}};
  }

  Opening open(const Fd& file, const policy::ContentGrant& grant, std::string_view path = "a") {
    policy::ContentSet asked;
    for (const auto& each : grant.if_found) asked.add(each.content);
    return contents_->open({.fd = file.get(), .path = path, .grant = grant, .asked = asked})
        .value();
  }

  Fd large() {
    std::string text(2 * kMiB, ' ');
    text += std::string{kToken} + " " + std::string{kCard} + "\n";
    write_settled(folder_.path("a"), text);
    return open_to_read(folder_.path("a"));
  }

  static std::string end_of(const Opening& opening) {
    if (!opening.face) return "no face";
    std::string text(kToken.size() + kCard.size() + 2, '\0');
    const auto got = opening.face->read(opening.face->size() - text.size(),
                                        std::as_writable_bytes(std::span{text}));
    return got && *got == text.size() ? text : "unread";
  }

  Folder folder_;
  std::unique_ptr<FileContents> contents_;
};

// A face belongs to what is hidden in it, not to the file alone.
TEST_F(FileContentsTest, that_are_large_are_shown_to_each_grant_without_what_it_hides) {
  const Fd file = large();
  const Opening without_card = open(file, hides(0));
  const Opening without_token = open(file, hides(1));
  const Opening again = open(file, hides(0));
  EXPECT_EQ(end_of(without_card).find(kCard), std::string::npos) << end_of(without_card);
  EXPECT_NE(end_of(without_card).find(kToken), std::string::npos) << end_of(without_card);
  EXPECT_EQ(end_of(without_token).find(kToken), std::string::npos) << end_of(without_token);
  EXPECT_NE(end_of(without_token).find(kCard), std::string::npos) << end_of(without_token);
  EXPECT_EQ(without_card.face, again.face);
}

// What was looked into a moment ago is not what is there now.
TEST_F(FileContentsTest, that_are_large_are_shown_as_they_are_when_they_are_read) {
  const Fd file = large();
  const Opening opening = open(file, hides(1));
  EXPECT_NE(end_of(opening).find(kCard), std::string::npos) << end_of(opening);
  const Fd writer{::open(folder_.path("a").c_str(), O_WRONLY | O_CLOEXEC)};
  const std::string other = std::string{kCard} + " " + std::string{kToken} + "\n";
  ASSERT_EQ(::pwrite(writer.get(), other.data(), other.size(), 2 * kMiB),
            static_cast<ssize_t>(other.size()));
  const std::string now = end_of(opening);
  EXPECT_EQ(now.substr(0, kCard.size() + 1), std::string{kCard} + " ");
  EXPECT_EQ(now.find(kToken), std::string::npos) << now;
}

// What a path's rule wants redacted is not found piece by piece.
TEST_F(FileContentsTest, that_are_large_and_redacted_by_their_path_are_not_shown) {
  const Fd file = large();
  policy::ContentGrant grant = hides(0);
  grant.nothing_found = redacted_grant();
  grant.nothing_found.with = policy::With::values;
  const Opening opening = open(file, grant);
  EXPECT_TRUE(opening.unshowable);
  EXPECT_EQ(opening.face, nullptr);
}

// A content that only keeps from writing hides nothing.
TEST_F(FileContentsTest, that_are_large_and_not_to_be_written_are_shown_as_they_are) {
  const Fd file = large();
  policy::ContentGrant grant = hides(0);
  grant.if_found.front().grant = shown();
  grant.nothing_found.write = policy::Write::native;
  const Opening opening = open(file, grant);
  EXPECT_FALSE(opening.unshowable);
  EXPECT_EQ(opening.face, nullptr);
}

}  // namespace
}  // namespace sluice::content
