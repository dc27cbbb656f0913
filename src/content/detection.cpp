// SPDX-License-Identifier: MIT
#include "sluice/content/detection.h"
#include "sluice/inspect/windows.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "sluice/content/code.h"
#include "sluice/content/engine.h"
#include "sluice/content/make_sets.h"
#include "sluice/policy/words.h"

namespace sluice::content {
namespace {

constexpr std::string_view kMark = "sluice detection 1\n";
constexpr std::size_t kLargestSaved = std::size_t{512} << 20;

using Saved = std::map<Digest32, Bytes>;

// Gives what is saved by the digests of sets; nothing from bytes that save() cannot have given.
Saved saved_in(Bytes bytes) {
  CodeReader in{bytes};
  if (text_of(in.raw(kMark.size())) != kMark) return {};
  Saved saved;
  const std::size_t count = in.count(kMostSets, sizeof(Digest32));
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Digest32 digest{};
    const Bytes from = in.raw(digest.size());
    if (from.size() == digest.size()) std::ranges::copy(from, digest.begin());
    saved[digest] = in.bytes(kLargestSaved);
  }
  return in.done() ? saved : Saved{};
}

// Names that whoever misspelt a detector may have meant.
std::string meant(std::string_view word, const SetSpec& spec) {
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < spec.detectors(); ++i) known.push_back(spec.detector(i));
  return policy::suggestion(word, known);
}

}  // namespace

struct Detection::Set {
  explicit Set(SetSpec of)
      : spec{std::move(of)}, digest{digest_of(spec)}, by_path{depends_on_path(spec)} {}

  // errors: what is wrong with a rule; the same each time.
  Result<const Engine*, Error> compile() const {
    std::call_once(once, [this] {
      auto made = Engine::make(spec, saved);
      if (made) {
        engine = std::move(*made);
      } else {
        error = std::move(made).error();
      }
    });
    if (error) return fail(*error);
    return engine.get();
  }

  SetSpec spec;
  Digest32 digest;
  bool by_path;
  std::vector<std::byte> saved{};
  mutable std::once_flag once{};
  mutable std::unique_ptr<const Engine> engine{};
  mutable std::optional<Error> error{};
};

Detection::Detection() = default;
Detection::~Detection() = default;

std::expected<std::shared_ptr<const Detection>, policy::Diagnostics> Detection::make(
    const policy::Program& program, Bytes saved) {
  std::shared_ptr<Detection> detection{new Detection};
  const policy::Document& document = program.document();
  const Saved by_digest = saved_in(saved);
  SetMaker maker{document, [&](const Digest32& digest) { return by_digest.contains(digest); }};
  std::map<std::string, SetIndex, std::less<>> known;
  for (const policy::ContentName& name : program.contents()) {
    auto at = known.find(name.set);
    if (at == known.end()) {
      at = known.emplace(name.set, SetIndex{static_cast<std::uint32_t>(known.size())}).first;
      auto set = std::make_unique<Set>(maker.make(name.set, name.at));
      if (const auto fits = by_digest.find(set->digest); fits != by_digest.end()) {
        set->saved.assign(fits->second.begin(), fits->second.end());
      } else if (auto engine = set->compile(); !engine) {
        maker.cannot_compile(set->spec, name.at, engine.error());
      } else {
        set->saved = (*engine)->save();
      }
      detection->sets_.push_back(std::move(set));
    }
    const SetSpec& spec = detection->spec(at->second);
    const auto detector = spec.find(name.detector);
    if (!name.detector.empty() && !detector)
      maker.error(name.at, policy::quoted(name.set) + " has no detector " +
                               policy::quoted(name.detector) + meant(name.detector, spec));
    detection->names_.push_back({at->second, name.detector.empty(), detector.value_or(0)});
  }
  for (const policy::ImportSpec& import : document.imports) {
    if (!known.contains(import.as)) maker.check_import(import);
  }
  if (!maker.errors().empty()) return std::unexpected{maker.errors()};
  detection->warnings_ = maker.warnings();
  return detection;
}

std::string_view Detection::set_name(SetIndex set) const noexcept {
  const auto index = static_cast<std::size_t>(set);
  return index < sets_.size() ? std::string_view{sets_[index]->spec.name} : "?";
}

