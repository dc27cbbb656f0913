// SPDX-License-Identifier: MIT
#include "processes.h"

#include <filesystem>
#include <fstream>
#include <thread>

namespace sluice::content {

std::string status_of(pid_t pid, const std::string& key) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key + ":")) continue;
    const auto begin = line.find_first_not_of(" \t", key.size() + 1);
    return begin == line.npos ? "" : line.substr(begin);
  }
  return "";
}

std::vector<std::string> files_of(pid_t pid) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/fd", error}) {
    const std::string target = std::filesystem::read_symlink(entry.path(), error);
    files.push_back(target.substr(0, target.find(":[")));
  }
  return files;
}

std::size_t own_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
    ++count;
  return count;
}

bool is_alive(pid_t pid) {
  const std::string state = status_of(pid, "State");
  if (state.empty() || state.front() == 'X') return false;
  // The first thread may have ended before others (a sanitizer's); only with the last files go.
  return state.front() != 'Z' || status_of(pid, "Threads") > "1";
}

bool becomes_true(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

}  // namespace sluice::content
