// SPDX-License-Identifier: MIT
// A policy as its text says it, after includes: checked word by word, not yet compiled.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/policy/diagnostic.h"
#include "sluice/policy/digest.h"
#include "sluice/policy/terms.h"
#include "sluice/policy/verdict.h"

namespace sluice::policy {

// A pattern of a rule, as written; a leading `!` is taken off and told by `subtracts`.
struct GlobText {
  std::string text;
  bool subtracts = false;
  Location at;
};

// How a caller is proved to be a subject, strongest first.
enum class Proof : std::uint8_t { run_as, group_of_processes, credentials, executable };

// [subject.NAME]. A caller is this subject if any key that is set holds. Resolving names to
// numbers, and proving, are the caller's job.
struct SubjectSpec {
  std::string name;
  Location at;
  std::optional<std::string> run_as;  // `run_as = true` gives the subject's own name
  std::vector<std::uint32_t> uids;
  std::vector<std::uint32_t> gids;
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> units;
  std::vector<std::string> cgroups;
  std::vector<std::string> exes;  // absolute paths

  // Gives the strongest proof that a key offers.
  Proof strongest() const noexcept;
};

// [[rule]].
struct Rule {
  std::string id;
  Location at;
  std::vector<std::string> who;  // names of subjects; empty: everyone
  bool everywhere = false;       // no `path`, or only patterns that subtract
  std::vector<GlobText> paths;   // with those of `except`, which all subtract
  Values values;                 // what it gives, after its mode
  std::string why;
};

// [[never]]: a verdict that the policy must not give. On each axis that is set: that value and
// looser ones.
struct Never {
  std::string id;  // may be empty
  Location at;
  std::vector<std::string> who;  // empty: every subject, and who is none
  bool everywhere = false;
  std::vector<GlobText> paths;
  Values forbidden;
};

// [[test]].
struct Expectation {
  std::optional<See> see;
  std::optional<Read> read;
  std::optional<Read> execute;
  std::optional<Write> write;
  std::optional<Log> log;
  std::vector<std::string> rules;  // ids that must be among the winners
};
struct Test {
  Location at;
  std::string as;    // a subject, "anyone" or "unknown"
  std::string path;  // from the mounted root; a trailing slash makes it a directory
  Mode mode = Mode::read;
  Expectation expect;
};

// What a file with several hard links gets where not all of its names are known.
enum class HardLinks : std::uint8_t { inspect, path };

// What is about content only; kept for when content is looked at.
struct ContentDefaults {
  std::chrono::milliseconds deadline{200};
  Values on_error;
  Values on_timeout;
  std::uint64_t too_big_over = 0;  // bytes; 0: no such limit
  Values too_big;
};

// [run]: what a command that `sluice run` starts may reach besides its views. All lists of a policy
// and of what it includes count together.
struct RunSpec {
  std::vector<std::string> keep_env;  // names of variables, with `*`; wins over drop_env
  std::vector<std::string> drop_env;
  std::vector<std::string> sockets;   // absolute paths, or `@name` for an abstract one
  std::vector<std::string> writable;  // absolute paths of directories outside
  std::vector<std::string> devices;   // absolute paths of device nodes

  bool operator==(const RunSpec&) const = default;
};

struct Document {
  std::vector<std::string> files;  // names, the policy itself first
  Values defaults;                 // every axis is set
  Values unknown_subject;
  ContentDefaults content;
  HardLinks hard_links = HardLinks::inspect;
  bool says_hard_links = false;  // only while it is read: the file itself said so
  RunSpec run;
  std::vector<SubjectSpec> subjects;
  std::vector<Rule> rules;
  std::vector<Never> nevers;
  std::vector<Test> tests;  // of the policy itself; those of included files are theirs
  Digest content_hash{};    // of all text that was read, with the files' names
  Diagnostics warnings;
};

}  // namespace sluice::policy
