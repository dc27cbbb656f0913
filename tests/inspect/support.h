// SPDX-License-Identifier: MIT
// Redacts bytes in memory, and asks other people's programs what they see in a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/inspect/media.h"

namespace sluice::inspect::test {

// What positions_in() says of bytes, and what they become.
struct Redacted {
  Positions said;
  std::string bytes;
  std::vector<Range> ranges;
};
Redacted redacted(std::string_view bytes);

// Gives what redacted() makes of `bytes`, with checks that hold for any file with a position: it is
// said to be found in that kind of file, the length stays, and a second look finds nothing.
std::string without_positions(std::string_view bytes, Media media);

// Tells whether the file is said to be clean.
bool is_clean(std::string_view bytes);
// Gives why nothing is said of the file; "" if something is.
std::string_view refused(std::string_view bytes);

bool contains(std::string_view bytes, std::string_view part);

// A folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(std::string_view name) const { return root_ + "/" + std::string{name}; }
  std::string read(std::string_view name) const;
  void write(std::string_view name, std::string_view bytes) const;
  // Gives what `command` prints, run in the folder for half a minute at most.
  std::string output_of(const std::string& command) const;

 private:
  std::string root_;
};

// Tells whether a program of that name is installed.
bool is_here(const std::string& program);

}  // namespace sluice::inspect::test
