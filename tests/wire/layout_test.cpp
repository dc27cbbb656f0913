// SPDX-License-Identifier: MIT
// Every struct that the system's own <linux/fuse.h> has must match it in size, offsets and widths;
// so must the numbers. That header may be older than ours: what it lacks is held by the sizes in
// our headers and by the golden bytes.
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <linux/stat.h>
#include <sys/ioctl.h>

#include "sluice/wire/flags.h"
#include "sluice/wire/ioctls.h"
#include "sluice/wire/structs.h"

namespace sluice::wire {
namespace {

// SAME(kernel struct, our struct, fields...): sizes agree, and offset and width of each field.
#define EXPAND(...) EXPAND2(EXPAND2(EXPAND2(EXPAND2(__VA_ARGS__))))
#define EXPAND2(...) EXPAND1(EXPAND1(EXPAND1(EXPAND1(__VA_ARGS__))))
#define EXPAND1(...) __VA_ARGS__
#define AGAIN() FIELD
#define PARENS ()
#define FIELD(Theirs, Ours, field, ...)                                                    \
  static_assert(offsetof(Theirs, field) == offsetof(Ours, field), #Ours "::" #field);      \
  static_assert(sizeof(Theirs::field) == sizeof(Ours::field), #Ours "::" #field);          \
  static_assert(std::is_signed_v<decltype(Theirs::field)> ==                               \
                std::is_signed_v<decltype(Ours::field)>, #Ours "::" #field);               \
  __VA_OPT__(AGAIN PARENS (Theirs, Ours, __VA_ARGS__))
#define SAME(theirs, Ours, ...)                          \
  static_assert(sizeof(theirs) == sizeof(Ours), #Ours);  \
  EXPAND(FIELD(theirs, Ours, __VA_ARGS__))

#if FUSE_KERNEL_MINOR_VERSION >= 38
SAME(fuse_in_header, InHeader, len, opcode, unique, nodeid, uid, gid, pid, total_extlen, padding)
SAME(fuse_ext_header, ExtHeader, size, type)
SAME(fuse_secctx_header, SecctxHeader, size, nr_secctx)
SAME(fuse_secctx, Secctx, size, padding)
#endif
#if FUSE_KERNEL_MINOR_VERSION >= 36
SAME(fuse_out_header, OutHeader, len, error, unique)
SAME(fuse_attr, Attr, ino, size, blocks, atime, mtime, ctime, atimensec, mtimensec, ctimensec,
     mode, nlink, uid, gid, rdev, blksize, flags)
SAME(fuse_attr_out, AttrOut, attr_valid, attr_valid_nsec, dummy, attr)
SAME(fuse_entry_out, EntryOut, nodeid, generation, entry_valid, attr_valid, entry_valid_nsec,
     attr_valid_nsec, attr)
SAME(fuse_forget_in, ForgetIn, nlookup)
SAME(fuse_forget_one, ForgetOne, nodeid, nlookup)
SAME(fuse_batch_forget_in, BatchForgetIn, count, dummy)
SAME(fuse_getattr_in, GetattrIn, getattr_flags, dummy, fh)
SAME(fuse_setattr_in, SetattrIn, valid, padding, fh, size, lock_owner, atime, mtime, ctime,
     atimensec, mtimensec, ctimensec, mode, unused4, uid, gid, unused5)
SAME(fuse_mknod_in, MknodIn, mode, rdev, umask, padding)
SAME(fuse_mkdir_in, MkdirIn, mode, umask)
SAME(fuse_rename_in, RenameIn, newdir)
SAME(fuse_rename2_in, Rename2In, newdir, flags, padding)
SAME(fuse_link_in, LinkIn, oldnodeid)
SAME(fuse_access_in, AccessIn, mask, padding)
SAME(fuse_setxattr_in, SetxattrIn, size, flags, setxattr_flags, padding)
static_assert(sizeof(SetxattrInCompat) == FUSE_COMPAT_SETXATTR_IN_SIZE);
SAME(fuse_getxattr_in, GetxattrIn, size, padding)
SAME(fuse_getxattr_out, GetxattrOut, size, padding)
SAME(fuse_kstatfs, Kstatfs, blocks, bfree, bavail, files, ffree, bsize, namelen, frsize, padding,
     spare)
SAME(fuse_statfs_out, StatfsOut, st)
SAME(fuse_syncfs_in, SyncfsIn, padding)
SAME(fuse_open_in, OpenIn, flags, open_flags)
SAME(fuse_open_out, OpenOut, fh, open_flags)
SAME(fuse_create_in, CreateIn, flags, mode, umask, open_flags)
SAME(fuse_release_in, ReleaseIn, fh, flags, release_flags, lock_owner)
SAME(fuse_flush_in, FlushIn, fh, unused, padding, lock_owner)
SAME(fuse_read_in, ReadIn, fh, offset, size, read_flags, lock_owner, flags, padding)
SAME(fuse_write_in, WriteIn, fh, offset, size, write_flags, lock_owner, flags, padding)
SAME(fuse_write_out, WriteOut, size, padding)
SAME(fuse_fsync_in, FsyncIn, fh, fsync_flags, padding)
SAME(fuse_fallocate_in, FallocateIn, fh, offset, length, mode, padding)
SAME(fuse_lseek_in, LseekIn, fh, offset, whence, padding)
SAME(fuse_lseek_out, LseekOut, offset)
SAME(fuse_copy_file_range_in, CopyFileRangeIn, fh_in, off_in, nodeid_out, fh_out, off_out, len,
     flags)
SAME(fuse_file_lock, FileLock, start, end, type, pid)
SAME(fuse_lk_in, LkIn, fh, owner, lk, lk_flags, padding)
SAME(fuse_lk_out, LkOut, lk)
SAME(fuse_bmap_in, BmapIn, block, blocksize, padding)
SAME(fuse_bmap_out, BmapOut, block)
SAME(fuse_ioctl_in, IoctlIn, fh, flags, cmd, arg, in_size, out_size)
SAME(fuse_ioctl_iovec, IoctlIovec, base, len)
SAME(fuse_ioctl_out, IoctlOut, result, flags, in_iovs, out_iovs)
SAME(fuse_poll_in, PollIn, fh, kh, flags, events)
SAME(fuse_poll_out, PollOut, revents, padding)
SAME(fuse_dirent, Dirent, ino, off, namelen, type)
SAME(fuse_direntplus, Direntplus, entry_out, dirent)
SAME(fuse_init_in, InitIn, major, minor, max_readahead, flags, flags2, unused)
// max_stack_depth, request_timeout and unused share what unused was before 7.40.
SAME(fuse_init_out, InitOut, major, minor, max_readahead, flags, max_background,
     congestion_threshold, max_write, time_gran, max_pages, map_alignment, flags2)
SAME(fuse_interrupt_in, InterruptIn, unique)
SAME(fuse_notify_poll_wakeup_out, NotifyPollWakeupOut, kh)
SAME(fuse_notify_inval_inode_out, NotifyInvalInodeOut, ino, off, len)
SAME(fuse_notify_inval_entry_out, NotifyInvalEntryOut, parent, namelen)
SAME(fuse_notify_delete_out, NotifyDeleteOut, parent, child, namelen, padding)
SAME(fuse_notify_store_out, NotifyStoreOut, nodeid, offset, size, padding)
SAME(fuse_notify_retrieve_out, NotifyRetrieveOut, notify_unique, nodeid, offset, size, padding)
SAME(fuse_notify_retrieve_in, NotifyRetrieveIn, dummy1, offset, size, dummy2, dummy3, dummy4)
SAME(fuse_setupmapping_in, SetupmappingIn, fh, foffset, len, flags, moffset)
SAME(fuse_removemapping_in, RemovemappingIn, count)
SAME(fuse_removemapping_one, RemovemappingOne, moffset, len)
SAME(cuse_init_in, CuseInitIn, major, minor, unused, flags)
SAME(cuse_init_out, CuseInitOut, major, minor, unused, flags, max_read, max_write, dev_major,
     dev_minor, spare)
#endif
#if FUSE_KERNEL_MINOR_VERSION >= 40
SAME(fuse_open_out, OpenOut, fh, open_flags, backing_id)
SAME(fuse_backing_map, BackingMap, fd, flags, padding)
SAME(fuse_statx_in, StatxIn, getattr_flags, reserved, fh, sx_flags, sx_mask)
#endif

template <class Ours>
constexpr auto bit(Ours flag) {
  return static_cast<std::uint64_t>(flag);
}

TEST(WireLayout, statx_is_the_layout_of_the_system_call) {
  EXPECT_EQ(sizeof(Statx), sizeof(struct ::statx));
  EXPECT_EQ(offsetof(Statx, mode), offsetof(struct ::statx, stx_mode));
  EXPECT_EQ(offsetof(Statx, attributes_mask), offsetof(struct ::statx, stx_attributes_mask));
  EXPECT_EQ(offsetof(Statx, btime), offsetof(struct ::statx, stx_btime));
  EXPECT_EQ(offsetof(Statx, mtime), offsetof(struct ::statx, stx_mtime));
  EXPECT_EQ(offsetof(Statx, dev_minor), offsetof(struct ::statx, stx_dev_minor));
  EXPECT_EQ(offsetof(StatxOut, stat), 32U);
}

TEST(WireLayout, fields_newer_than_7_38_stand_where_the_kernel_has_them) {
  EXPECT_EQ(offsetof(OpenOut, backing_id), 12U);
  EXPECT_EQ(offsetof(InitOut, max_stack_depth), 36U);
  EXPECT_EQ(offsetof(InitOut, request_timeout), 40U);
  EXPECT_EQ(offsetof(UringReqHeader, op_in), 128U);
  EXPECT_EQ(offsetof(UringReqHeader, ring_ent_in_out), 256U);
  EXPECT_EQ(offsetof(UringEntInOut, payload_sz), 16U);
  EXPECT_EQ(offsetof(UringCmdReq, qid), 16U);
}

TEST(WireLayout, device_ioctls_are_what_the_macros_compute) {
  struct Map16 { std::uint64_t a, b; };
  struct Map24 { std::uint64_t a, b, c; };
  EXPECT_EQ(kIocClone, _IOR(229, 0, std::uint32_t));
  EXPECT_EQ(kIocBackingOpen, _IOW(229, 1, BackingMap));
  EXPECT_EQ(kIocBackingClose, _IOW(229, 2, std::uint32_t));
  EXPECT_EQ(kIocSyncInit, static_cast<unsigned long>(_IO(229, 3)));
  EXPECT_EQ(kIocPassthroughOpenV8, _IOW(229, 1, Map24));
  EXPECT_EQ(kIocPassthroughOpenV10, _IOW(229, 1, Map16));
  EXPECT_EQ(kIocPassthroughOpenAndroidV1, _IOW(229, 127, LegacyPassthroughOut));
  EXPECT_EQ(kIocPassthroughOpenAndroidV2, _IOW(229, 126, std::uint32_t));
}

TEST(WireLayout, opcodes_are_the_systems) {
  EXPECT_EQ(bit(Opcode::lookup), FUSE_LOOKUP);
  EXPECT_EQ(bit(Opcode::symlink), FUSE_SYMLINK);
  EXPECT_EQ(bit(Opcode::mknod), FUSE_MKNOD);
  EXPECT_EQ(bit(Opcode::link), FUSE_LINK);
  EXPECT_EQ(bit(Opcode::release), FUSE_RELEASE);
  EXPECT_EQ(bit(Opcode::fsync), FUSE_FSYNC);
  EXPECT_EQ(bit(Opcode::removexattr), FUSE_REMOVEXATTR);
  EXPECT_EQ(bit(Opcode::init), FUSE_INIT);
  EXPECT_EQ(bit(Opcode::fsyncdir), FUSE_FSYNCDIR);
  EXPECT_EQ(bit(Opcode::setlkw), FUSE_SETLKW);
  EXPECT_EQ(bit(Opcode::create), FUSE_CREATE);
  EXPECT_EQ(bit(Opcode::interrupt), FUSE_INTERRUPT);
  EXPECT_EQ(bit(Opcode::ioctl), FUSE_IOCTL);
  EXPECT_EQ(bit(Opcode::notify_reply), FUSE_NOTIFY_REPLY);
  EXPECT_EQ(bit(Opcode::batch_forget), FUSE_BATCH_FORGET);
  EXPECT_EQ(bit(Opcode::readdirplus), FUSE_READDIRPLUS);
  EXPECT_EQ(bit(Opcode::copy_file_range), FUSE_COPY_FILE_RANGE);
  EXPECT_EQ(bit(Opcode::removemapping), FUSE_REMOVEMAPPING);
  EXPECT_EQ(bit(Opcode::tmpfile), FUSE_TMPFILE);
  EXPECT_EQ(bit(Opcode::copy_file_range_64), kOpcodeLimit - 1);
  EXPECT_EQ(bit(Opcode::cuse_init), CUSE_INIT);
  EXPECT_EQ(bit(NotifyCode::delete_entry), FUSE_NOTIFY_DELETE);
}

TEST(WireLayout, flag_bits_are_the_systems) {
  EXPECT_EQ(bit(InitFlag::atomic_o_trunc), FUSE_ATOMIC_O_TRUNC);
  EXPECT_EQ(bit(InitFlag::dont_mask), FUSE_DONT_MASK);
  EXPECT_EQ(bit(InitFlag::flock_locks), FUSE_FLOCK_LOCKS);
  EXPECT_EQ(bit(InitFlag::do_readdirplus), FUSE_DO_READDIRPLUS);
  EXPECT_EQ(bit(InitFlag::writeback_cache), FUSE_WRITEBACK_CACHE);
  EXPECT_EQ(bit(InitFlag::posix_acl), FUSE_POSIX_ACL);
  EXPECT_EQ(bit(InitFlag::explicit_inval_data), FUSE_EXPLICIT_INVAL_DATA);
  EXPECT_EQ(bit(InitFlag::submounts), FUSE_SUBMOUNTS);
  EXPECT_EQ(bit(InitFlag::handle_killpriv_v2), FUSE_HANDLE_KILLPRIV_V2);
  EXPECT_EQ(bit(InitFlag::setxattr_ext), FUSE_SETXATTR_EXT);
  EXPECT_EQ(bit(InitFlag::init_ext), FUSE_INIT_EXT);
  EXPECT_EQ(bit(InitFlag::security_ctx), FUSE_SECURITY_CTX);
  EXPECT_EQ(bit(InitFlag::has_inode_dax), FUSE_HAS_INODE_DAX);
  EXPECT_EQ(bit(InitFlag::has_expire_only), FUSE_HAS_EXPIRE_ONLY);
  EXPECT_EQ(bit(InitFlag::passthrough), 1ULL << 37);
  EXPECT_EQ(bit(InitFlag::over_io_uring), 1ULL << 41);
  EXPECT_EQ(bit(OpenOutFlag::parallel_direct_writes), FOPEN_PARALLEL_DIRECT_WRITES);
  EXPECT_EQ(bit(OpenOutFlag::noflush), FOPEN_NOFLUSH);
  EXPECT_EQ(bit(OpenOutFlag::passthrough), 1U << 7);
  EXPECT_EQ(bit(SetattrValid::lockowner), FATTR_LOCKOWNER);
  EXPECT_EQ(bit(SetattrValid::kill_suidgid), FATTR_KILL_SUIDGID);
  EXPECT_EQ(bit(WriteFlag::kill_suidgid), FUSE_WRITE_KILL_SUIDGID);
  EXPECT_EQ(bit(ReadFlag::lockowner), FUSE_READ_LOCKOWNER);
  EXPECT_EQ(bit(ReleaseFlag::flock_unlock), FUSE_RELEASE_FLOCK_UNLOCK);
  EXPECT_EQ(bit(IoctlFlag::is_32bit), FUSE_IOCTL_32BIT);
  EXPECT_EQ(bit(IoctlFlag::compat_x32), FUSE_IOCTL_COMPAT_X32);
  EXPECT_EQ(bit(AttrFlag::dax), FUSE_ATTR_DAX);
  EXPECT_EQ(bit(InvalEntryFlag::expire_only), FUSE_EXPIRE_ONLY);
  EXPECT_EQ(bit(RenameFlag::exchange), RENAME_EXCHANGE);
  EXPECT_EQ(bit(RenameFlag::whiteout), RENAME_WHITEOUT);
}

TEST(WireLayout, record_sizes_are_what_the_kernel_steps_over) {
  fuse_dirent entry{};
  for (std::uint32_t size = 0; size <= 300; ++size) {
    entry.namelen = size;
    EXPECT_EQ(dirent_size(size), FUSE_DIRENT_SIZE(&entry));
    EXPECT_EQ(direntplus_size(size), FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + size));
  }
}

}  // namespace
}  // namespace sluice::wire
