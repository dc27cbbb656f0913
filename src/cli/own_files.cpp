// SPDX-License-Identifier: MIT
#include "own_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sluice/daemon/outside_mount.h"
#include "sluice/daemon/usable_policy.h"
#include "sluice/policy/presets.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

void add(std::vector<std::string>& to, std::string path) {
  if (std::ranges::find(to, path) == to.end()) to.push_back(std::move(path));
}

// The file and, where its name is a symbolic link, that link: both lead to it.
void add_names(std::vector<std::string>& to, const std::string& name) {
  if (auto path = daemon::path_for_later(name)) add(to, std::move(*path));
  std::error_code error;
  const fs::path real = fs::canonical(name, error);
  if (!error) add(to, real.string());
}

// The path below a view as an anchored pattern in a TOML string. What cannot be written there
// matches more instead.
std::string pattern_of(std::string_view below) {
  std::string pattern;
  for (const char c : below) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      if (!pattern.ends_with('*')) pattern += '*';
    } else if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == ' ') {
      pattern += "\\\\";
      pattern += c == '\\' ? "\\\\" : std::string{c};
    } else {
      if (c == '"') pattern += '\\';
      pattern += c;
    }
  }
  return pattern;
}

}  // namespace

std::vector<std::string> own_files(const policy::Document& document, const std::string& log) {
  std::vector<std::string> files;
  for (const std::string& name : document.files) {
    if (!name.starts_with("preset:") && !policy::preset(name)) add_names(files, name);
  }
  for (const policy::ImportSpec& import : document.imports) {
    add_names(files, import.file);
    for (const policy::ExtendedFile& extended : import.extended) add_names(files, extended.file);
  }
  for (const policy::DetectorSpec& detector : document.detectors) {
    const bool apart =
        std::ranges::find(document.files, detector.manifest_file) == document.files.end();
    if (apart && !detector.manifest_file.empty()) add_names(files, detector.manifest_file);
  }
  if (const auto cache = daemon::cache_folder()) add(files, *cache + "/");
  if (!log.empty()) add_names(files, log);
  return files;
}

std::string rules_for(std::span<const std::string> files, std::span<const std::string> views) {
  std::string patterns;
  for (const std::string& file : files) {
    for (const std::string& view : views) {
      if (!file.starts_with(view + "/")) continue;
      patterns += patterns.empty() ? "\"" : ", \"";
      patterns += pattern_of(std::string_view{file}.substr(view.size()));
      patterns += '"';
    }
  }
  if (patterns.empty()) return {};
  return "[[rule]]\nid = \"sluice-own-files\"\npath = [" + patterns +
         "]\nwrite = \"deny\"\n"
         "why = \"these decide what this command may do, or tell what it did\"\n";
}

}  // namespace sluice::cli
