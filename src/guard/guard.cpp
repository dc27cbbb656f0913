// SPDX-License-Identifier: MIT
#include "sluice/guard/guard.h"

#include <algorithm>

namespace sluice::guard {
namespace {

// Everybody whom the program can tell from others. Who is several at once gets the strictest of
// what each gets: where these do not differ, nobody does.
std::vector<policy::SubjectIndex> everybody(const policy::Program& program) {
  std::vector<policy::SubjectIndex> all{policy::kAnyone};
  const auto declared = program.document().subjects.size();
  for (std::size_t i = 0; i < declared; ++i) {
    all.push_back(static_cast<policy::SubjectIndex>(i + policy::kFirstSubject));
  }
  // Somebody unknown gets other grants nearly everywhere. That counts for names only where they
  // are hidden from him; opens are judged each by itself.
  const policy::Values& unknown = program.document().unknown_subject;
  if (unknown.has(policy::Axis::see) && unknown.at(policy::Axis::see) != 0) {
    all.push_back(policy::kUnknown);
  }
  return all;
}

}  // namespace

Result<Guard::Rules, Error> Guard::rules_of(Policy policy, const Options& options) {
  Rules rules;
  rules.program = std::move(policy.program);
  rules.contents = std::move(policy.contents);
  if (options.subject) {
    const auto subject = rules.program->subject(*options.subject);
    if (!subject) {
      return fail(Error{"the policy has no subject `" + *options.subject +
                            "`; declare it as [subject." + *options.subject + "]",
                        EINVAL});
    }
    rules.bound = *subject;
    rules.all = {*subject};
  } else {
    rules.subjects = std::make_unique<Subjects>(*rules.program, options.proc);
    rules.all = everybody(*rules.program);
  }
  const policy::Program& known = *rules.program;
  rules.can_hide = std::ranges::any_of(
      rules.all, [&](policy::SubjectIndex subject) { return known.can_hide(subject); });
  rules.restricts = std::ranges::any_of(rules.all, [&](policy::SubjectIndex subject) {
    return known.terms(known.strictest(), subject).id != policy::kUnrestricted;
  });
  if (rules.contents != nullptr) {
    policy::ContentSet all;
    for (std::size_t i = 0; i < known.contents().size(); ++i) {
      all.add(static_cast<policy::ContentId>(i));
    }
    rules.by_path = rules.contents->by_path(all);
  }
  return rules;
}

Guard::Guard(mirror::Mirror& mirror, Rules rules, const Options& options)
    : mirror_{mirror}, options_{options}, rules_{std::move(rules)} {}

Guard::~Guard() { mirror_.tree().set_keeper(nullptr); }

Result<std::unique_ptr<Guard>, Error> Guard::make(mirror::Mirror& mirror, Policy policy,
                                                  const Options& options) {
  try {
    Rules rules = TRY(rules_of(std::move(policy), options));
    const auto root = mirror.tree().path(kRoot);
    if (rules.restricts && root && folds_names(root->get())) {
      return fail(
          Error{"names in the source have several spellings (it is case-insensitive), so "
                "that rules by path cannot be kept there; use a directory that is not",
                ENOTSUP});
    }
    std::unique_ptr<Guard> guard{new Guard{mirror, std::move(rules), options}};
    mirror.tree().set_keeper(guard.get());
    mirror.tree().put_place(kRoot, to_mirror(guard->rules_.program->start()));
    return guard;
  } catch (const std::bad_alloc&) {
    return fail(Error::of("cannot make a guard", ENOMEM));
  }
}

mirror::Place Guard::hold(mirror::Place place) noexcept {
  return to_mirror(rules_.program->hold(policy::Place{raw(place)}));
}

void Guard::release(mirror::Place place) noexcept {
  if (place != kUnplaced) rules_.program->release(policy::Place{raw(place)});
}

std::shared_ptr<const policy::Program> Guard::program() const {
  const Turnstile::Pass pass{turnstile_};
  return rules_.program;
}

Stats Guard::stats() const {
  Stats out;
  out.refused = counts_.refused.load(std::memory_order_relaxed);
  out.hidden = counts_.hidden.load(std::memory_order_relaxed);
  out.stale = counts_.stale.load(std::memory_order_relaxed);
  out.redacted = counts_.redacted.load(std::memory_order_relaxed);
  out.snapshots = counts_.snapshots.load(std::memory_order_relaxed);
  out.linked_files = links_.size();
  out.folding_directories = folding_.size();
  return out;
}

}  // namespace sluice::guard
