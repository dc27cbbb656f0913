// SPDX-License-Identifier: MIT
#include "sluice/content/lease.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "sluice/content/face_file.h"

namespace sluice::content {
namespace {

// Whose turn it is to be told of a wish to write: of the kinds of signals, one that does nothing
// where nobody handles it. The lease itself is asked, not the signal waited for.
constexpr int kSignal = SIGURG;

// A mapping of a file on an overlay belongs to the file below, and keeps nobody from a lease. Once
// its pages are written back, the next store into each of them changes the file's times.
// source: linux fs/backing-file.c backing_file_mmap(), mm/memory.c do_page_mkwrite()
void make_stores_show(const Fd& file) noexcept {
  struct statfs filesystem {};
  if (::fstatfs(file.get(), &filesystem) != 0) return;
  if (filesystem.f_type == OVERLAYFS_SUPER_MAGIC) static_cast<void>(::fdatasync(file.get()));
}

}  // namespace

Result<Lease> Lease::take(int fd) noexcept {
  Fd own_fd = TRY(opened_read_only(fd));
  // Before there is a lease, so that nobody waits for the disk who wants to write.
  make_stores_show(own_fd);
  if (::fcntl(own_fd.get(), F_SETSIG, kSignal) != 0) return fail(EOPNOTSUPP);
  if (::fcntl(own_fd.get(), F_SETLEASE, F_RDLCK) == 0) return Lease{std::move(own_fd)};
  if (errno == EAGAIN || errno == EBUSY) return fail(EAGAIN);
  return fail(EOPNOTSUPP);
}

// F_GETLEASE tells what the lease is to become: F_UNLCK once somebody wants to write.
bool Lease::held() noexcept {
  if (!fd_) return false;
  if (::fcntl(fd_.get(), F_GETLEASE) == F_RDLCK) return true;
  ::fcntl(fd_.get(), F_SETLEASE, F_UNLCK);
  fd_.reset();
  return false;
}

Lease::~Lease() {
  if (fd_) ::fcntl(fd_.get(), F_SETLEASE, F_UNLCK);
}

}  // namespace sluice::content
