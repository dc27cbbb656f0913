// SPDX-License-Identifier: MIT
// A compiled policy: an automaton over the names of a path.
//
// A directory has a *place*: which patterns have matched on the way to it and which are under way.
// Looking a name up is one step from the parent's place; what a subject may do there is one table
// read. Places are worked out when they are first needed, kept while nodes hold them, and bounded
// in bytes. Where the bound is reached the answer is the strictest place: its terms are, axis by
// axis, the strictest that any rule or the default gives, and everything below it is strictest too.
//
// All functions may be called by many threads at once. A step that was taken before takes no lock
// and does not allocate; others take one lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/policy/diagnostic.h"
#include "sluice/policy/document.h"
#include "sluice/policy/terms.h"

namespace sluice::policy {

// The state of the automaton at a path. Means something to its program only. A place that nobody
// holds may be forgotten; a forgotten one behaves as the strictest.
enum class Place : std::uint32_t {};

// A class of callers that no rule tells apart; an index into the program's subjects.
enum class SubjectIndex : std::uint16_t {};
// Who certainly is none of the declared subjects.
inline constexpr SubjectIndex kAnyone{0};
// Of whom it cannot be said who it is: the strictest of what each subject, and anyone, would get,
// and of [default].unknown_subject.
inline constexpr SubjectIndex kUnknown{1};
// Declared subjects follow, in the document's order.
inline constexpr std::uint16_t kFirstSubject = 2;

// Where a name leads: patterns that end in a slash match directories only.
struct Step {
  Place directory{};  // the place if the name is a directory
  Place other{};      // the place if it is anything else
};

enum class Kind : std::uint8_t { directory, other };
constexpr Place place_of(Step step, Kind kind) noexcept {
  return kind == Kind::directory ? step.directory : step.other;
}

// What a rule's `content` may name: all of a set of detectors, or one of them.
struct ContentName {
  std::string name;      // as written: SET or SET:DETECTOR
  std::string set;       // "builtin", "positions", an import's or a detector's name
  std::string detector;  // empty: any of the set
  Location at;           // of the first rule that has it
};
inline constexpr std::string_view kBuiltinSet = "builtin";
inline constexpr std::string_view kPositionsSet = "positions";

struct Limits {
  std::size_t bytes = std::size_t{64} << 20;  // for all that is worked out while running
};

struct Stats {
  std::size_t bytes = 0;        // in use of Limits::bytes
  std::size_t places = 0;       // known
  std::size_t held = 0;         // of them held by nodes
  std::uint64_t misses = 0;     // steps that had to be worked out
  std::uint64_t sweeps = 0;     // times that what nobody holds was forgotten
  std::uint64_t strictest = 0;  // answers that were the strictest because of the limit
};

class Program {
 public:
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  const Document& document() const noexcept;

  // Gives the place of a mounted root; the same for each.
  Place start() const noexcept;
  // Gives the place that is given when a limit is reached; never forgotten.
  Place strictest() const noexcept;

  // Gives where `name` leads from `parent`. Total: any bytes are a name.
  Step step(Place parent, std::string_view name) const noexcept;

  // Gives the terms of a subject at a place; valid as long as the program. A subject that the
  // program does not know is kUnknown.
  const Terms& terms(Place place, SubjectIndex subject) const noexcept;

  // Counts a node that holds `place`, so that it is not forgotten, and gives the place to keep:
  // `place`, or the strictest one where it had been forgotten before. Each call is undone by one
  // release() of what it gave.
  Place hold(Place place) const noexcept;
  void release(Place place) const noexcept;

  // Takes the step and holds where it leads, so that nothing can be forgotten in between; to be
  // undone by one release() of what it gave.
  Place enter(Place parent, std::string_view name, Kind kind) const noexcept;

  // Tells whether the grants of these subjects differ at `place`.
  bool differs(Place place, std::span<const SubjectIndex> subjects) const noexcept;
  // Tells whether the grants of declared subjects and of anyone differ there. Not of unknown, who
  // differs wherever [default].unknown_subject is stricter than the rules.
  bool differs(Place place) const noexcept;
  // True if nothing below `place` can have other terms than `place` itself. May be false in doubt.
  bool settled(Place place) const noexcept;
  // Tells whether some rule can hide something from the subject.
  bool can_hide(SubjectIndex subject) const noexcept;

  // Gives the subject of that name; "anyone" and "unknown" are subjects too.
  std::optional<SubjectIndex> subject(std::string_view name) const noexcept;
  std::string_view subject_name(SubjectIndex subject) const noexcept;
  // Gives the number of subjects, anyone, unknown and joined ones included.
  std::size_t subjects() const noexcept;
  // Gives one subject for a caller who is several at once: it gets the strictest of what each gets.
  // kUnknown when there is no room for another combination; kAnyone for none.
  SubjectIndex join(std::span<const SubjectIndex> subjects) const noexcept;

  // Gives the contents that rules name, by ContentId; sorted by name.
  std::span<const ContentName> contents() const noexcept;
  // Gives a content's name; "too_big" and the like for how an inspection may end.
  std::string_view content_name(ContentId content) const noexcept;

  // Gives the number of a grant, the same for equal ones: of one that depends on nothing else that
  // of id_of(Grant), else one from kFirstContentGrant on, which means something to this program
  // only. Gives that of the strictest grant when there are too many of them.
  GrantId id_of(const ContentGrant& grant) const noexcept;
  // Gives the grant of a number, valid as long as the program; the strictest for one never given.
  const ContentGrant& content_grant(GrantId id) const noexcept;

  // Gives the rule's id as written; "default" and the like for what is no rule.
  std::string_view rule_name(RuleId rule) const noexcept;

  Stats stats() const noexcept;
  // Forgets what nobody holds; done by itself when the limit is reached.
  void sweep() const noexcept;

  // For the room's own use.
  class Engine;
  Engine& engine() const noexcept { return *engine_; }
  explicit Program(std::unique_ptr<Engine> engine) noexcept;

 private:
  std::unique_ptr<Engine> engine_;
};

// Whether compile() proves [[never]]. What was saved was proved before.
enum class Prove : std::uint8_t { yes, no };

struct CompileOptions {
  Limits limits;
  Prove prove = Prove::yes;
};

// Compiles a document. errors: patterns that are none, [[never]] that does not hold (with a path
// for which it does not) or that cannot be proved, limits.
std::expected<Program, Diagnostics> compile(Document document, const CompileOptions& options = {});

}  // namespace sluice::policy
