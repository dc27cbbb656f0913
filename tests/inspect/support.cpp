// SPDX-License-Identifier: MIT
#include "support.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::inspect::test {

Redacted redacted(std::string_view bytes) {
  const BytesSource source{bytes_of(bytes)};
  Budget budget{std::uint64_t{1} << 28, std::uint64_t{1} << 24};
  Redaction redaction{bytes.size()};
  Redacted result;
  result.said = positions_in(source, budget, redaction);
  result.bytes = bytes;
  redaction.apply(0, std::as_writable_bytes(std::span{result.bytes}));
  result.ranges = redaction.ranges();
  return result;
}

std::string without_positions(std::string_view bytes, Media media) {
  const Redacted result = redacted(bytes);
  EXPECT_EQ(name(result.said.media), name(media));
  EXPECT_EQ(result.said.finding, Finding::found) << text(result.said.why);
  EXPECT_EQ(result.bytes.size(), bytes.size());
  EXPECT_NE(result.bytes, bytes);
  EXPECT_EQ(redacted(result.bytes).said.finding, Finding::clean);
  return result.bytes;
}

bool is_clean(std::string_view bytes) {
  const Redacted result = redacted(bytes);
  return result.said.finding == Finding::clean && result.ranges.empty();
}

std::string_view refused(std::string_view bytes) {
  const Redacted result = redacted(bytes);
  return result.said.finding == Finding::unknown ? text(result.said.why) : std::string_view{};
}

bool contains(std::string_view bytes, std::string_view part) {
  return bytes.find(part) != bytes.npos;
}

Folder::Folder() {
  const char* base = std::getenv("TMPDIR");
  root_ = std::string{base != nullptr ? base : "/tmp"} + "/sluice-test-XXXXXX";
  if (::mkdtemp(root_.data()) == nullptr) std::abort();
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string Folder::read(std::string_view name) const {
  std::ifstream file{path(name), std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void Folder::write(std::string_view name, std::string_view bytes) const {
  std::ofstream{path(name), std::ios::binary} << bytes;
}

std::string Folder::output_of(const std::string& command) const {
  FILE* pipe = ::popen(("cd " + root_ + " && exec 2>&1 && timeout 30 " + command).c_str(), "re");
  if (pipe == nullptr) return "popen failed";
  std::string output;
  std::array<char, 4096> piece;
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) {
    output.append(piece.data(), got);
  }
  ::pclose(pipe);
  return output;
}

bool is_here(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace sluice::inspect::test
