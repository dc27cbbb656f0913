// SPDX-License-Identifier: MIT
// Operations on nodes: finding them, their attributes, links and extended attributes.
#pragma once

#include "sluice/fuse/op.h"
#include "sluice/fuse/room.h"

namespace sluice::fuse {

// Looks up one name in the directory `node`. An Entry that reaches the kernel counts one lookup.
// ENOENT may be answered as Entry::negative() to let the kernel remember it.
// source: linux fs/fuse/dir.c fuse_lookup_name(), fuse_dentry_revalidate()
struct Lookup : Request {
  using Answer = Entry;
  SLUICE_HANDLER(lookup)
  wire::Name name;
  using Wire = Forms<Form<Opcode::lookup, Layout<NoFixed, NameItem<&Lookup::name>>>>;
};

// Attributes of a node, or of the open file `handle` where flags has GetattrFlag::fh.
struct GetAttr : Request {
  using Answer = AttrReply;
  SLUICE_HANDLER(get_attr)
  Flags<wire::GetattrFlag> flags;
  FileHandle handle{};
  using Wire = Forms<Form<
      Opcode::getattr, Layout<wire::GetattrIn, Field<&GetAttr::flags, &wire::GetattrIn::getattr_flags>,
                              Field<&GetAttr::handle, &wire::GetattrIn::fh>>>>;
};

// statx(2) with a field that stat lacks (the birth time). ENOSYS makes the kernel use GETATTR.
// source: linux fs/fuse/dir.c fuse_do_statx()
struct GetStatx : Request {
  using Answer = StatxReply;
  SLUICE_HANDLER(get_statx)
  Flags<wire::GetattrFlag> flags;
  FileHandle handle{};
  std::uint32_t sync_flags = 0;  // AT_STATX_*
  std::uint32_t mask = 0;        // STATX_*
  using Wire = Forms<Form<
      Opcode::statx, Layout<wire::StatxIn, Field<&GetStatx::flags, &wire::StatxIn::getattr_flags>,
                            Field<&GetStatx::handle, &wire::StatxIn::fh>,
                            Field<&GetStatx::sync_flags, &wire::StatxIn::sx_flags>,
                            Field<&GetStatx::mask, &wire::StatxIn::sx_mask>>>>;
};

// Changes what `valid` names. With HANDLE_KILLPRIV_V2 taken, `valid` empty means "an unprivileged
// caller is about to write: strip setuid and setgid", and kill_suidgid asks the same beside a
// change of owner or size.
// source: linux fs/fuse/dir.c fuse_do_setattr(), fuse_setattr()
struct SetAttr : Request {
  using Answer = AttrReply;
  SLUICE_HANDLER(set_attr)
  Flags<wire::SetattrValid> valid;
  FileHandle handle{};
  std::uint64_t size = 0;
  LockOwner owner{};
  Time atime, mtime, ctime;
  std::uint32_t mode = 0;
  Uid uid{};
  Gid gid{};
  using In = wire::SetattrIn;
  using Wire = Forms<Form<
      Opcode::setattr,
      Layout<In, Field<&SetAttr::valid, &In::valid>, Field<&SetAttr::handle, &In::fh>,
             Field<&SetAttr::size, &In::size>, Field<&SetAttr::owner, &In::lock_owner>,
             TimeField<&SetAttr::atime, &In::atime, &In::atimensec>,
             TimeField<&SetAttr::mtime, &In::mtime, &In::mtimensec>,
             TimeField<&SetAttr::ctime, &In::ctime, &In::ctimensec>,
             Field<&SetAttr::mode, &In::mode>, Field<&SetAttr::uid, &In::uid>,
             Field<&SetAttr::gid, &In::gid>>>>;
};

// The target of a symbolic link, without a NUL.
struct ReadLink : Request {
  using Answer = Data;
  using Room = ReadBuffer;
  SLUICE_HANDLER(read_link)
  static constexpr std::uint32_t room_size() noexcept { return 4096; }
  using Wire = Forms<Form<Opcode::readlink, Layout<NoFixed>>>;
};

// access(2) and chdir(2); not sent where the mount has default_permissions.
struct Access : Request {
  using Answer = Done;
  SLUICE_HANDLER(access)
  std::uint32_t mask = 0;  // R_OK, W_OK, X_OK
  using Wire =
      Forms<Form<Opcode::access, Layout<wire::AccessIn, Field<&Access::mask, &wire::AccessIn::mask>>>>;
};

struct GetStatFs : Request {
  using Answer = StatFs;
  SLUICE_HANDLER(stat_fs)
  using Wire = Forms<Form<Opcode::statfs, Layout<NoFixed>>>;
};

// Asks for an attribute's value; `size` 0 asks for its size alone. errors: ENODATA, ERANGE.
struct GetXattr : Request {
  using Answer = XattrData;
  using Room = ReadBuffer;
  SLUICE_HANDLER(get_xattr)
  std::uint32_t size = 0;
  std::string_view name;
  std::uint32_t room_size() const noexcept { return size; }
  using Wire = Forms<Form<
      Opcode::getxattr, Layout<wire::GetxattrIn, Field<&GetXattr::size, &wire::GetxattrIn::size>,
                               TextItem<&GetXattr::name>>>>;
};

// The names of a node's attributes, each followed by NUL.
struct ListXattr : Request {
  using Answer = XattrData;
  using Room = ReadBuffer;
  SLUICE_HANDLER(list_xattr)
  std::uint32_t size = 0;
  std::uint32_t room_size() const noexcept { return size; }
  using Wire = Forms<Form<
      Opcode::listxattr, Layout<wire::GetxattrIn, Field<&ListXattr::size, &wire::GetxattrIn::size>>>>;
};

// Sets an attribute. acl_kill_sgid asks to clear S_ISGID beside the change of an access ACL.
struct SetXattr : Request {
  using Answer = Done;
  SLUICE_HANDLER(set_xattr)
  std::string_view name;
  Bytes value;
  std::uint32_t flags = 0;  // XATTR_CREATE, XATTR_REPLACE
  Flags<wire::SetxattrFlag> xattr_flags;
  using In = wire::SetxattrIn;
  using Old = wire::SetxattrInCompat;
  using Extended =
      Layout<In, Field<&SetXattr::flags, &In::flags>,
             Field<&SetXattr::xattr_flags, &In::setxattr_flags>, TextItem<&SetXattr::name>,
             SizedBytes<&SetXattr::value, &In::size>>;
  using Compat = Layout<Old, Field<&SetXattr::flags, &Old::flags>, TextItem<&SetXattr::name>,
                        SizedBytes<&SetXattr::value, &Old::size>>;
  using Wire = Forms<Form<Opcode::setxattr, Extended>>;
  static constexpr wire::InitFlag kExtendedSince = wire::InitFlag::setxattr_ext;  // else Compat
};

struct RemoveXattr : Request {
  using Answer = Done;
  SLUICE_HANDLER(remove_xattr)
  std::string_view name;
  using Wire = Forms<Form<Opcode::removexattr, Layout<NoFixed, TextItem<&RemoveXattr::name>>>>;
};

// Writes back everything below `node`. Sent for virtiofs and fuseblk mounts only.
struct SyncFs : Request {
  using Answer = Done;
  SLUICE_HANDLER(sync_fs)
  using Wire = Forms<Form<Opcode::syncfs, Layout<wire::SyncfsIn>>>;
};

// The kernel lets go of `count` lookups of `node`; nothing is answered. It arrives in batches.
// source: linux fs/fuse/inode.c fuse_evict_inode()
struct Forget {
  NodeId node{};
  std::uint64_t count = 0;
};

}  // namespace sluice::fuse
