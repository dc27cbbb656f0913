// SPDX-License-Identifier: MIT
// Looking names up, and attributes.
#include <linux/fs.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sluice/guard/guard.h"

namespace sluice::guard {

using policy::Axis;
using policy::Kind;
using policy::Place;
using policy::See;

namespace {

Kind kind_of(const mirror::Found& found) noexcept {
  return S_ISDIR(found.stat.stx_mode) ? Kind::directory : Kind::other;
}

std::string_view text_of(std::string_view name) noexcept {
  if (!name.empty() && name.back() == '\0') name.remove_suffix(1);
  return name;
}

// Attributes that the kernel asks for by itself, to check permissions or to run a program; they say
// nothing of what is in a file.
bool is_permission(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"system.posix_acl_access",
                                                   "system.posix_acl_default",
                                                   "security.capability", "security.selinux"};
  return std::ranges::find(kNames, text_of(name)) != kNames.end();
}

// Puts an attribute's value there; without room it is only asked how long it is.
Result<fuse::XattrData> put(std::string_view value, fuse::ReadBuffer& out) noexcept {
  const MutableBytes room = out.room();
  if (room.empty()) return fuse::XattrData{value.size()};
  if (room.size() < value.size()) return fail(ERANGE);
  std::memcpy(room.data(), value.data(), value.size());
  return fuse::XattrData{value.size()};
}

}  // namespace

// What the file's names that are known give together, this one among them.
Guard::Judged Guard::judge_found(const Asked& asked, const mirror::Found& found, Place place,
                                 NodeId directory, const wire::Name& name) {
  if (!rules_.restricts || !S_ISREG(found.stat.stx_mode) || found.stat.stx_nlink < 2) {
    return judge(asked, place);
  }
  auto handle = mirror_.tree().handle(found);
  if (!handle) return judge(asked, HardLinks::Known{{place}, false}, place);
  return judge(asked,
               links_.learn(asked.program, *handle, place, name_mark(directory, name.view()),
                            found.stat.stx_nlink),
               place);
}

// Finds directories whose names have several spellings when they are first looked up. They keep the
// strictest place, whatever the name by which they are found.
void Guard::watch_folding(NodeId directory) {
  const auto view = mirror_.tree().table().read(directory);
  if (!view) return;
  if (view->nlookup == 1) {
    const auto path = mirror_.tree().path(directory);
    if (!path || folds_names(path->get())) {
      folding_.add(directory);
    } else {
      folding_.remove(directory);
    }
  }
  if (folding_.has(directory)) {
    mirror_.tree().put_place(directory, to_mirror(rules_.program->strictest()));
  }
}

Result<fuse::Entry> Guard::entry(const Asked& asked, Place parent, mirror::Found found,
                                 NodeId directory, const wire::Name& name) {
  const Kind kind = kind_of(found);
  const HeldPlace place{asked.program, asked.program.enter(parent, name.view(), kind)};
  const Judged judged = judge_found(asked, found, place, directory, name);
  // A directory has one node for all. Were it not there for some, the kernel would throw away what
  // others know of it, their working directories and mounts in it included.
  if (judged.grant.see == See::no && !(tells_apart() && kind == Kind::directory)) {
    TRY(refuse(asked, judged, Axis::see, ENOENT, {directory, name.view()}));
  }
  const bool only_name = S_ISREG(found.stat.stx_mode) && found.stat.stx_nlink == 1;
  mirror::Admitted admitted = admission(judged, place);
  if (judged.content != nullptr && shown_.has_epochs()) {
    if (const auto handle = mirror_.tree().handle(found)) {
      admitted.key.epoch = shown_.epoch(*handle, admitted.key.grant);
    }
  }
  auto out = TRY(mirror_.entry_of(std::move(found), directory, name, admitted));
  conceal(place, out.attr);
  seal(judged, out.attr);
  if (kind == Kind::directory && rules_.restricts) watch_folding(out.node);
  if (only_name && !links_.empty()) {
    if (const auto view = mirror_.tree().table().read(out.node)) {
      links_.forget(asked.program, view->handle);
    }
  }
  return out;
}

Result<fuse::Entry> Guard::act(const Asked& asked, const Seen& parent, const fuse::Lookup& r) {
  stale_opens_.looked_up(r.caller.pid);
  // What is hidden whatever it is, is so without a look at the disk: it takes as long as what is
  // not there.
  const policy::Step step = asked.program.step(parent.place(), r.name.view());
  if (!tells_apart() && hides(asked, step.directory) && hides(asked, step.other)) {
    TRY(refuse(asked, judge(asked, step.other), Axis::see, ENOENT, {r.node, r.name.view()}));
  }
  auto found = TRY(mirror_.tree().find(r.node, r.name));
  return entry(asked, parent.place(), std::move(found), r.node, r.name);
}

