// SPDX-License-Identifier: MIT
// What the tests of faces share: a file, what is to be hidden in it, and what is left.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "disk.h"
#include "sluice/content/faces.h"

namespace sluice::content {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

inline std::string text_of_size(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7919 % 26);
  return text;
}

inline inspect::Redaction hide(std::uint64_t size, std::initializer_list<inspect::Range> ranges) {
  inspect::Redaction redaction{size};
  for (const auto range : ranges) {
    EXPECT_EQ(redaction.add(range, std::byte{'*'}), inspect::Added::yes);
  }
  return redaction;
}

inline std::string hidden(std::string text, std::initializer_list<inspect::Range> ranges) {
  for (const auto range : ranges) text.replace(range.offset, range.length, range.length, '*');
  return text;
}

inline std::string all_of(const Face& face) {
  std::string text(face.size(), '\0');
  const auto got = face.read(0, std::as_writable_bytes(std::span{text}));
  if (!got) return "cannot be read";
  text.resize(*got);
  return text;
}

inline policy::ContentSet content(unsigned number) {
  policy::ContentSet set;
  set.add(static_cast<policy::ContentId>(number));
  return set;
}

class FacesTest : public testing::Test {
 protected:
  FacesTest() { folder_mode(0700); }
  void folder_mode(mode_t mode) const { ::chmod(folder.path().c_str(), mode); }

  void write(std::string_view text) {
    write_text(path, text);
    file = open_to_read(path);
    version = Version::of(file.get()).value_or(Version{});
  }
  Result<std::shared_ptr<const Face>> make(Faces& faces,
                                           std::initializer_list<inspect::Range> ranges,
                                           unsigned number = 0) {
    return faces.redacted(file.get(), version, content(number), policy::With::nothing,
                          hide(version.size(), ranges));
  }

  const Folder folder;
  const std::string path = folder.path("a");
  Fd file;
  Version version;
};

}  // namespace sluice::content
