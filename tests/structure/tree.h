// SPDX-License-Identifier: MIT
// The source tree as text: what the structure tests read. Paths are relative to the project's root.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::structure {

using Names = std::set<std::string>;

// Gives a file's text. A file that cannot be read fails the test that asks, and gives "".
std::string read(const std::string& path);
std::vector<std::string> lines_of(const std::string& text);

// Gives the files below `folder` whose names end in one of `endings`, sorted.
std::vector<std::string> files_below(const std::string& folder, std::vector<std::string_view> endings);
// Gives the C++ files of src, tests, fuzz and examples.
std::vector<std::string> cpp_files();
bool exists(const std::string& path);

// The words between the blanks of `text`.
std::vector<std::string> words_of(std::string_view text);

// A room as ARCHITECTURE.md declares it.
struct Room {
  std::string name;
  Names may_use;
};
// Gives the rows of the table "room | purpose | may use" in ARCHITECTURE.md, in its order.
std::vector<Room> declared_rooms();

// The arguments of `sluice_room(NAME ...)` in a room's CMakeLists.txt, by keyword: SOURCES,
// HEADERS, USES, LIBS, and NAME for the first one.
using Arguments = std::map<std::string, std::vector<std::string>>;
Arguments build_of(const std::string& room);

// An `#include "sluice/ROOM/FILE"`, wherever it stands.
struct Include {
  std::string from;  // the including file
  std::string room;  // "" for src/fuse.h and its like
  std::string file;  // the path below the room
};
std::vector<Include> includes_of(const std::string& file);

// The rooms that have a folder in src.
Names built_rooms();

}  // namespace sluice::structure
