// SPDX-License-Identifier: MIT
// The picture of the rooms in ARCHITECTURE.md against what is included and linked, so that neither
// can drift from the other.
#include <gtest/gtest.h>

#include <algorithm>

#include "tree.h"

namespace sluice::structure {
namespace {

// Rooms that are programs; their build has no sluice_room().
bool is_program(const std::string& room) { return build_of(room).empty(); }

std::vector<Include> includes_in(const std::string& room) {
  std::vector<Include> all;
  for (const std::string& file : files_below("src/" + room, {".h", ".cpp"})) {
    for (Include& include : includes_of(file)) all.push_back(std::move(include));
  }
  return all;
}

// What `room` gets to link with by its own USES and those of the rooms it uses.
void add_reachable(const std::string& room, Names& reached) {
  const Arguments build = build_of(room);
  const auto uses = build.find("USES");
  if (uses == build.end()) return;
  for (const std::string& used : uses->second) {
    if (reached.insert(used).second) add_reachable(used, reached);
  }
}

TEST(Rooms, table_was_found_and_names_each_room_once) {
  Names seen;
  for (const Room& room : declared_rooms()) EXPECT_TRUE(seen.insert(room.name).second) << room.name;
  EXPECT_GE(seen.size(), 10u);
}

TEST(Rooms, built_and_declared_are_the_same) {
  Names declared;
  for (const Room& room : declared_rooms()) declared.insert(room.name);
  EXPECT_EQ(declared, built_rooms());
}

TEST(Rooms, may_use_only_rooms_that_stand_above_them_in_the_table) {
  Names above;
  for (const Room& room : declared_rooms()) {
    for (const std::string& used : room.may_use) {
      EXPECT_TRUE(above.contains(used)) << room.name << " may use " << used << "?";
    }
    above.insert(room.name);
  }
}

TEST(Rooms, include_only_what_the_table_allows) {
  for (const Room& room : declared_rooms()) {
    for (const Include& include : includes_in(room.name)) {
      if (include.room == room.name) continue;
      EXPECT_TRUE(room.may_use.contains(include.room))
          << include.from << " includes " << include.room << "/" << include.file;
    }
  }
}

TEST(Rooms, are_linked_with_what_they_include_and_with_nothing_that_the_table_forbids) {
  for (const Room& room : declared_rooms()) {
    if (is_program(room.name)) continue;
    const Arguments build = build_of(room.name);
    EXPECT_EQ(build.at("NAME"), std::vector{room.name});
    if (const auto uses = build.find("USES"); uses != build.end()) {
      for (const std::string& used : uses->second) {
        EXPECT_TRUE(room.may_use.contains(used)) << room.name << " USES " << used;
      }
    }
    Names linked{room.name};
    add_reachable(room.name, linked);
    for (const Include& include : includes_in(room.name)) {
      EXPECT_TRUE(linked.contains(include.room))
          << include.from << " includes " << include.room << ", which no USES brings";
    }
  }
}

// A header that another room includes is one that its own room has to answer for (and install).
TEST(Rooms, headers_used_from_outside_are_listed_under_HEADERS) {
  for (const Room& room : declared_rooms()) {
    for (const Include& include : includes_in(room.name)) {
      if (include.room == room.name || include.room.empty() || !built_rooms().contains(include.room)) {
        continue;
      }
      const auto headers = build_of(include.room)["HEADERS"];
      EXPECT_TRUE(std::ranges::count(headers, include.file) == 1)
          << include.from << " includes " << include.room << "/" << include.file;
    }
  }
}

// Else an installed header would include one that is not installed.
TEST(Rooms, listed_headers_include_listed_headers_only) {
  for (const Room& room : declared_rooms()) {
    const auto headers = build_of(room.name)["HEADERS"];
    for (const std::string& header : headers) {
      for (const Include& include : includes_of("src/" + room.name + "/" + header)) {
        if (include.room != room.name) continue;  // the test above looks at those
        EXPECT_TRUE(std::ranges::count(headers, include.file) == 1)
            << include.from << " includes " << include.file;
      }
    }
  }
}

TEST(Rooms, build_every_source_they_have) {
  for (const Room& room : declared_rooms()) {
    const std::string build = read("src/" + room.name + "/CMakeLists.txt");
    const std::vector<std::string> words = words_of(build);
    const std::string folder = "src/" + room.name + "/";
    for (const std::string& file : files_below("src/" + room.name, {".cpp"})) {
      const std::string name = file.substr(folder.size());
      EXPECT_TRUE(std::ranges::any_of(words, [&](const std::string& word) {
        return word == name || word == name + ")";
      })) << file << " is not in the room's CMakeLists.txt";
    }
  }
}

}  // namespace
}  // namespace sluice::structure
