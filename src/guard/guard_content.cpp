// SPDX-License-Identifier: MIT
// Files of which a caller may have more or less by what they contain. Nothing is looked into before
// it is opened, or about to be changed. Whoever writes to a file keeps it as it is for as long as
// he does, so that databases, linkers and editors are left alone; whoever has another grant then
// gets the bytes as they were inspected.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>

#include "sluice/fuse/workers.h"
#include "sluice/guard/guard.h"
#include "sluice/guard/proc_facts.h"
#include "sluice/mirror/proc_path.h"

namespace sluice::guard {

using policy::Axis;
using policy::ContentSet;
using policy::Read;
using policy::Write;

namespace {

constexpr int kToLook = O_RDONLY | O_NONBLOCK;

// Tells whether something that is found could take writing away.
bool may_deny_writing(const policy::ContentGrant& grant) noexcept {
  return std::ranges::any_of(
      grant.if_found, [](const policy::GrantIfFound& each) { return !can_write(each.grant); });
}

// Tells whether whoever opens a file waits in vain: he is about to die, or was interrupted a while
// ago. Any other signal is no reason to answer EINTR, which few programs expect of open(2).
class InVain {
 public:
  explicit InVain(const fuse::Open& r) noexcept : r_{r} {}
  bool operator()() {
    if (!r_.interrupted()) return false;
    const auto now = std::chrono::steady_clock::now();
    if (!since_) since_ = now;
    if (now - *since_ > kLongest) return true;
    const auto status = read_proc(fmt::format("/proc/{}/status", raw(r_.caller.pid)));
    return status && is_dying(*status);
  }

 private:
  static constexpr std::chrono::seconds kLongest{2};
  const fuse::Open& r_;
  std::optional<std::chrono::steady_clock::time_point> since_;
};

// A face of content's, as the mirror takes it.
class ShownFace final : public mirror::Substitute {
 public:
  explicit ShownFace(std::shared_ptr<const content::Face> face) noexcept : face_{std::move(face)} {}
  const Fd* file() const noexcept override { return face_->file(); }
  Result<std::size_t> read(std::uint64_t offset, MutableBytes into) const noexcept override {
    const fuse::HeldUp held;
    return face_->read(offset, into);
  }
  std::uint64_t size() const noexcept override { return face_->size(); }

