// SPDX-License-Identifier: MIT
// Containers made by the tests: gzip, zip, tar, git's objects and packs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/inspect/containers.h"
#include "sluice/inspect/inflate.h"

namespace sluice::inspect {

std::string deflated(std::string_view text, Wrapping wrapping);

struct Member {
  std::string name;
  std::string text;
};
std::string tar_of(const std::vector<Member>& members);
enum class Method : std::uint8_t { stored = 0, deflated = 8 };
std::string zip_of(const std::vector<Member>& members, Method method = Method::deflated);

// Looks inside with one detector, of `tok_` and eight letters. Gives "opened: name@line name@line".
std::string inside(std::string_view file, std::string_view path = "f",
                   const ContainerLimits& limits = {});
std::string inside_pack(std::string_view pack, std::string_view index);
std::string described(const Contents& contents);
const Detectors& token_detectors();

// Git's number of a pack entry: type and size.
std::string pack_entry(unsigned type, std::size_t size);
// Gives a pack of these entries, each already as it stands in the file.
std::string pack_of(const std::vector<std::string>& entries);

}  // namespace sluice::inspect
