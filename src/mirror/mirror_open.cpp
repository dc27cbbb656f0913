// SPDX-License-Identifier: MIT
// Opening and closing files, and what passes through.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "sluice/mirror/caller_identity.h"
#include "sluice/mirror/creation.h"
#include "sluice/mirror/mirror.h"

namespace sluice::mirror {
namespace {

using wire::OpenOutFlag;

// Flags of open(2) that mean something for the lower file. O_NONBLOCK is added: a lease must not
// hold a worker; it means nothing to a regular file once open.
constexpr int kLowerFlags = O_ACCMODE | O_APPEND | O_DIRECT | O_DSYNC | O_SYNC | O_NOATIME |
                            O_LARGEFILE | O_TRUNC | O_EXCL | O_CREAT;

int lower_flags(fuse::OpenFlags flags, bool direct_kept) noexcept {
  int lower = static_cast<int>(raw(flags)) & kLowerFlags;
  // Our own buffers are not aligned; the caller's cache is bypassed in its kernel all the same.
  if (!direct_kept) lower &= ~O_DIRECT;
  return lower | O_CLOEXEC | O_NONBLOCK;
}

// Somebody below may hold a lease on the file and is asked to give it up; a content's inspection
// does so at once. Whoever does not is told of by EAGAIN after a while.
constexpr int kLeaseTries = 100;
constexpr std::chrono::milliseconds kLeasePause{1};

bool may_write(int flags) noexcept { return (flags & O_ACCMODE) != O_RDONLY; }
// Not so with O_ACCMODE itself, by which a file is opened for ioctls alone.
bool writes_data(int flags) noexcept {
  return (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;
}

}  // namespace

Result<backing::Ledger::Record> Mirror::TableLedger::read(NodeId node) noexcept {
  const NodeView view = TRY(tree_.table().read(node));
  return Record{view.backing, view.opens};
}
Result<void> Mirror::TableLedger::set_id(NodeId node, BackingId id) noexcept {
  return tree_.table().set_backing(node, id);
}
Result<void> Mirror::TableLedger::add_open(NodeId node) noexcept { return tree_.add_open(node); }
Result<backing::Ledger::Record> Mirror::TableLedger::remove_open(NodeId node) noexcept {
  const Closed closed = TRY(tree_.remove_open(node));
  return Record{kNoBacking, closed.opens};
}

bool Mirror::passes(Face face) const noexcept {
  return shares_ && options_.passthrough == Passthrough::wanted && face == Face::native;
}

bool Mirror::keep_descriptor() noexcept {
  if (kept_descriptors_.fetch_add(1) < most_kept_) return true;
  kept_descriptors_.fetch_sub(1);
  return false;
}

Result<fuse::Opened> Mirror::opened(NodeId node, Fd lower, int flags, const Shown& shown) {
  const Substitute* substitute = shown.substitute.get();
  const bool wanted = passes(shown.face) && (substitute == nullptr || substitute->file() != nullptr);
  backing::Mode mode;
  if (shares_) {
    const Fd* backing = substitute != nullptr ? substitute->file() : &lower;
    mode = TRY(shares_->open(node, wanted ? backing : nullptr));
  } else {
    TRY(tree_->add_open(node));
  }
  OpenFile file;
  file.node = node;
  file.flags = flags;
  file.passes_through = mode.id != kNoBacking;
  file.substitute = shown.substitute;
  bool size_unknown = false;
  if (substitute != nullptr) {
    // Nothing of the lower file is within reach of this open file.
  } else if (!file.passes_through) {
    const auto stat = stat_fd(lower.get());
    size_unknown = stat && stat->stx_size == 0 && stat->stx_blocks == 0 && !may_write(flags);
    file.fd = std::move(lower);
  } else if (may_write(flags) && keep_descriptor()) {
    file.counted_descriptor = true;
    file.fd = std::move(lower);
  }
  const bool passes_through = file.passes_through;
  auto handle = files_.add(std::move(file));
  if (!handle) {
    shares_ ? shares_->close(node) : static_cast<void>(tree_->remove_open(node));
    return fail(handle.error());
  }
  fuse::Opened out;
  out.handle = *handle;
  if (options_.locks == Locks::local) out.flags.set(OpenOutFlag::noflush);
  if (passes_through) {
    out.backing = mode.id;
    // The older interfaces have no flag: a backing id in the reply says it all.
    if (shares_->registrar().shared()) out.flags.set(OpenOutFlag::passthrough);
    counts_.passed_through.fetch_add(1, std::memory_order_relaxed);
    return out;
  }
  counts_.served.fetch_add(1, std::memory_order_relaxed);
  if (mode.refusal) {
    counts_.refused.fetch_add(1, std::memory_order_relaxed);
    counts_.last_refusal.store(mode.refusal->value(), std::memory_order_relaxed);
  }
  // Files that a file system makes up as they are read (procfs) say they are empty; the kernel's
  // cache would believe them. The same for O_DIRECT, which asks to bypass it.
  if (size_unknown || (flags & O_DIRECT) != 0 || shown.face == Face::uncached) {
    out.flags.set(OpenOutFlag::direct_io);
  }
  return out;
}

Result<Fd> Mirror::open_lower(NodeId node, int flags) {
  auto lower = tree_->open(node, flags);
  for (int i = 0; i < kLeaseTries && !lower && lower.error() == Errno{EAGAIN}; ++i) {
    std::this_thread::sleep_for(kLeasePause);
    lower = tree_->open(node, flags);
  }
  return lower;
}

// Whether the caller may read the file, the kernel has checked.
Result<fuse::Opened> Mirror::open_substitute(const fuse::Open& r, const Shown& shown) {
  const int flags = lower_flags(r.flags, false) & ~(O_CREAT | O_EXCL);
  if (may_write(flags) || (flags & O_TRUNC) != 0) return fail(EACCES);
  return opened(r.node, Fd{}, flags, shown);
}

Result<fuse::Opened> Mirror::open(const fuse::Open& r, const Shown& shown) {
  if (shown.substitute) return open_substitute(r, shown);
  const bool direct = passes(shown.face);
  const int flags = lower_flags(r.flags, direct) & ~(O_CREAT | O_EXCL);
  Fd lower;
  {
    // O_TRUNC is a write in the caller's name; without it the kernel has checked all there is, but
    // for what our own open finds out: append-only, immutable, read-only.
    std::optional<AsCaller> scope;
    lower = TRY(open_lower(r.node, flags & ~O_TRUNC));
    if ((flags & O_TRUNC) != 0) {
      // Whoever opens to read may truncate, too; ftruncate(2) wants a descriptor to write to.
      Fd writable;
      if (!writes_data(flags)) {
        writable = TRY(open_lower(r.node, O_WRONLY | O_CLOEXEC | O_NONBLOCK));
      }
      scope.emplace(r.caller);
      if (::ftruncate(writable ? writable.get() : lower.get(), 0) != 0) return fail_last();
    }
  }
  if (r.open_flags.has(wire::OpenInFlag::kill_suidgid)) TRY(strip_privileges(lower.get()));
  return opened(r.node, std::move(lower), flags & ~O_TRUNC, shown);
}

Result<fuse::Created> Mirror::created(Fd lower, int flags, NodeId parent, const wire::Name& name,
                                      const Admitted& admitted, Face face) {
  const auto stat = TRY(stat_fd(lower.get()));
  Found found{TRY(lower.duplicate()), stat};
  fuse::Created out;
  out.entry = TRY(entry_of(std::move(found), parent, name, admitted));
  auto open = opened(out.entry.node, std::move(lower), flags & ~(O_TRUNC | O_CREAT | O_EXCL),
                     Shown{.face = face});
  if (!open) {
    tree_->forget(out.entry.node, 1);
    return fail(open.error());
  }
  out.opened = *open;
  return out;
}

Result<fuse::Created> Mirror::create(const fuse::Create& r, const Admitted& admitted, Face face) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  const bool direct = passes(face);
  const int flags = lower_flags(r.flags, direct) | O_CREAT | O_NOFOLLOW;
  Fd lower;
  {
    AsCaller scope{r.caller, TRY(supplementary_group(r))};
    set_umask(r.umask);
    lower = TRY(own(::openat(parent.get(), r.name.c_str(), flags, r.mode & 07777)));
  }
  TRY(label(lower.get(), r));
  return created(std::move(lower), flags, r.node, r.name, admitted, face);
}

Result<fuse::Created> Mirror::make_tmp_file(const fuse::MakeTmpFile& r, const Admitted& admitted,
                                            Face face) {
  const LowerTree::Borrowed parent = TRY(tree_->path(r.node));
  const bool direct = passes(face);
  const int flags = (lower_flags(r.flags, direct) & ~O_CREAT) | O_TMPFILE;
  Fd lower;
  {
    AsCaller scope{r.caller, TRY(supplementary_group(r))};
    set_umask(r.umask);
    lower = TRY(own(::openat(parent.get(), ".", flags, r.mode & 07777)));
  }
  TRY(label(lower.get(), r));
  Fd keep = TRY(lower.duplicate());
  auto out = created(std::move(lower), flags & ~O_TMPFILE, kNoNode, wire::Name{}, admitted, face);
  if (out) tree_->keep_nameless(out->entry.node, std::move(keep));
  return out;
}

Result<void> Mirror::flush(const fuse::Flush& r) {
  if (options_.locks == Locks::shared) locks_->flush(r.node, r.owner);
  auto file = files_.find(r.handle);
  if (!file || !(*file)->fd) return {};
  // Some lower file systems report at close what writing back could not do.
  Fd copy = TRY((*file)->fd.duplicate());
  if (::close(copy.release()) != 0 && errno != EINTR) return fail_last();
  return {};
}

void Mirror::close_file(FileHandle handle, bool tell_kernel) {
  auto file = files_.close(handle);
  if (!file) return;
  const NodeId node = (*file)->node;
  const bool wrote = (*file)->passes_through && may_write((*file)->flags);
  if ((*file)->counted_descriptor) kept_descriptors_.fetch_sub(1);
  shares_ ? shares_->close(node) : static_cast<void>(tree_->remove_open(node));
  // Stores through a mapping change size and times without the kernel's noticing.
  // Safe from a serving thread: without a range, the kernel takes no lock for it.
  if (wrote && tell_kernel && notifier_ != nullptr) {
    static_cast<void>(notifier_->invalidate_attributes(node));
  }
}

Result<void> Mirror::release(const fuse::Release& r) {
  if (options_.locks == Locks::shared) {
    locks_->release(r.node, r.handle, r.release_flags.has(wire::ReleaseFlag::flock_unlock),
                    r.owner);
  }
  close_file(r.handle, true);
  return {};
}

void Mirror::undelivered(const fuse::Open&, const fuse::Opened& opened) {
  close_file(opened.handle, false);
}

void Mirror::undelivered(const fuse::Request&, const fuse::Created& created) {
  close_file(created.opened.handle, false);
  tree_->forget(created.entry.node, 1);
}

}  // namespace sluice::mirror
