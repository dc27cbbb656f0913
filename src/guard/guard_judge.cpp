// SPDX-License-Identifier: MIT
// Who may do what: from a node or a place to a grant, and from a grant to an answer.
#include <algorithm>

#include "sluice/guard/guard.h"

namespace sluice::guard {

using policy::Axis;
using policy::Grant;
using policy::Place;
using policy::Read;
using policy::See;
using policy::Write;

namespace {

// The grant of a file that may have names which would restrict it, if anybody knew them.
Grant under_inspection(Grant grant) noexcept {
  grant.read = std::max(grant.read, Read::served);
  grant.execute = std::max(grant.execute, Read::served);
  grant.write = std::max(grant.write, Write::served);
  return grant;
}

policy::ContentGrant under_inspection(policy::ContentGrant grant) {
  grant.nothing_found = under_inspection(grant.nothing_found);
  for (policy::GrantIfFound& each : grant.if_found) each.grant = under_inspection(each.grant);
  return grant;
}

std::uint8_t value_of(const Grant& grant, Axis axis) noexcept {
  switch (axis) {
    case Axis::see: return static_cast<std::uint8_t>(grant.see);
    case Axis::read: return static_cast<std::uint8_t>(grant.read);
    case Axis::execute: return static_cast<std::uint8_t>(grant.execute);
    case Axis::write: return static_cast<std::uint8_t>(grant.write);
    default: return 0;
  }
}

// What is to be redacted cannot be shown as it is. Of what is no file nothing can be redacted: a
// listing and a link are as they are.
bool is_kept(Read read, mirror::NodeKind kind) noexcept {
  const bool redacts = kind == mirror::NodeKind::regular || kind == mirror::NodeKind::other;
  return redacts ? read >= Read::redact : read == Read::deny;
}

bool by_content(policy::GrantId id) noexcept {
  return static_cast<std::uint16_t>(id) >= policy::kFirstContentGrant;
}

}  // namespace

policy::RuleId Guard::winner(const Judged& judged, Axis axis) noexcept {
  const bool own = value_of(judged.grant, axis) == value_of(judged.terms->grant, axis);
  return own ? judged.terms->winner(axis) : kByOtherNames;
}

Guard::Judged Guard::judge(const Asked& asked, Place place) const {
  Judged judged;
  judged.terms = &asked.program.terms(place, asked.subject);
  judged.grant = judged.terms->grant;
  judged.id = judged.terms->id;
  if (by_content(judged.id)) judged.content = &judged.terms->content;
  judged.differs = tells_apart() && asked.program.differs(place, rules_.all);
  judged.has_siblings = judged.differs;
  return judged;
}

policy::ContentGrant Guard::grant_of(const HardLinks::Known& known,
                                     policy::SubjectIndex subject) const {
  const policy::Program& program = *rules_.program;
  policy::ContentGrant grant;
  for (const Place each : known.places) {
    grant = policy::strictest_of(grant, program.terms(each, subject).content);
  }
  const bool inspects = program.document().hard_links == policy::HardLinks::inspect;
  if (known.all || !inspects) return grant;
  const bool restricted = program.terms(program.strictest(), subject).id != policy::kUnrestricted;
  return restricted ? under_inspection(grant) : grant;
}

Guard::Judged Guard::judge(const Asked& asked, const HardLinks::Known& known, Place place) const {
  Judged judged = judge(asked, place);
  const policy::ContentGrant all =
      policy::strictest_of(judged.terms->content, grant_of(known, asked.subject));
  if (all != judged.terms->content) {
    judged.has_siblings = true;
    judged.grant = all.nothing_found;
    judged.id = asked.program.id_of(all);
    judged.content = by_content(judged.id) ? &asked.program.content_grant(judged.id) : nullptr;
  }
  if (tells_apart()) {
    judged.differs = std::ranges::any_of(rules_.all, [&](policy::SubjectIndex subject) {
      return grant_of(known, subject) != grant_of(known, rules_.all.front());
    });
    judged.has_siblings = judged.has_siblings || judged.differs;
  }
  return judged;
}

Result<Guard::Seen> Guard::look(const Asked& asked, NodeId node) {
  Seen seen;
  seen.standing = TRY(mirror_.tree().table().standing(node));
  if (seen.standing.place == kUnplaced) {
    seen.judged = judge(asked, asked.program.start());
    // Of one that depended on content nobody knows any more how.
    const auto grant = static_cast<policy::GrantId>(raw(seen.key()));
    seen.judged.content = nullptr;
    seen.judged.id = grant;
    seen.judged.grant = policy::grant_of(grant);
    if (by_content(grant)) seen.judged.grant.see = See::yes;
    seen.judged.has_siblings = true;
    if (tells_apart()) {
      // It may be somebody else's, and come by a descriptor of his. That it is there is known then.
      const auto& strictest = asked.program.terms(asked.program.strictest(), asked.subject);
      seen.judged.grant = policy::strictest_of(seen.judged.grant, strictest.grant);
      seen.judged.grant.see = See::yes;
    }
    return seen;
  }
  if (seen.standing.kind == mirror::NodeKind::regular && !links_.empty()) {
    const auto view = mirror_.tree().table().read(node);
    if (const auto known = view ? links_.find(view->handle) : std::nullopt) {
      seen.judged = judge(asked, *known, seen.place());
      return seen;
    }
  }
  seen.judged = judge(asked, seen.place());
  return seen;
}

bool Guard::hides(const Asked& asked, Place place) const {
  return asked.program.terms(place, asked.subject).grant.see == See::no;
}

Result<Guard::Seen> Guard::see(const Asked& asked, NodeId node) {
  Seen seen = TRY(look(asked, node));
  if (seen.judged.grant.see == See::yes) return seen;
  // Where callers are told apart others may see it, and work in it.
  const Errno error = tells_apart() || node == kRoot ? Errno{EACCES} : Errno{ENOENT};
  TRY(refuse(asked, seen.judged, Axis::see, error, {node}));
  return seen;
}

// After a reload nobody knows by which name a node was found. The kernel takes this answer for a
// reason to look a path up again, once; where there is no path, it is the caller's.
Result<void> Guard::look_up_again(const Seen& seen) const {
  if (tells_apart() && enforces() && seen.standing.place == kUnplaced) return fail(ESTALE);
  return {};
}

Result<Guard::Seen> Guard::may_read(const Asked& asked, NodeId node) {
  Seen seen = TRY(see(asked, node));
  if (is_kept(seen.judged.grant.read, seen.standing.kind)) {
    TRY(look_up_again(seen));
    TRY(refuse(asked, seen.judged, Axis::read, EACCES, {node}));
  }
  return seen;
}

Result<Guard::Seen> Guard::may_read_open(const Asked& asked, NodeId node) {
  Seen seen = TRY(see(asked, node));
  // What was opened by the same grant shows what that gives; what others opened, what they get.
  const bool others = seen.judged.content != nullptr && key_of(seen.judged) != seen.key();
  if (others && enforces()) TRY(look_into(node, seen.judged));
  if (seen.judged.grant.read == Read::deny || (others && must_redact(seen.judged.grant))) {
    TRY(look_up_again(seen));
    TRY(refuse(asked, seen.judged, Axis::read, EACCES, {node}));
  }
  return seen;
}

Result<Guard::Seen> Guard::may_write(const Asked& asked, NodeId node) {
  Seen seen = TRY(see(asked, node));
  if (seen.standing.place != kUnplaced && enforces()) {
    TRY(look_before_change(node, seen.standing.kind, seen.judged));
  }
  if (!can_write(seen.judged.grant)) {
    TRY(look_up_again(seen));
    TRY(refuse(asked, seen.judged, Axis::write, EACCES, {node, {}, policy::Mode::write}));
  }
  return seen;
}

mirror::Grant Guard::key_of(const Judged& judged) const noexcept {
  if (!enforces()) return {};
  return mirror::Grant{static_cast<std::uint16_t>(judged.id)};
}

mirror::Admitted Guard::admission(const Judged& judged, Place place) const {
  using mirror::Remember;
  mirror::Admitted admitted;
  admitted.key.grant = key_of(judged);
  admitted.place = to_mirror(place);
  if (judged.differs) admitted.entry = Remember::no;
  if (judged.has_siblings) admitted.attributes = Remember::no;
  return admitted;
}

mirror::Face Guard::face_of(const Judged& judged) const {
  const Grant& grant = judged.grant;
  const bool served =
      grant.read == Read::served || grant.execute == Read::served || grant.write == Write::served;
  if (!served || !enforces()) return mirror::Face::native;
  // What the kernel kept of one node would not learn of writing by way of another.
  return judged.has_siblings ? mirror::Face::uncached : mirror::Face::served;
}

// A link count tells how many directories there are in one, those out of sight included.
void Guard::conceal(Place place, fuse::Attr& attr) const {
  if (!attr.is_directory() || !rules_.can_hide || rules_.program->settled(place)) return;
  if (enforces() && attr.nlink > 1) attr.nlink = 1;
}

// A device is opened by the kernel without asking. Which one it is is not told to those who may not
// do all with it.
void Guard::seal(const Judged& judged, fuse::Attr& attr) const {
  if (!S_ISCHR(attr.mode) && !S_ISBLK(attr.mode)) return;
  const bool kept = judged.grant.read >= Read::redact || judged.grant.write == Write::deny;
  if (kept && enforces()) attr.rdev = 0;
}

// A directory takes with it what is below. Nothing changes there if rules go on in the same way, or
// if none distinguishes anything below, here as there.
bool Guard::loosened(Place from, Place to, policy::Kind kind) const {
  if (from == to) return false;
  const policy::Program& program = *rules_.program;
  const auto terms = [&](Place place, policy::SubjectIndex subject) -> const policy::Terms& {
    return program.terms(place, subject);
  };
  if (kind == policy::Kind::directory) {
    if (!program.settled(from) || !program.settled(to)) return true;
    return !std::ranges::all_of(rules_.all, [&](policy::SubjectIndex subject) {
      return policy::same_effect(terms(from, subject), terms(to, subject));
    });
  }
  return std::ranges::any_of(rules_.all, [&](policy::SubjectIndex subject) {
    return policy::loosens(terms(from, subject).content, terms(to, subject).content);
  });
}

Result<void> Guard::refuse(const Asked& asked, const Judged& judged, Axis axis, Errno error,
                           const Told& told) const {
  counts_.refused.fetch_add(1, std::memory_order_relaxed);
  if (axis == Axis::see) counts_.hidden.fetch_add(1, std::memory_order_relaxed);
  note(asked, judged, axis, error.value(), told);
  if (!enforces()) return {};
  return fail(error);
}

void Guard::note(const Asked& asked, const Judged& judged, Axis axis, int error,
                 const Told& told) const {
  if (options_.decisions == nullptr) return;
  const Axis opened = told.mode == policy::Mode::execute ? Axis::execute : Axis::read;
  using namespace std::chrono;
  Decision out;
  out.time_ns = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  out.node = told.node;
  out.operation = asked.request.opcode;
  out.uid = asked.request.caller.uid;
  out.gid = asked.request.caller.gid;
  out.pid = asked.request.caller.pid;
  out.subject = asked.subject;
  out.found = judged.found;
  out.shows = told.shows;
  out.mode = told.mode;
  out.see = judged.grant.see;
  out.read = told.mode == policy::Mode::execute ? judged.grant.execute : judged.grant.read;
  out.write = judged.grant.write;
  const policy::Mode logged = axis == Axis::log_read ? policy::Mode::read : told.mode;
  out.log = judged.terms->log(logged);
  out.by = winner(judged, axis);
  out.rules = {winner(judged, Axis::see), winner(judged, opened), winner(judged, Axis::write),
               winner(judged, policy::log_axis_of(logged))};
  out.enforced = enforces();
  out.error = error;
  out.microseconds = static_cast<std::uint32_t>(
      std::min<std::int64_t>(duration_cast<microseconds>(Clock::now() - asked.since).count(),
                             std::numeric_limits<std::uint32_t>::max()));
  out.program = reloads_;
  out.set_name(told.name);
  options_.decisions->note(out);
}

}  // namespace sluice::guard
