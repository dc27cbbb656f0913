// SPDX-License-Identifier: MIT
// All that a policy can find in files, as sets of detectors: our own (`builtin`), positions in
// photos and videos (`positions`), each imported file of rules, each [detector]. A set is what is
// inspected and cached at once; the names that rules have after `content =` are a set, or one
// detector of it.
//
// Only sets that some rule, [[never]] or [[test]] names are there. Immutable; any number of threads
// may use it.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/content/findings.h"
#include "sluice/policy/diagnostic.h"
#include "sluice/policy/program.h"
#include "sluice/policy/terms.h"

namespace sluice::content {

struct SetSpec;
class Engine;

inline constexpr std::string_view kPositions = "positions";

// What cannot be scanned by windows: a container, and any file where what is looked for may be of
// any length, that is longer than this is not looked into.
inline constexpr std::uint64_t kLargestWhole = std::uint64_t{256} << 20;

class Detection {
 public:
  // Checks and compiles what `program` asks for.
  // saved   what save() gave, or anything: used where it fits. To be kept where nobody else can
  //         write. Where it fits nothing is compiled before somebody asks for an engine.
  // errors  each with the place in the policy: imported rules that cannot be honoured (with their
  //         own file and line), a content that names no detector, a type that is none, a manifest
  //         that is not one, a regex that does not compile.
  static std::expected<std::shared_ptr<const Detection>, policy::Diagnostics> make(
      const policy::Program& program, Bytes saved = {});
  ~Detection();

  std::size_t sets() const noexcept { return sets_.size(); }
  // Gives the name as policies have it; "?" for a number that is none.
  std::string_view set_name(SetIndex set) const noexcept;
  // Gives a digest of all that decides what the set finds, the engines' versions included.
  const Digest32& digest(SetIndex set) const noexcept;
  // Tells whether what is found depends on the file's path.
  bool by_path(SetIndex set) const noexcept;
  // Tells whether [default].too_big is about the set: it has to read a file wholly.
  bool reads_all(SetIndex set) const noexcept;

  // Gives how many bytes on either side of a piece of text decide what of `contents` is in it, for
  // those that are looked for in text. Nothing where one has no longest match.
  Result<std::optional<std::uint64_t>, Error> reach(policy::ContentSet contents) const;
  // Gives the ids of its detectors whose matches may be of any length: for them a file that is
  // larger than kLargestWhole is not looked into. errors: those of compiling it.
  Result<std::vector<std::string>, Error> unbounded(SetIndex set) const;

  // Gives the sets that have to be asked about `contents`; those that a whole inspection cannot be
  // (too big, timed out, failed) ask for none.
  std::vector<SetIndex> sets_for(policy::ContentSet contents) const;
  // Gives what `findings` of a set mean to the policy: of its names those that were found, and how
  // the inspection ended if not whole.
  policy::ContentSet contents_of(SetIndex set, const Findings& findings) const;

  // What reading the imported rules warned of, with places.
  const policy::Diagnostics& warnings() const noexcept { return warnings_; }

  // Gives the compiled databases.
  std::vector<std::byte> save() const;

  // For the room: what a set is made of, and the engine of it in this process.
  const SetSpec& spec(SetIndex set) const noexcept;
  Result<const Engine*, Error> engine(SetIndex set) const;
  // Gives those detectors of a set, by number, that `contents` mean; `any` if one means all.
  struct Wanted {
    SetIndex set{};
    bool any = false;
    std::vector<std::uint32_t> detectors{};
  };
  std::vector<Wanted> wanted(policy::ContentSet contents) const;
  // Gives all sets as a worker takes them.
  std::vector<std::byte> encode() const;

 private:
  struct Set;
  struct Name {
    SetIndex set{};
    bool any = false;
    std::uint32_t detector = 0;
  };
  Detection();

  std::vector<std::unique_ptr<Set>> sets_;
  std::vector<Name> names_;  // by ContentId
  policy::Diagnostics warnings_;
};

}  // namespace sluice::content
