// SPDX-License-Identifier: MIT
#include "tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace sluice::structure {
namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path path{SLUICE_SOURCE_DIR};
  return path;
}

// Gives the cells of a row of a markdown table, without the blanks around them; none for other lines.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  if (line.empty() || line.front() != '|') return cells;
  std::stringstream stream{line.substr(1)};
  for (std::string cell; std::getline(stream, cell, '|');) {
    const auto begin = cell.find_first_not_of(' ');
    const auto end = cell.find_last_not_of(' ');
    cells.push_back(begin == cell.npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return cells;
}

}  // namespace

std::string read(const std::string& path) {
  std::ifstream file{root() / path, std::ios::binary};
  if (!file) {
    ADD_FAILURE() << "cannot read " << path;
    return "";
  }
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(std::string_view text) {
  std::stringstream stream{std::string{text}};
  return {std::istream_iterator<std::string>{stream}, {}};
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(root() / path, error);
}

std::vector<std::string> files_below(const std::string& folder,
                                     std::vector<std::string_view> endings) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator{root() / folder, error}) {
    const std::string path = entry.path().lexically_relative(root()).string();
    if (!entry.is_regular_file()) continue;
    if (std::ranges::any_of(endings, [&](auto ending) { return path.ends_with(ending); })) {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> cpp_files() {
  std::vector<std::string> all;
  for (const char* folder : {"src", "tests", "fuzz", "examples"}) {
    for (std::string& file : files_below(folder, {".h", ".cpp"})) all.push_back(std::move(file));
  }
  return all;
}

std::vector<Room> declared_rooms() {
  std::vector<Room> rooms;
  bool in_table = false;
  for (const std::string& line : lines_of(read("ARCHITECTURE.md"))) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() == 3 && cells[0] == "room" && cells[2] == "may use") {
      in_table = true;
    } else if (cells.size() != 3) {
      in_table = false;
    } else if (in_table && !cells[0].starts_with("-")) {
      Room room{.name = cells[0], .may_use = {}};
      for (const std::string& used : words_of(cells[2])) {
        if (used != "-") room.may_use.insert(used);
      }
      rooms.push_back(std::move(room));
    }
  }
  return rooms;
}

Arguments build_of(const std::string& room) {
  const std::string path = "src/" + room + "/CMakeLists.txt";
  const std::string text = read(path);
  Arguments arguments;
  const auto call = text.find("sluice_room(");
  if (call == text.npos) return arguments;
  const auto begin = call + std::string_view{"sluice_room("}.size();
  const auto end = text.find(')', begin);
  std::string keyword = "NAME";
  for (std::string& word : words_of(std::string_view{text}.substr(begin, end - begin))) {
    if (word == "SOURCES" || word == "HEADERS" || word == "USES" || word == "LIBS") {
      keyword = word;
      arguments[keyword];
    } else {
      arguments[keyword].push_back(std::move(word));
    }
  }
  return arguments;
}

std::vector<Include> includes_of(const std::string& file) {
  std::vector<Include> includes;
  for (const std::string& line : lines_of(read(file))) {
    for (const std::string_view open : {"#include \"sluice/", "#include <sluice/"}) {
      if (!line.starts_with(open)) continue;
      const std::string path = line.substr(open.size(), line.find_first_of("\">", open.size()) - open.size());
      const auto slash = path.find('/');
      if (slash == path.npos) {
        includes.push_back({.from = file, .room = "", .file = path});
      } else {
        includes.push_back({.from = file, .room = path.substr(0, slash), .file = path.substr(slash + 1)});
      }
    }
  }
  return includes;
}

Names built_rooms() {
  Names rooms;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{root() / "src", error}) {
    if (entry.is_directory() && fs::exists(entry.path() / "CMakeLists.txt")) {
      rooms.insert(entry.path().filename().string());
    }
  }
  return rooms;
}

}  // namespace sluice::structure
