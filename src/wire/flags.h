// SPDX-License-Identifier: MIT
// The flag words of the protocol. Enumerators are the bits themselves, for use as Flags<InitFlag>.
// Names are the kernel's in lower case, without the prefix of the word.
#pragma once

#include <cstdint>

#include "sluice/base/flags.h"

namespace sluice::wire {

// InitIn::flags and flags2 as one word, and the same of InitOut. What each asks of a server that
// takes it is written where it is negotiated.
enum class InitFlag : std::uint64_t {
  async_read = 1ULL << 0,
  posix_locks = 1ULL << 1,
  file_ops = 1ULL << 2,
  atomic_o_trunc = 1ULL << 3,
  export_support = 1ULL << 4,
  big_writes = 1ULL << 5,
  dont_mask = 1ULL << 6,
  splice_write = 1ULL << 7,
  splice_move = 1ULL << 8,
  splice_read = 1ULL << 9,
  flock_locks = 1ULL << 10,
  has_ioctl_dir = 1ULL << 11,
  auto_inval_data = 1ULL << 12,
  do_readdirplus = 1ULL << 13,
  readdirplus_auto = 1ULL << 14,
  async_dio = 1ULL << 15,
  writeback_cache = 1ULL << 16,
  no_open_support = 1ULL << 17,
  parallel_dirops = 1ULL << 18,
  handle_killpriv = 1ULL << 19,
  posix_acl = 1ULL << 20,
  abort_error = 1ULL << 21,
  max_pages = 1ULL << 22,
  cache_symlinks = 1ULL << 23,
  no_opendir_support = 1ULL << 24,
  explicit_inval_data = 1ULL << 25,
  map_alignment = 1ULL << 26,
  submounts = 1ULL << 27,
  handle_killpriv_v2 = 1ULL << 28,
  setxattr_ext = 1ULL << 29,
  init_ext = 1ULL << 30,
  init_reserved = 1ULL << 31,
  security_ctx = 1ULL << 32,
  has_inode_dax = 1ULL << 33,
  create_supp_group = 1ULL << 34,
  has_expire_only = 1ULL << 35,
  direct_io_allow_mmap = 1ULL << 36,
  passthrough = 1ULL << 37,
  no_export_support = 1ULL << 38,
  has_resend = 1ULL << 39,
  allow_idmap = 1ULL << 40,
  over_io_uring = 1ULL << 41,
  request_timeout = 1ULL << 42,
  has_io_uring_bufpool = 1ULL << 43,

  // Bits by which patched kernels offered passthrough before Linux 6.9 had it. The first two mean
  // something else to every mainline kernel, so that the minor version must be looked at as well.
  passthrough_v10 = 1ULL << 27,  // clashes with submounts (7.32 and later)
  passthrough_v11 = 1ULL << 29,  // V11 and V12; clashes with setxattr_ext (7.33 and later)
  passthrough_android = 1ULL << 31,      // before 7.36
  passthrough_android_ext = 1ULL << 63,  // 7.36 and later
};

// OpenOut::open_flags.
enum class OpenOutFlag : std::uint32_t {
  direct_io = 1U << 0,
  keep_cache = 1U << 1,
  nonseekable = 1U << 2,
  cache_dir = 1U << 3,
  stream = 1U << 4,
  noflush = 1U << 5,
  parallel_direct_writes = 1U << 6,
  passthrough = 1U << 7,
};

// SetattrIn::valid.
enum class SetattrValid : std::uint32_t {
  mode = 1U << 0,
  uid = 1U << 1,
  gid = 1U << 2,
  size = 1U << 3,
  atime = 1U << 4,
  mtime = 1U << 5,
  fh = 1U << 6,
  atime_now = 1U << 7,
  mtime_now = 1U << 8,
  lockowner = 1U << 9,
  ctime = 1U << 10,
  kill_suidgid = 1U << 11,
};

// WriteIn::write_flags.
enum class WriteFlag : std::uint32_t {
  cache = 1U << 0,  // from the page cache: the file handle is a guess and there are no credentials
  lockowner = 1U << 1,
  kill_suidgid = 1U << 2,
};

// ReadIn::read_flags.
enum class ReadFlag : std::uint32_t { lockowner = 1U << 1 };

// ReleaseIn::release_flags.
enum class ReleaseFlag : std::uint32_t { flush = 1U << 0, flock_unlock = 1U << 1 };

// LkIn::lk_flags.
enum class LkFlag : std::uint32_t { flock = 1U << 0 };

// GetattrIn::getattr_flags and StatxIn::getattr_flags.
enum class GetattrFlag : std::uint32_t { fh = 1U << 0 };

// FsyncIn::fsync_flags.
enum class FsyncFlag : std::uint32_t { fdatasync = 1U << 0 };

// OpenIn::open_flags and CreateIn::open_flags; FUSE_OPEN_KILL_SUIDGID.
enum class OpenInFlag : std::uint32_t { kill_suidgid = 1U << 0 };

// SetxattrIn::setxattr_flags.
enum class SetxattrFlag : std::uint32_t { acl_kill_sgid = 1U << 0 };

// IoctlIn::flags and IoctlOut::flags.
enum class IoctlFlag : std::uint32_t {
  compat = 1U << 0,
  unrestricted = 1U << 1,
  retry = 1U << 2,
  is_32bit = 1U << 3,
  dir = 1U << 4,
  compat_x32 = 1U << 5,
};

// PollIn::flags.
enum class PollFlag : std::uint32_t { schedule_notify = 1U << 0 };

// Attr::flags and StatxOut::flags.
enum class AttrFlag : std::uint32_t { submount = 1U << 0, dax = 1U << 1 };

// NotifyInvalEntryOut::flags; FUSE_EXPIRE_ONLY.
enum class InvalEntryFlag : std::uint32_t { expire_only = 1U << 0 };

// Rename2In::flags, as renameat2(2) has them.
enum class RenameFlag : std::uint32_t { noreplace = 1, exchange = 2, whiteout = 4 };

// CuseInitIn::flags and CuseInitOut::flags.
enum class CuseFlag : std::uint32_t { unrestricted_ioctl = 1U << 0 };

}  // namespace sluice::wire