const Digest32& Detection::digest(SetIndex set) const noexcept {
  static constexpr Digest32 kNone{};
  const auto index = static_cast<std::size_t>(set);
  return index < sets_.size() ? sets_[index]->digest : kNone;
}

bool Detection::by_path(SetIndex set) const noexcept {
  const auto index = static_cast<std::size_t>(set);
  return index < sets_.size() && sets_[index]->by_path;
}

bool Detection::reads_all(SetIndex set) const noexcept {
  return spec(set).kind == SetSpec::Kind::text;
}

Result<std::optional<std::uint64_t>, Error> Detection::reach(policy::ContentSet contents) const {
  std::uint64_t reach = 0;
  for (const SetIndex set : sets_for(contents)) {
    if (!reads_all(set)) continue;
    const inspect::Detectors* detectors = TRY(engine(set))->detectors();
    if (detectors == nullptr || !detectors->unbounded().empty()) {
      return std::optional<std::uint64_t>{};
    }
    reach = std::max(reach, inspect::overlap_of(*detectors));
  }
  return std::optional<std::uint64_t>{reach};
}

Result<std::vector<std::string>, Error> Detection::unbounded(SetIndex set) const {
  std::vector<std::string> ids;
  if (!reads_all(set)) return ids;
  const inspect::Detectors* detectors = TRY(engine(set))->detectors();
  if (detectors == nullptr) return ids;
  for (const inspect::DetectorIndex one : detectors->unbounded()) {
    ids.emplace_back(detectors->rule(one).id);
  }
  return ids;
}

const SetSpec& Detection::spec(SetIndex set) const noexcept {
  static const SetSpec kNone{.kind = SetSpec::Kind::type};
  const auto index = static_cast<std::size_t>(set);
  return index < sets_.size() ? sets_[index]->spec : kNone;
}

Result<const Engine*, Error> Detection::engine(SetIndex set) const {
  const auto index = static_cast<std::size_t>(set);
  if (index >= sets_.size()) return fail(Error{"there is no such set of detectors", EINVAL});
  return sets_[index]->compile();
}

std::vector<SetIndex> Detection::sets_for(policy::ContentSet contents) const {
  std::vector<SetIndex> sets;
  for (const Wanted& one : wanted(contents)) sets.push_back(one.set);
  return sets;
}

std::vector<Detection::Wanted> Detection::wanted(policy::ContentSet contents) const {
  std::map<SetIndex, Wanted> sets;
  for (const policy::ContentId content : contents) {
    const auto index = static_cast<std::size_t>(content);
    if (index >= names_.size()) continue;
    const Name& name = names_[index];
    Wanted& one = sets[name.set];
    one.set = name.set;
    one.any = one.any || name.any;
    if (!name.any) one.detectors.push_back(name.detector);
  }
  std::vector<Wanted> all;
  for (auto& [set, one] : sets) all.push_back(std::move(one));
  return all;
}

policy::ContentSet Detection::contents_of(SetIndex set, const Findings& findings) const {
  policy::ContentSet contents;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Name& name = names_[i];
    if (name.set != set) continue;
    const bool found =
        name.any ? findings.found() : findings.has(spec(set).detector(name.detector));
    if (found) contents.add(policy::ContentId{static_cast<std::uint8_t>(i)});
  }
  switch (findings.outcome) {
    case Outcome::whole: break;
    case Outcome::too_big: contents.add(policy::kTooBig); break;
    case Outcome::timed_out: contents.add(policy::kTimedOut); break;
    case Outcome::busy:
    case Outcome::failed: contents.add(policy::kFailed); break;
  }
  return contents;
}

std::vector<std::byte> Detection::save() const {
  CodeWriter out;
  out.raw(bytes_of(kMark));
  out.number(static_cast<std::uint32_t>(sets_.size()));
  for (const auto& set : sets_) {
    out.raw(set->digest);
    out.bytes(set->saved);
  }
  return std::move(out).finish();
}

std::vector<std::byte> Detection::encode() const {
  std::vector<SetJob> jobs;
  for (const auto& set : sets_) jobs.push_back({set->spec, set->saved});
  return content::encode(jobs);
}

}  // namespace sluice::content
