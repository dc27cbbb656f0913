// SPDX-License-Identifier: MIT
// A policy as its text says it, after includes: checked word by word, not yet compiled.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/policy/content.h"
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
  std::vector<std::string> contents;  // only for files in which one of these is found; empty: any
  With with = With::nothing;     // what it redacts where it redacts without `contents`
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
  std::vector<std::string> contents;  // of files in which one of these is found; empty: of any
  Values forbidden;
};

// A file that the policy names and that was read with it.
struct NamedFile {
  std::string name;  // as the resolver names it
  std::string text;
  friend bool operator==(const NamedFile&, const NamedFile&) = default;
};

// [[import]]: detectors in gitleaks' format.
struct ImportSpec {
  std::string as;
  Location at;
  NamedFile file;
  std::vector<std::string> disable;  // ids
  bool ignores_paths = false;        // allowlists of paths in it do not count
};

// [detector.NAME]: one of regex, manifest, types, larger_than.
struct DetectorSpec {
  std::string name;
  Location at;
  std::string regex;
  std::string validate;  // "", "luhn" or "mod97"
  double entropy = 0;
  std::vector<std::string> keywords;
  std::uint32_t group = 0;
  std::uint64_t max_length = 0;
  std::optional<NamedFile> manifest;
  std::vector<std::string> types;
  std::optional<std::uint64_t> larger_than;  // bytes
};

// [[test]].
struct Expectation {
  std::optional<See> see;
  std::optional<Read> read;
  std::optional<Read> execute;
  std::optional<Write> write;
  std::optional<Log> log;
  std::vector<std::string> rules;  // ids that must be among the winners
  // Of a test with a file: names of contents that must be found; texts that must be there, and must
  // not, in what is shown; and whether that is as long as the file.
  std::optional<std::vector<std::string>> contents;
  std::vector<std::string> has, lacks;
  std::optional<bool> same_size;
};
struct Test {
  Location at;
  std::string as;    // a subject, "anyone" or "unknown"
  std::string path;  // from the mounted root; a trailing slash makes it a directory
  Mode mode = Mode::read;
  std::optional<std::string> file;  // the bytes that are there
  Expectation expect;
};

// What a file with several hard links gets where not all of its names are known.
enum class HardLinks : std::uint8_t { inspect, path };

// What holds where a file cannot be inspected. What nobody said is filled in: to refuse.
struct ContentDefaults {
  static constexpr std::chrono::milliseconds kDeadline{200};
  static constexpr std::uint64_t kTooBigOver = std::uint64_t{64} << 20;

  std::optional<std::chrono::milliseconds> deadline;
  Values on_error;
  Values on_timeout;
  std::optional<std::uint64_t> too_big_over;  // bytes
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
  std::vector<ImportSpec> imports;
  std::vector<DetectorSpec> detectors;
  std::vector<Rule> rules;
  std::vector<Never> nevers;
  std::vector<Test> tests;  // of the policy itself; those of included files are theirs
  Digest content_hash{};    // of all text that was read, with the files' names
  Diagnostics warnings;
};

}  // namespace sluice::policy
