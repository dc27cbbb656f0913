// SPDX-License-Identifier: MIT
#include "sluice/policy/explore.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sluice/policy/hash.h"

namespace sluice::policy {
namespace {

// Names that match the same patterns, with one of them.
struct NameKind {
  std::vector<PatternId> patterns;
  std::string example;
};

// The literal names, with `.` and `..`, as a tree: which texts must not be taken for other names.
class SpecialNames {
 public:
  static constexpr std::uint32_t kRoot = 1;
  static constexpr std::uint32_t kLeft = 0;  // what no special name begins with

  SpecialNames() : nodes_(2) {}

  void add(std::string_view text) {
    std::uint32_t node = kRoot;
    for (const char byte : text) {
      const auto made = static_cast<std::uint32_t>(nodes_.size());
      const auto [at, inserted] = nodes_[node].children.try_emplace(byte, made);
      node = at->second;
      if (inserted) nodes_.emplace_back();
    }
    nodes_[node].is_name = true;
  }
  std::uint32_t after(std::uint32_t node, char byte) const {
    const auto found = nodes_[node].children.find(byte);
    return found == nodes_[node].children.end() ? kLeft : found->second;
  }
  bool is_name(std::uint32_t node) const { return node == kRoot || nodes_[node].is_name; }
  const std::map<char, std::uint32_t>& children(std::uint32_t node) const {
    return nodes_[node].children;
  }
  std::size_t size() const noexcept { return nodes_.size(); }

 private:
  struct Node {
    std::map<char, std::uint32_t> children;
    bool is_name = false;
  };
  std::deque<Node> nodes_;
};

// Finds every kind of name. Literal names are kinds of their own, so the other kinds need an
// example that is none; nor are `.` and `..` names. States are those of the names' automaton
// together with how far a name is a special one; the sample of a class stands for all of its bytes
// once it is not.
class NameWalk {
 public:
  NameWalk(const NameSet& names, const Bounds& bounds) : names_{names}, bounds_{bounds} {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      if (c != '/' && c != '\0') bytes_[names.class_of(c)].push_back(c);
    }
    for (std::size_t c = 0; c < names.classes(); ++c) {
      const auto sample = std::ranges::find(bytes_[c], names.sample(c));
      if (sample != bytes_[c].end()) std::iter_swap(bytes_[c].begin(), sample);
    }
  }

  // Gives nothing if the bound was reached.
  std::optional<std::vector<NameKind>> walk() {
    special_.add(".");
    special_.add("..");
    for (const auto& [text, id] : names_.literals()) add_literal(text, id);
    reach(names_.start(), SpecialNames::kRoot, 0, '\0');
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const bool many = states_.size() + special_.size() > bounds_.names;
      if (many || kinds_.size() > bounds_.kinds) return std::nullopt;
      extend(i);
    }
    return std::move(kinds_);
  }

 private:
  struct State {
    NameSet::Words words;
    std::uint32_t special;
    std::size_t from;
    char byte;
  };

  void add_literal(const std::string& text, PatternId id) {
    if (text.size() > 255) return;  // no name is longer
    special_.add(text);
    NameSet::Words words = names_.start();
    for (const char byte : text) names_.move(words, names_.class_of(byte));
    NameKind kind{{}, text};
    names_.accepted(words, kind.patterns);
    kind.patterns.push_back(id);
    kinds_.push_back(std::move(kind));
  }

  void extend(std::size_t from) {
    const std::uint32_t special = states_[from].special;
    if (special != SpecialNames::kLeft) {
      for (const auto& [byte, node] : special_.children(special)) step(from, byte, node);
    }
    for (std::size_t c = 0; c < names_.classes(); ++c) {
      const auto leaves = [&](char byte) {
        return special == SpecialNames::kLeft ||
               special_.after(special, byte) == SpecialNames::kLeft;
      };
      const auto byte = std::ranges::find_if(bytes_[c], leaves);
      if (byte != bytes_[c].end()) step(from, *byte, SpecialNames::kLeft);
    }
  }

  void step(std::size_t from, char byte, std::uint32_t special) {
    NameSet::Words words = states_[from].words;
    names_.move(words, names_.class_of(byte));
    reach(std::move(words), special, from, byte);
  }

