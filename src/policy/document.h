// SPDX-License-Identifier: MIT
// A policy as its text says it, after includes: checked word by word, not yet compiled.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

// Tells whether this `who` means the subject of that name; "anyone" is who is none.
bool speaks_of(const std::vector<std::string>& who, std::string_view subject) noexcept;
// Tells whether a subject's name stands in it, be it to be taken out.
bool names_subject(const std::vector<std::string>& who, std::string_view subject) noexcept;

// [[rule]].
struct Rule {
  std::string id;
  Location at;
  // Names of subjects, or, with `!` before each, who is meant to be none of them; empty: everyone.
  std::vector<std::string> who;
  bool everywhere = false;      // no `path`, or only patterns that subtract
  std::vector<GlobText> paths;  // with those of `except`, which all subtract
  // Names of contents, any of which must be in the file; empty: whatever it contains. Such a rule
  // only makes stricter what holds without it.
  std::vector<std::string> contents;
  Location contents_at;
  Values values;  // what it gives, after its mode
  std::string why;

  // Gives what it redacts by path: nothing where it has contents, or does not redact.
  With with() const noexcept { return static_cast<With>(values.at(Axis::with)); }
};

// [[never]]: a verdict that the policy must not give. On each axis that is set: that value and
// looser ones.
struct Never {
  std::string id;  // may be empty
  Location at;
  std::vector<std::string> who;  // as of rules; empty: every subject, and who is none
  bool everywhere = false;
  std::vector<GlobText> paths;
  std::vector<std::string> contents;  // each found alone; empty: whatever a file contains
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
  // Of what a reader of the test's file gets; only where it has one.
  std::vector<std::string> has;
  std::vector<std::string> lacks;
  std::optional<bool> same_size;
  // Names that must be among what is found; an empty list: nothing may be.
  std::optional<std::vector<std::string>> contents;

  bool looks_into_file() const noexcept {
    return !has.empty() || !lacks.empty() || same_size || contents;
  }
};
struct Test {
  Location at;
  std::string as;    // a subject, "anyone" or "unknown"
  std::string path;  // from the mounted root; a trailing slash makes it a directory
  Mode mode = Mode::read;
  std::optional<std::string> file;  // what it contains, any bytes; none: nothing is found in it
  Expectation expect;
};

// What a file with several hard links gets where not all of its names are known.
enum class HardLinks : std::uint8_t { inspect, path };

// What holds where an inspection gives no answer. None of the values has `see` or redacts.
struct ContentDefaults {
  std::chrono::milliseconds deadline{200};  // of the inspector's running time
  Values on_error;
  Values on_timeout;
  std::uint64_t too_big_over = 0;  // bytes; 0: no such limit
  Values too_big;
};

// Whether rules and allowlists of an import that name paths count.
enum class ImportPaths : std::uint8_t { honour, ignore };

// A file that an import extends, by the path that stands in it.
struct ExtendedFile {
  std::string path;
  std::string file;  // as the resolver named it
  std::string text;
  bool operator==(const ExtendedFile&) const = default;
};

// [[import]]: detectors in gitleaks' format, not yet read as such.
struct ImportSpec {
  std::string as;  // the name of the set
  Location at;
  std::string file;  // as the resolver named it
  std::string text;
  std::vector<ExtendedFile> extended;  // what its `[extend] path` names, and theirs in turn
  std::vector<std::string> disable;    // ids of rules in it
  ImportPaths paths = ImportPaths::honour;
};

// [detector.NAME]: a set of one detector. What of it only an inspector can judge (whether a regex
// compiles, whether a type is known, whether a manifest is one) is not checked yet.
struct DetectorSpec {
  enum class Kind : std::uint8_t { regex, manifest, type, larger };
  enum class Validate : std::uint8_t { none, luhn, mod97 };

  std::string name;
  Location at;
  Kind kind = Kind::regex;
  // Of Kind::regex; each of the others narrows it.
  std::string regex;
  Validate validate = Validate::none;
  double entropy = 0;                 // bits a byte, 0 to 8; 0: any
  std::vector<std::string> keywords;  // one of them must be there
  std::uint32_t group = 0;            // which one is to be kept back
  std::uint64_t max_length = 0;       // bytes of a match; 0: no such limit
  // Of Kind::manifest: the file as the resolver named it, or the policy where the text is in it.
  std::string manifest_file;
  std::string manifest_text;       // any bytes
  std::vector<std::string> types;  // of Kind::type
  std::uint64_t larger = 0;        // of Kind::larger: bytes that a file must have more than
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
  // Only while it is read: what the file itself said.
  bool says_hard_links = false, says_deadline = false, says_too_big = false;
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