Result<fuse::AttrReply> Guard::act(const Asked&, const Seen& seen, const fuse::GetAttr& r) {
  auto reply = TRY(mirror_.get_attr(r));
  seal(seen.judged, reply.attr);
  if (seen.standing.is_directory()) conceal(seen.place(), reply.attr);
  if (seen.judged.has_siblings) reply.attr_valid = {};
  return reply;
}

Result<fuse::StatxReply> Guard::act(const Asked&, const Seen& seen, const fuse::GetStatx& r) {
  auto reply = TRY(mirror_.get_statx(r));
  if (seen.standing.is_directory()) {
    fuse::Attr attr;
    attr.mode = reply.statx.mode;
    attr.nlink = reply.statx.nlink;
    conceal(seen.place(), attr);
    reply.statx.nlink = attr.nlink;
  }
  fuse::Attr device;
  device.mode = reply.statx.mode;
  device.rdev = 1;
  seal(seen.judged, device);
  if (device.rdev == 0) reply.statx.rdev_major = reply.statx.rdev_minor = 0;
  if (seen.judged.has_siblings) reply.attr_valid = {};
  return reply;
}

Result<fuse::AttrReply> Guard::act(const Asked&, const Seen& seen, const fuse::SetAttr& r) {
  auto reply = TRY(mirror_.set_attr(r));
  if (seen.standing.is_directory()) conceal(seen.place(), reply.attr);
  if (seen.judged.has_siblings) reply.attr_valid = {};
  return reply;
}

// Attributes beside permissions are read as the file is. A redacted file has one that says so, and
// no others.
Result<fuse::XattrData> Guard::act(const Asked& asked, const Seen& seen, const fuse::GetXattr& r,
                                   fuse::ReadBuffer& out) {
  if (is_permission(r.name)) return mirror_.get_xattr(r, out);
  Judged judged = seen.judged;
  const bool file = seen.standing.kind == mirror::NodeKind::regular;
  if (file && judged.content != nullptr && enforces()) TRY(look_into(r.node, judged));
  if (judged.grant.read == policy::Read::deny) {
    TRY(look_up_again(seen));
    TRY(refuse(asked, judged, Axis::read, EACCES, {r.node}));
  }
  if (!file || !must_redact(judged.grant) || !enforces()) return mirror_.get_xattr(r, out);
  if (text_of(r.name) != kRedactedXattr) return fail(ENODATA);
  return put(asked.program.rule_name(winner(judged, Axis::read)), out);
}

Result<fuse::XattrData> Guard::act(const Asked& asked, const Seen& seen, const fuse::ListXattr& r,
                                   fuse::ReadBuffer& out) {
  Judged judged = seen.judged;
  const bool file = seen.standing.kind == mirror::NodeKind::regular;
  if (file && judged.content != nullptr && enforces()) TRY(look_into(r.node, judged));
  if (judged.grant.read == policy::Read::deny) {
    TRY(look_up_again(seen));
    TRY(refuse(asked, judged, Axis::read, EACCES, {r.node}));
  }
  if (!file || !must_redact(judged.grant) || !enforces()) return mirror_.list_xattr(r, out);
  return put({kRedactedXattr.data(), kRedactedXattr.size() + 1}, out);
}

// An open file has its bytes, whichever they are, from what was decided when it was opened.
Result<Guard::Seen> Guard::admit(const Asked& asked, const fuse::Seek& r) {
  return may_read_open(asked, r.node);
}

Result<Guard::Seen> Guard::admit(const Asked& asked, const fuse::CopyRange& r) {
  TRY(may_write(asked, r.to_node));
  return may_read_open(asked, r.node);
}

// The mirror serves reading and changing inode flags, and no other ioctl.
Result<Guard::Seen> Guard::admit(const Asked& asked, const fuse::Ioctl& r) {
  constexpr unsigned kSetFlags32 = 0x40046602;     // FS_IOC32_SETFLAGS
  constexpr std::uint32_t kCaseFold = 0x40000000;  // FS_CASEFOLD_FL
  switch (r.command) {
    case FS_IOC_SETFLAGS:
    case kSetFlags32: {
      // A directory made case-insensitive would be a way around rules.
      std::uint32_t flags = 0;
      if (r.input.size() >= sizeof flags) std::memcpy(&flags, r.input.data(), sizeof flags);
      if (rules_.restricts && (flags & kCaseFold) != 0) return fail(EOPNOTSUPP);
      return may_write(asked, r.node);
    }
    case FS_IOC_FSSETXATTR: return may_write(asked, r.node);
    default: return may_read_open(asked, r.node);
  }
}

}  // namespace sluice::guard
