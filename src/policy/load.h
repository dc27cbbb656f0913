// SPDX-License-Identifier: MIT
// From a policy's text to a Document. Everything that is wrong is told at once, each with its place
// and, where a word is only misspelt, the word that was probably meant.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/policy/diagnostic.h"
#include "sluice/policy/document.h"

namespace sluice::policy {

inline constexpr std::size_t kMaxTextBytes = std::size_t{4} << 20;  // of one file
inline constexpr std::size_t kMaxFiles = 64;
// Of one file that an import or a manifest names; of how many; and of all of them.
inline constexpr std::size_t kMaxImportBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxImports = 64;
inline constexpr std::size_t kMaxImportedBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxDetectors = 1000;
inline constexpr std::size_t kMaxRules = 65536;
inline constexpr std::size_t kMaxGlobs = 131072;
inline constexpr std::size_t kMaxSubjects = 1000;

// A policy's text. `name` is shown in messages and tells files apart: the same file must always
// come under the same name.
struct Source {
  std::string name;
  std::string text;
};

// Gives the file that an include, an import or a manifest names, of kMaxImportBytes at most;
// load() refuses what is too long for a policy. `includer` is the Source::name of the file
// in which it stands. Its Error is shown at that line.
using Resolver =
    std::function<Result<Source, Error>(std::string_view includer, std::string_view file)>;

// For policies that must stand alone: refuses every file. Presets can be included all the same.
Resolver no_files();

// Gives the policy that `source` says, with what it includes; or all that is wrong with it.
std::expected<Document, Diagnostics> load(Source source, const Resolver& resolver = no_files());

}  // namespace sluice::policy