 private:
  std::shared_ptr<const content::Face> face_;
};

std::string link_target(int fd) {
  std::array<char, PATH_MAX> room{};
  const ssize_t length = ::readlink(mirror::ProcPath{fd}.c_str(), room.data(), room.size());
  if (length <= 0 || static_cast<std::size_t>(length) >= room.size()) return {};
  return {room.data(), static_cast<std::size_t>(length)};
}

ShownFiles::Opens how_of(fuse::OpenFlags flags) noexcept {
  return (raw(flags) & O_ACCMODE) == O_RDONLY ? ShownFiles::Opens::to_read
                                              : ShownFiles::Opens::to_write;
}

}  // namespace

ContentSet Guard::asked_by(const Judged& judged) {
  return policy::asked_by(*judged.content) | judged.terms->asks();
}

bool can_write(const policy::Grant& grant) noexcept {
  return grant.write != Write::deny && grant.read != Read::redact && grant.execute != Read::redact;
}

// A path that cannot be told (a file that was removed or has several names) is empty: then what
// speaks for a file by its path does not count.
std::string Guard::path_of(int fd, ContentSet asked) const {
  if (!rules_.contents->by_path(asked)) return {};
  struct stat stat {};
  if (::fstat(fd, &stat) != 0 || (S_ISREG(stat.st_mode) && stat.st_nlink != 1)) return {};
  const std::string root = link_target(mirror_.tree().source());
  std::string path = link_target(fd);
  const std::string_view below = root == "/" ? std::string_view{} : std::string_view{root};
  if (root.empty() || !path.starts_with(below) || path.size() <= below.size() + 1) return {};
  if (path[below.size()] != '/') return {};
  return path.substr(below.size() + 1);
}

void Guard::learn(Judged& judged, ContentSet found) const {
  judged.found = found;
  judged.grant = policy::at(*judged.content, found);
  if (found.empty()) return;
  judged.resolved = std::make_shared<const policy::Terms>(policy::resolve(*judged.terms, found));
  judged.terms = judged.resolved.get();
}

Result<ContentSet> Guard::contents_of(int fd, const Judged& judged) const {
  const ContentSet asked = asked_by(judged);
  if (asked.empty()) return {};
  ContentSet failed;
  failed.add(policy::kFailed);
  if (fd < 0 || rules_.contents == nullptr) return failed;
  const fuse::HeldUp held;
  return rules_.contents->found(fd, path_of(fd, asked), asked);
}

// What is being written by callers of the same grant is theirs as it was when it was opened.
Result<void> Guard::look_into(NodeId node, Judged& judged) {
  if (const auto shown = shown_.find(node); shown && shown->writers > 0) {
    learn(judged, shown->found);
    return {};
  }
  const auto fd = mirror_.tree().open(node, kToLook);
  learn(judged, TRY(contents_of(fd ? fd->get() : -1, judged)));
  return {};
}

Result<void> Guard::look_into(const mirror::Found& found, Judged& judged) {
  if (!shown_.empty()) {
    const auto handle = mirror_.tree().handle(found);
    const mirror::Grant key = key_of(judged);
    const auto node = handle
                          ? mirror_.tree().table().find(*handle, {key, shown_.epoch(*handle, key)})
                          : Result<NodeId>{fail(ENOENT)};
    if (node) return look_into(*node, judged);
  }
  const Fd fd{::open(mirror::ProcPath{found.fd.get()}.c_str(), kToLook | O_CLOEXEC)};
  learn(judged, TRY(contents_of(fd ? fd.get() : -1, judged)));
  return {};
}

Result<void> Guard::look_before_change(NodeId node, mirror::NodeKind kind, Judged& judged) {
  const bool matters = judged.content != nullptr && kind == mirror::NodeKind::regular &&
                       may_deny_writing(*judged.content);
  if (matters) TRY(look_into(node, judged));
  return {};
}

Result<void> Guard::look_before_change(NodeId directory, const wire::Name& name, Judged& judged) {
  if (judged.content == nullptr || !may_deny_writing(*judged.content)) return {};
  const auto found = mirror_.tree().find(directory, name);
  if (found && S_ISREG(found->stat.stx_mode)) TRY(look_into(*found, judged));
  return {};
}

// How the file is to be shown to this open; what was found is learnt.
Result<ShownFiles::State> Guard::decide(const Asked& asked, const fuse::Open& r, Judged& judged) {
  ShownFiles::State wanted;
  wanted.asked = asked_by(judged);
  if (const auto shown = shown_.find(r.node); shown && shown->writers > 0) {
    learn(judged, shown->found);
    wanted.found = shown->found;
    wanted.face = shown->face;
    return wanted;
  }
  if (rules_.contents == nullptr) {
    learn(judged, TRY(contents_of(-1, judged)));
    return wanted;
  }
  const Fd fd = TRY(mirror_.tree().open(r.node, kToLook));
  const auto access = how_of(r.flags) == ShownFiles::Opens::to_write ? content::Access::writes
                                                                     : content::Access::reads;
  std::optional<fuse::HeldUp> held{std::in_place};
  Result<content::Opening> opening = rules_.contents->open({.fd = fd.get(),
                                                            .path = path_of(fd.get(), wanted.asked),
                                                            .grant = *judged.content,
                                                            .asked = wanted.asked,
                                                            .access = access,
                                                            .interrupted = InVain{r}});
  held.reset();
  content::Opening outcome = TRY(std::move(opening));
  learn(judged, outcome.found);
  wanted.found = outcome.found;
  if (enforces()) wanted.face = std::move(outcome.face);
  if (outcome.unshowable) {
    TRY(refuse(asked, judged, Axis::read, EACCES, {r.node, {}, policy::Mode::read}));
  }
  return wanted;
}

Result<fuse::Opened> Guard::open_by_content(const Asked& asked, const Seen& seen,
                                            const fuse::Open& r) {
  Told told{r.node, {}, mode_of(r.flags)};
  Judged judged = seen.judged;
  ShownFiles::State wanted = TRY(decide(asked, r, judged));
  auto turn = shown_.turn(r.node);
  if (const ShownFiles::State* now = turn.state()) {
    if (now->writers > 0 && now->face == nullptr && wanted.face != nullptr) {
      // One who writes was faster; see decide().
      learn(judged, now->found);
      wanted = *now;
    } else if (now->face != wanted.face) {
      counts_.stale.fetch_add(1, std::memory_order_relaxed);
      const auto view = TRY(mirror_.tree().table().read(r.node));
      shown_.advance(view.handle, view.extra);
      if (!stale_opens_.came_again(r.caller.pid, r.node)) return fail(ESTALE);
      TRY(refuse(asked, judged, Axis::read, EACCES, told));
      return fail(EACCES);
    }
  }
  TRY(may_open(asked, judged, r.flags, told));
  mirror::Shown show{.face = face_of(judged)};
  if (wanted.face) {
    show.substitute = std::make_shared<const ShownFace>(wanted.face);
    told.shows = must_redact(judged.grant) ? Shows::redacted : Shows::snapshot;
    auto& count = told.shows == Shows::redacted ? counts_.redacted : counts_.snapshots;
    count.fetch_add(1, std::memory_order_relaxed);
  } else if (enforces() && must_redact(judged.grant)) {
    return fail(EACCES);
  }
  turn.opened(wanted, how_of(r.flags));
  auto opened = mirror_.open(r, show);
  if (!opened) turn.undo(how_of(r.flags));
  note_open(asked, judged, r.flags, opened ? 0 : opened.error().value(), told);
  return opened;
}

void Guard::created_by_content(const Judged& judged, NodeId node, fuse::OpenFlags flags) {
  if (judged.content == nullptr) return;
  ShownFiles::State state;
  state.asked = asked_by(judged);
  shown_.turn(node).opened(state, how_of(flags));
}

void Guard::file_closed(NodeId node, fuse::OpenFlags flags) {
  const auto left = shown_.closed(node, how_of(flags));
  if (!left || left->empty() || rules_.contents == nullptr) return;
  auto fd = mirror_.tree().open(node, kToLook);
  if (!fd) return;
  const std::string path = path_of(fd->get(), *left);
  rules_.contents->later(std::move(*fd), path, *left);
}

Result<void> Guard::act(const Asked&, const Seen&, const fuse::Release& r) {
  auto released = mirror_.release(r);
  file_closed(r.node, r.flags);
  return released;
}

// Where what is found depends on the path, moving a file must not have more of it shown. What lies
// in a directory cannot be looked through; then mv(1) copies.
Result<void> Guard::may_move_contents(const Asked& asked, const mirror::Found& file,
                                      const Move& move) {
  if (rules_.contents == nullptr) return {};
  for (const policy::SubjectIndex subject : rules_.all) {
    const policy::Terms& before = asked.program.terms(move.from, subject);
    const policy::Terms& after = asked.program.terms(move.to, subject);
    const ContentSet here = before.asks();
    const ContentSet there = after.asks();
    const bool is_directory = S_ISDIR(file.stat.stx_mode);
    const bool by_path = is_directory ? rules_.by_path : rules_.contents->by_path(here | there);
    if (!by_path) continue;
    if (!is_directory && S_ISREG(file.stat.stx_mode)) {
      const Fd fd{::open(mirror::ProcPath{file.fd.get()}.c_str(), kToLook | O_CLOEXEC)};
      if (!fd) return fail_last();
      const fuse::HeldUp held;
      const ContentSet was = TRY(rules_.contents->found(fd.get(), path_of(fd.get(), here), here));
      const ContentSet becomes =
          TRY(rules_.contents->found(fd.get(), path_in(move.directory, move.name), there));
      if (!policy::loosens(policy::at(before.content, was), policy::at(after.content, becomes))) {
        continue;
      }
    } else if (!is_directory) {
      continue;
    }
    TRY(refuse(asked, judge(asked, move.from), Axis::write, EXDEV, move.told));
    return {};
  }
  return {};
}

// Below the root; empty where it cannot be told.
std::string Guard::path_in(NodeId directory, const wire::Name& name) const {
  std::array<char, PATH_MAX> room{};
  const auto above = mirror_.tree().table().path_of(directory, room);
  if (!above) return {};
  std::string path{*above};
  if (!path.empty()) path += '/';
  return path.append(name.view());
}

}  // namespace sluice::guard
