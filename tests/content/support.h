// SPDX-License-Identifier: MIT
// What the tests of content share: policies that look for something, and files in memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/content/detection.h"
#include "sluice/content/inspector.h"
#include "sluice/policy/program.h"

namespace sluice::content {

// What a policy asks for; `contents` are the names that its rules use, which the policy numbers in
// the order of the alphabet.
struct Asked {
  std::vector<std::string> contents{};
  std::vector<policy::ImportSpec> imports{};
  std::vector<policy::DetectorSpec> detectors{};
  std::uint64_t too_big_over = 0;
};
policy::Program program_of(const Asked& asked);
std::shared_ptr<const Detection> detection_of(const Asked& asked, Bytes saved = {});
// Gives what is wrong, a line each; "" if nothing is.
std::string wrong_with(const Asked& asked);

// A detector of `tok_` and eight letters, and of cards.
policy::DetectorSpec token_detector();
policy::DetectorSpec card_detector();
policy::DetectorSpec type_detector(std::string name, std::vector<std::string> types);
policy::DetectorSpec larger_detector(std::string name, std::uint64_t size);
policy::DetectorSpec manifest_detector(std::string name, std::string text);
inline constexpr std::string_view kToken = "tok_abcdefgh";

policy::ContentId content_id(unsigned number);
// Gives the numbers of the contents, such as "0 2"; "big", "late" and "failed" for the special ones.
std::string text_of(policy::ContentSet contents);

// A file in memory, open for reading and writing.
Fd file_of(std::string_view text);
// One that is `size` bytes long, all of them holes.
Fd hole_of(std::uint64_t size);

// XMP with a position in it, as it stands beside a photo.
std::string sidecar();
// Text as a zlib stream.
std::string zlib_of(std::string_view text);

// Starts an inspector; a test that cannot is ended.
std::unique_ptr<Inspector> inspector_of(const Asked& asked, InspectorOptions options = {});
std::string inspector_program();

// Gives the text of `size` bytes as the redaction leaves it.
std::string redacted(std::string_view text, const inspect::Redaction& redaction);

}  // namespace sluice::content
