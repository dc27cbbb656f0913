// SPDX-License-Identifier: MIT
// Opening files. A node is of one grant: whoever has another one there is sent to look the name up
// again, where he finds the node that is his.
#include <fcntl.h>

#include <algorithm>

#include "sluice/guard/guard.h"

namespace sluice::guard {

using policy::Axis;
using policy::Log;
using policy::Mode;
using policy::Read;
using policy::See;
using policy::Write;

namespace {

// What execve(2) adds to the flags; open(2) lets nobody set it.
// source: linux include/linux/fs.h __FMODE_EXEC, fs/exec.c do_open_execat()
constexpr int kForExecution = 0x20;

bool executes(fuse::OpenFlags flags) noexcept { return (raw(flags) & kForExecution) != 0; }
bool writes(fuse::OpenFlags flags) noexcept {
  return (raw(flags) & O_ACCMODE) != O_RDONLY || fuse::has(flags, O_TRUNC);
}
bool reads(fuse::OpenFlags flags) noexcept {
  return (raw(flags) & O_ACCMODE) != O_WRONLY && !executes(flags);
}

}  // namespace

Mode Guard::mode_of(fuse::OpenFlags flags) noexcept {
  return writes(flags) ? Mode::write : executes(flags) ? Mode::execute : Mode::read;
}

Result<void> Guard::may_open(const Asked& asked, const Judged& judged, fuse::OpenFlags flags,
                             const Told& told) const {
  const policy::Grant& grant = judged.grant;
  if (grant.see == See::no) TRY(refuse(asked, judged, Axis::see, EACCES, told));
  if (executes(flags) && grant.execute == Read::deny) {
    TRY(refuse(asked, judged, Axis::execute, EACCES, told));
  }
  if (reads(flags) && grant.read == Read::deny) {
    TRY(refuse(asked, judged, Axis::read, EACCES, told));
  }
  if (writes(flags) && !can_write(grant)) {
    TRY(refuse(asked, judged, Axis::write, EACCES, told));
  }
  return {};
}

void Guard::note_open(const Asked& asked, const Judged& judged, fuse::OpenFlags flags, int error,
                      const Told& told) const {
  const Mode mode = mode_of(flags);
  const bool both = writes(flags) && reads(flags);
  const Log as_reading = both ? judged.terms->log(Mode::read) : Log::none;
  const Mode logged = as_reading > judged.terms->log(mode) ? Mode::read : mode;
  if (judged.terms->log(logged) != Log::none) {
    note(asked, judged, policy::log_axis_of(logged), error, told);
  } else if (told.shows == Shows::redacted) {
    note(asked, judged, policy::axis_of(mode), error, told);
  }
}

Result<Guard::Seen> Guard::admit(const Asked& asked, const fuse::Open& r) {
  const Told told{r.node, {}, mode_of(r.flags)};
  Seen seen = TRY(look(asked, r.node));
  const bool stale = seen.standing.place == kUnplaced || key_of(seen.judged) != seen.key();
  if (stale && r.node != kRoot) {
    counts_.stale.fetch_add(1, std::memory_order_relaxed);
    if (!stale_opens_.came_again(r.caller.pid, r.node)) return fail(ESTALE);
    TRY(refuse(asked, seen.judged, Axis::read, EACCES, told));
  }
  TRY(may_open(asked, seen.judged, r.flags, told));
  // Of what is no file nothing can be redacted.
  const bool file = seen.standing.kind == mirror::NodeKind::regular;
  if (!file && must_redact(seen.judged.grant)) {
    TRY(refuse(asked, seen.judged, Axis::read, EACCES, told));
  }
  return seen;
}

Result<fuse::Opened> Guard::act(const Asked& asked, const Seen& seen, const fuse::Open& r) {
  if (seen.judged.content != nullptr && seen.standing.kind == mirror::NodeKind::regular) {
    return open_by_content(asked, seen, r);
  }
  auto opened = mirror_.open(r, {.face = face_of(seen.judged)});
  note_open(asked, seen.judged, r.flags, opened ? 0 : opened.error().value(),
            {r.node, {}, mode_of(r.flags)});
  return opened;
}

Result<fuse::Created> Guard::act(const Asked& asked, const Seen& parent, const fuse::Create& r) {
  const Told told{r.node, r.name.view(), Mode::write};
  const HeldPlace place{asked.program,
                        asked.program.enter(parent.place(), r.name.view(), policy::Kind::other)};
  const Judged judged = TRY(may_make(asked, parent.place(), r.node, r.name, place));
  TRY(may_open(asked, judged, r.flags, told));
  fuse::Create exclusive = r;
  if (rules_.restricts && enforces()) {
    exclusive.flags = static_cast<fuse::OpenFlags>(raw(r.flags) | std::uint32_t{O_EXCL});
  }
  auto created = mirror_.create(exclusive, admission(judged, place), face_of(judged));
  if (!created && created.error() == Errno{EEXIST} && !fuse::has(r.flags, O_EXCL)) {
    created = fail(not_free(asked, r, place));
  }
  if (created) created_by_content(judged, created->entry.node, r.flags);
  note_open(asked, judged, r.flags, created ? 0 : created.error().value(), told);
  return created;
}

// The kernel took a name for free, and it is not: somebody has made it below since, or another name
// of what is there hides it. That is opened as every file is, once it was found.
Errno Guard::not_free(const Asked& asked, const fuse::Create& r, policy::Place place) {
  const auto found = mirror_.tree().find(r.node, r.name);
  if (!found) return Errno{ESTALE};
  const Judged judged = judge_found(asked, *found, place, r.node, r.name);
  if (judged.grant.see == See::yes) return Errno{ESTALE};
  const auto refused =
      refuse(asked, judged, Axis::see, EACCES, {r.node, r.name.view(), Mode::write});
  return refused ? Errno{ESTALE} : refused.error();
}

// A file without a name has its directory's terms.
Result<fuse::Created> Guard::act(const Asked& asked, const Seen& parent,
                                 const fuse::MakeTmpFile& r) {
  const Told told{r.node, {}, Mode::write};
  TRY(may_open(asked, parent.judged, r.flags, told));
  auto created =
      mirror_.make_tmp_file(r, admission(parent.judged, parent.place()), face_of(parent.judged));
  if (created) created_by_content(parent.judged, created->entry.node, r.flags);
  return created;
}

}  // namespace sluice::guard
