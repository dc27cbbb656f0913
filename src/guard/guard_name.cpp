// SPDX-License-Identifier: MIT
// Making, removing and moving names. A name is judged by itself, before anything is looked at: what
// may not be made under it may not be made whether or not it is there.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "sluice/guard/guard.h"
#include "sluice/guard/lister.h"
#include "sluice/mirror/proc_path.h"

namespace sluice::guard {

using policy::Axis;
using policy::Kind;
using policy::Place;
using policy::See;
using policy::Write;

namespace {

Kind kind_of(const struct statx& stat) noexcept {
  return S_ISDIR(stat.stx_mode) ? Kind::directory : Kind::other;
}

}  // namespace

// May the caller put something under this name? Not where it would be hidden as a file or as a
// directory: what is in the way there must not show.
Result<Guard::Judged> Guard::may_make(const Asked& asked, Place parent, NodeId directory,
                                      const wire::Name& name, Place place) {
  const Told told{directory, name.view(), policy::Mode::write};
  const policy::Step step = asked.program.step(parent, name.view());
  for (const Place each : {step.directory, step.other}) {
    if (hides(asked, each)) TRY(refuse(asked, judge(asked, each), Axis::see, EACCES, told));
  }
  const Judged judged = judge(asked, place);
  if (!can_write(judged.grant)) TRY(refuse(asked, judged, Axis::write, EACCES, told));
  return judged;
}

// May the caller take this name away?
Result<Guard::Judged> Guard::may_remove(const Asked& asked, NodeId directory,
                                        const wire::Name& name, Place place, Kind kind) {
  const Told told{directory, name.view(), policy::Mode::write};
  Judged judged = judge(asked, place);
  if (judged.grant.see == See::no) {
    const bool known = tells_apart() && kind == Kind::directory;
    TRY(refuse(asked, judged, Axis::see, known ? Errno{EACCES} : Errno{ENOENT}, told));
  }
  if (kind == Kind::other) TRY(look_before_change(directory, name, judged));
  if (!can_write(judged.grant)) TRY(refuse(asked, judged, Axis::write, EACCES, told));
  return judged;
}

// May what is at `from` be at `to`? Where anybody here would get more of it so: the one who moves
// it may copy it instead, as far as he can read it.
Result<void> Guard::may_move(const Asked& asked, Place from, Place to, Kind kind,
                             const Told& told) {
  if (!loosened(from, to, kind)) return {};
  return refuse(asked, judge(asked, from), Axis::write, EXDEV, told);
}

// Other names of a file may keep less than this one. Whom it is kept from does not take the name
// away that keeps it; unless every name is known, and none is looser.
Result<void> Guard::may_lose(const Asked& asked, const Judged& judged, const Told& told,
                             const wire::Name& name) {
  if (judged.grant.read < policy::Read::redact) return {};
  const auto found = mirror_.tree().find(told.node, name);
  if (!found || !S_ISREG(found->stat.stx_mode) || found->stat.stx_nlink < 2) return {};
  const auto handle = mirror_.tree().handle(*found);
  const auto known = handle ? links_.find(*handle) : std::nullopt;
  if (known && known->all && known->places.size() == 1) return {};
  return refuse(asked, judged, Axis::read, EACCES, told);
}

template <class Make>
Result<fuse::Entry> Guard::make_entry(const Asked& asked, const Seen& parent,
                                      const wire::Name& name, Kind kind, Make make) {
  const HeldPlace place{asked.program, asked.program.enter(parent.place(), name.view(), kind)};
  const Judged judged = TRY(may_make(asked, parent.place(), asked.request.node, name, place));
  fuse::Entry out = TRY(make(admission(judged, place)));
  conceal(place, out.attr);
  return out;
}

Result<fuse::Entry> Guard::act(const Asked& asked, const Seen& seen, const fuse::MakeNode& r) {
  return make_entry(asked, seen, r.name, Kind::other, [&](const mirror::Admitted& admitted) {
    return mirror_.make_node(r, admitted);
  });
}

Result<fuse::Entry> Guard::act(const Asked& asked, const Seen& seen, const fuse::MakeDir& r) {
  return make_entry(asked, seen, r.name, Kind::directory, [&](const mirror::Admitted& admitted) {
    return mirror_.make_dir(r, admitted);
  });
}

Result<fuse::Entry> Guard::act(const Asked& asked, const Seen& seen, const fuse::MakeSymlink& r) {
  return make_entry(asked, seen, r.name, Kind::other, [&](const mirror::Admitted& admitted) {
    return mirror_.make_symlink(r, admitted);
  });
}

// The strictest of all names holds for a file; so a new name may only be as strict as those it has,
// or stricter.
Result<fuse::Entry> Guard::act(const Asked& asked, const Seen& parent, const fuse::MakeLink& r) {
  const Seen existing = TRY(may_write(asked, r.existing));
  const Told told{r.node, r.name.view(), policy::Mode::write};
  const HeldPlace place{asked.program,
                        asked.program.enter(parent.place(), r.name.view(), Kind::other)};
  Judged judged = TRY(may_make(asked, parent.place(), r.node, r.name, place));
  const auto view = TRY(mirror_.tree().table().read(r.existing));
  const auto stat = TRY(mirror_.tree().stat(r.existing));
  const bool matters = rules_.restricts && S_ISREG(stat.stx_mode);
  const bool placed = existing.standing.place != kUnplaced;
  // What its name keeps is not known, so that no other may be as loose; the kernel looks it up.
  if (rules_.restricts && !placed && stat.stx_nlink > 0 && enforces()) return fail(ESTALE);
  HardLinks::Known known =
      links_.find(view.handle).value_or(HardLinks::Known{{}, placed && stat.stx_nlink < 2});
  if (placed) known.places.push_back(existing.place());
  for (const Place each : known.places) {
    TRY(may_move(asked, each, place, Kind::other, told));
  }
  if (rules_.by_path && placed && S_ISREG(stat.stx_mode)) {
    const mirror::Found file{TRY(mirror_.tree().open(r.existing, O_RDONLY | O_NONBLOCK)), stat};
    TRY(may_move_contents(asked, file, {existing.place(), place, r.node, r.name, told}));
  }
  // A file without a name is in the hands of who made it; it gets this name's terms.
  if (matters && stat.stx_nlink > 0) {
    known.places.push_back(place);
    judged = judge(asked, known, place);
  }
  auto out = TRY(mirror_.make_link(r, admission(judged, place)));
  if (matters && stat.stx_nlink > 0) {
    if (stat.stx_nlink == 1 && placed) {
      links_.learn_only(asked.program, view.handle, existing.place());
    }
    links_.learn(asked.program, view.handle, place, name_mark(r.node, r.name.view()),
                 stat.stx_nlink + 1);
  }
  return out;
}

// Gives the file under a name if it has others, and any are kept in mind.
std::optional<mirror::LowerHandle> Guard::linked_file(NodeId directory, const wire::Name& name) {
  if (links_.empty()) return std::nullopt;
  const auto found = mirror_.tree().find(directory, name);
  if (!found || !S_ISREG(found->stat.stx_mode) || found->stat.stx_nlink < 2) return std::nullopt;
  auto handle = mirror_.tree().handle(*found);
  if (!handle) return std::nullopt;
  return *handle;
}

Result<void> Guard::act(const Asked& asked, const Seen& parent, const fuse::Unlink& r) {
  const HeldPlace place{asked.program,
                        asked.program.enter(parent.place(), r.name.view(), Kind::other)};
  const Judged judged = TRY(may_remove(asked, r.node, r.name, place, Kind::other));
  TRY(may_lose(asked, judged, {r.node, r.name.view(), policy::Mode::write}, r.name));
  const auto file = linked_file(r.node, r.name);
  TRY(mirror_.unlink(r));
  if (file) links_.lost(*file, name_mark(r.node, r.name.view()));
  return {};
}

Result<void> Guard::act(const Asked& asked, const Seen& parent, const fuse::RemoveDir& r) {
  const HeldPlace place{asked.program,
                        asked.program.enter(parent.place(), r.name.view(), Kind::directory)};
  const Judged judged = TRY(may_remove(asked, r.node, r.name, place, Kind::directory));
  auto removed = mirror_.remove_dir(r);
  if (removed || removed.error() != Errno{ENOTEMPTY} || !enforces()) return removed;
  if (!has_only_hidden(asked, place, r.node, r.name)) return removed;
  return refuse(asked, judged, Axis::see, EACCES, {r.node, r.name.view(), policy::Mode::write});
}

// Tells whether a directory that is not empty looks as if it were.
bool Guard::has_only_hidden(const Asked& asked, Place place, NodeId parent,
                            const wire::Name& name) {
  if (!asked.program.can_hide(asked.subject)) return false;
  const auto found = mirror_.tree().find(parent, name);
  if (!found) return false;
  const Fd listed{
      ::open(mirror::ProcPath{found->fd.get()}.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!listed) return false;
  Lister lister{*this, asked, place};
  alignas(dirent64) std::array<char, 8192> buffer;
  // Bounded: of a directory with that many hidden names it is told that there are some.
  for (int reads = 0; reads < 256; ++reads) {
    const long got = ::syscall(SYS_getdents64, listed.get(), buffer.data(), buffer.size());
    if (got <= 0) return got == 0;
    for (long at = 0; at < got;) {
      dirent64 head{};
      std::memcpy(&head, buffer.data() + at, offsetof(dirent64, d_name));
      const char* text = buffer.data() + at + offsetof(dirent64, d_name);
      const std::string_view each{text};
      const std::uint32_t type = static_cast<std::uint32_t>(DTTOIF(head.d_type));
      if (each != "." && each != ".." && lister.lists(listed.get(), each, type)) return false;
      at += head.d_reclen;
    }
  }
  return false;
}

Result<void> Guard::act(const Asked& asked, const Seen& from, const fuse::Rename& r) {
  const Seen to = TRY(see(asked, r.new_parent));
  const policy::Program& program = asked.program;
  const bool exchange = r.flags.has(wire::RenameFlag::exchange);
  const Told told{r.node, r.name.view(), policy::Mode::write};

  const policy::Step step = program.step(from.place(), r.name.view());
  if (!tells_apart() && hides(asked, step.directory) && hides(asked, step.other)) {
    TRY(refuse(asked, judge(asked, step.other), Axis::see, ENOENT, told));
  }
  const auto source = TRY(mirror_.tree().find(r.node, r.name));
  const Kind kind = kind_of(source.stat);
  const HeldPlace source_place{program, program.enter(from.place(), r.name.view(), kind)};
  const HeldPlace target_place{program, program.enter(to.place(), r.new_name.view(), kind)};
  TRY(may_remove(asked, r.node, r.name, source_place, kind));
  Judged over = TRY(may_make(asked, to.place(), r.new_parent, r.new_name, target_place));
  TRY(may_move(asked, source_place, target_place, kind, told));
  TRY(may_move_contents(asked, source,
                        {source_place, target_place, r.new_parent, r.new_name, told}));

  mirror::Moved moved{to_mirror(target_place), std::nullopt};
  if (exchange) {
    const auto target = TRY(mirror_.tree().find(r.new_parent, r.new_name));
    const Kind other = kind_of(target.stat);
    const HeldPlace was{program, program.enter(to.place(), r.new_name.view(), other)};
    const HeldPlace becomes{program, program.enter(from.place(), r.name.view(), other)};
    TRY(may_remove(asked, r.new_parent, r.new_name, was, other));
    TRY(may_make(asked, from.place(), r.node, r.name, becomes));
    TRY(may_move(asked, was, becomes, other, told));
    TRY(may_move_contents(asked, target, {was, becomes, r.node, r.name, told}));
    moved.source = to_mirror(becomes);
    return rename(asked, r, moved, source);
  }
  TRY(look_before_change(r.new_parent, r.new_name, over));
  if (!can_write(over.grant)) TRY(refuse(asked, over, Axis::write, EACCES, told));
  TRY(may_lose(asked, over, {r.new_parent, r.new_name.view(), policy::Mode::write}, r.new_name));
  return rename(asked, r, moved, source);
}

// What the kernel carries along keeps its node. Where its grant is another now, the next open says
// so, and the file is looked up again.
Result<void> Guard::rename(const Asked& asked, const fuse::Rename& r, const mirror::Moved& moved,
                           const mirror::Found& source) {
  const bool several =
      !links_.empty() && S_ISREG(source.stat.stx_mode) && source.stat.stx_nlink > 1;
  const auto replaced = linked_file(r.new_parent, r.new_name);
  const auto file =
      several ? mirror_.tree().handle(source) : Result<mirror::LowerHandle>{fail(ENOENT)};
  TRY(mirror_.rename(r, moved));
  const NameMark old_name = name_mark(r.node, r.name.view());
  const NameMark new_name = name_mark(r.new_parent, r.new_name.view());
  // Of two names of one file nothing was changed.
  if (file && replaced && *file == *replaced) return {};
  if (replaced) links_.lost(*replaced, new_name);
  if (file) {
    links_.lost(*file, old_name);
    links_.learn(asked.program, *file, Place{raw(*moved.target)}, new_name, source.stat.stx_nlink);
  }
  return {};
}

}  // namespace sluice::guard