  void reach(NameSet::Words words, std::uint32_t special, std::size_t from, char byte) {
    std::string key{reinterpret_cast<const char*>(words.data()), words.size() * sizeof(words[0])};
    key.append(reinterpret_cast<const char*>(&special), sizeof special);
    if (!ids_.insert(std::move(key)).second) return;
    states_.push_back({std::move(words), special, from, byte});
    if (special != SpecialNames::kLeft && special_.is_name(special)) return;
    NameKind kind;
    names_.accepted(states_.back().words, kind.patterns);
    if (!seen_.insert(kind.patterns).second) return;
    for (std::size_t at = states_.size() - 1; at != 0; at = states_[at].from) {
      kind.example.push_back(states_[at].byte);
    }
    std::ranges::reverse(kind.example);
    kinds_.push_back(std::move(kind));
  }

  const NameSet& names_;
  const Bounds& bounds_;
  std::array<std::vector<char>, 256> bytes_;  // of each class, the sample first
  SpecialNames special_;
  std::vector<NameKind> kinds_;
  std::set<std::vector<PatternId>> seen_;
  std::vector<State> states_;
  std::unordered_set<std::string> ids_;
};

struct Reached {
  PathState state;
  std::size_t from;
  std::size_t kind;  // of the name that led here
};

class PathWalk {
 public:
  PathWalk(const Automaton& automaton, const Bounds& bounds, const std::vector<NameKind>& kinds,
           const std::function<bool(const UnitStates&)>& bad,
           const std::function<bool(const UnitStates&)>& prune)
      : automaton_{automaton}, bounds_{bounds}, kinds_{kinds}, bad_{bad}, prune_{prune} {}

  Finding walk() {
    PathState start = automaton_.start();
    add(std::move(start), 0, 0);
    std::size_t steps = 0;
    for (std::size_t i = 0; i < reached_.size(); ++i) {
      for (std::size_t k = 0; k < kinds_.size(); ++k) {
        if (++steps > bounds_.steps || reached_.size() > bounds_.places) return unknown();
        automaton_.step(reached_[i].state, kinds_[k].patterns, scratch_, next_);
        if (bad_(next_.other)) {
          return found(path_to(i) + kinds_[k].example, next_.other);
        }
        if (bad_(next_.directory.units)) {
          return found(path_to(i) + kinds_[k].example + "/", next_.directory.units);
        }
        if (!prune_(next_.directory.units)) add(std::move(next_.directory), i, k);
      }
    }
    return {Proven::holds, "", {}, reached_.size()};
  }

 private:
  Finding found(std::string example, UnitStates units) const {
    return {Proven::fails, std::move(example), std::move(units), reached_.size()};
  }
  Finding unknown() const { return {Proven::unknown, "", {}, reached_.size()}; }

  void add(PathState state, std::size_t from, std::size_t kind) {
    const std::uint64_t hash = mix(hash_of(state.units), hash_of(state.items));
    const auto [begin, end] = ids_.equal_range(hash);
    for (auto at = begin; at != end; ++at) {
      if (reached_[at->second].state == state) return;
    }
    ids_.emplace(hash, reached_.size());
    reached_.push_back({std::move(state), from, kind});
  }

  std::string path_to(std::size_t at) const {
    std::string path;
    for (; at != 0; at = reached_[at].from) path = kinds_[reached_[at].kind].example + "/" + path;
    return path;
  }

  const Automaton& automaton_;
  const Bounds& bounds_;
  const std::vector<NameKind>& kinds_;
  const std::function<bool(const UnitStates&)>& bad_;
  const std::function<bool(const UnitStates&)>& prune_;
  std::vector<Reached> reached_;
  std::unordered_multimap<std::uint64_t, std::size_t> ids_;
  Automaton::Scratch scratch_;
  Automaton::Next next_;
};

}  // namespace

bool matched(const UnitStates& units, std::uint32_t unit) noexcept {
  return std::ranges::binary_search(units, unit * 2);
}

Finding search(const Automaton& automaton, const Bounds& bounds,
               const std::function<bool(const UnitStates&)>& bad,
               const std::function<bool(const UnitStates&)>& prune) {
  const auto kinds = NameWalk{automaton.names(), bounds}.walk();
  if (!kinds) return {};
  return PathWalk{automaton, bounds, *kinds, bad, prune}.walk();
}

}  // namespace sluice::policy
