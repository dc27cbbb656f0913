// SPDX-License-Identifier: MIT
// One gitleaks file as it stands, before it is joined with those that it extends. A field that is
// absent can be told from one that is empty where joining needs it.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/inspect/gitleaks.h"
#include "sluice/toml/toml.h"

namespace sluice::inspect {

// What is wrong and what is without effect in one file; lines with their place.
struct Notes {
  std::string file;
  std::vector<Error>& errors;
  std::vector<std::string>& warnings;

  std::string line(toml_text::Position at, std::string_view text) const {
    return fmt::format("{}:{}:{}: {}", file, at.line, at.column, text);
  }
  void error(toml_text::Position at, std::string_view text) const {
    errors.push_back(Error{line(at, text), EINVAL});
  }
  void warn(toml_text::Position at, std::string_view text) const {
    warnings.push_back(line(at, text));
  }
};

struct Extend {
  std::string path;
  std::vector<std::string> disabled;
  toml_text::Position at;
};

// A global allowlist that is for some rules only.
struct Targeted {
  std::vector<std::string> rules;
  Allowlist allowlist;
  toml_text::Position at;
};

struct GitleaksRule {
  Rule rule;
  toml_text::Position at;
};

struct GitleaksFile {
  Extend extend;
  std::vector<std::string> order;             // of ids
  std::map<std::string, GitleaksRule> rules;  // by id; of two with one id the last counts
  std::vector<Allowlist> allowlists;
  std::vector<Targeted> targeted;
};

// Reads a file's tables. What is wrong goes to `notes`, and reading goes on.
GitleaksFile read_tables(const toml_text::Value& root, const Notes& notes);

// Puts what `file` says over what `base` does, as [extend] means it.
void extend(GitleaksFile& file, GitleaksFile base, const Notes& notes);

}  // namespace sluice::inspect
