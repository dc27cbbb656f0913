// SPDX-License-Identifier: MIT
// File systems that do next to nothing, and operations with something in every member.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "sluice/fuse/dispatch.h"
#include "sluice/testkit/expect.h"

namespace sluice::fuse::test {

// Serves no operation at all.
struct Nothing {};

// Serves every operation with an empty answer and counts the calls.
struct Everything {
  int calls = 0;

#define SERVES(Op, method)               \
  Result<Op::Answer> method(const Op&) { \
    ++calls;                             \
    return Op::Answer{};                 \
  }
#define DOES(Op, method)           \
  Result<void> method(const Op&) { \
    ++calls;                       \
    return {};                     \
  }
#define FILLS(Op, method)                           \
  Result<Op::Answer> method(const Op&, Op::Room&) { \
    ++calls;                                        \
    return Op::Answer{};                            \
  }
#define LISTS(Op, method)                     \
  Result<void> method(const Op&, Op::Room&) { \
    ++calls;                                  \
    return {};                                \
  }
  SERVES(Lookup, lookup)
  SERVES(GetAttr, get_attr)
  SERVES(GetStatx, get_statx)
  SERVES(SetAttr, set_attr)
  FILLS(ReadLink, read_link)
  DOES(Access, access)
  SERVES(GetStatFs, stat_fs)
  FILLS(GetXattr, get_xattr)
  FILLS(ListXattr, list_xattr)
  DOES(SetXattr, set_xattr)
  DOES(RemoveXattr, remove_xattr)
  DOES(SyncFs, sync_fs)
  SERVES(MakeNode, make_node)
  SERVES(MakeDir, make_dir)
  SERVES(MakeSymlink, make_symlink)
  SERVES(MakeLink, make_link)
  DOES(Unlink, unlink)
  DOES(RemoveDir, remove_dir)
  DOES(Rename, rename)
  SERVES(Open, open)
  SERVES(Create, create)
  SERVES(MakeTmpFile, make_tmp_file)
  FILLS(Read, read)
  SERVES(Write, write)
  DOES(Flush, flush)
  DOES(Release, release)
  DOES(Fsync, fsync)
  DOES(Fallocate, fallocate)
  SERVES(Seek, seek)
  SERVES(CopyRange, copy_range)
  FILLS(Ioctl, ioctl)
  SERVES(Poll, poll)
  SERVES(MapBlock, map_block)
  SERVES(GetLock, get_lock)
  DOES(SetLock, set_lock)
  DOES(SetLockWait, set_lock_wait)
  SERVES(OpenDir, open_dir)
  LISTS(ReadDir, read_dir)
  LISTS(ReadDirPlus, read_dir_plus)
  DOES(ReleaseDir, release_dir)
  DOES(FsyncDir, fsync_dir)
#undef SERVES
#undef DOES
#undef FILLS
#undef LISTS
};

// An operation with a name wherever it has one and bytes wherever it has some.
template <class Op>
Op sample() {
  static constexpr std::byte kBytes[5]{};
  Op op;
  op.node = kRoot;
  const auto fill = [](auto& name) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(name)>, wire::Name>) {
      name = *wire::Name::from("name");
    } else {
      name = "user.name";
    }
  };
  if constexpr (requires { op.name; }) fill(op.name);
  if constexpr (requires { op.new_name; }) fill(op.new_name);
  if constexpr (requires { op.target; }) fill(op.target);
  if constexpr (requires { op.unused_name; }) fill(op.unused_name);
  if constexpr (requires { op.value; }) op.value = Bytes{kBytes};
  if constexpr (requires { op.data; }) op.data = Bytes{kBytes};
  if constexpr (requires { op.input; }) op.input = Bytes{kBytes};
  return op;
}

// Calls `visit` with one sample under each opcode that carries an operation.
template <class Op, class Visit, class... F>
void visit_forms(Visit visit, Forms<F...>) {
  const auto one = [&](Opcode opcode) {
    Op op = sample<Op>();
    op.opcode = opcode;
    visit(op);
  };
  (one(F::kOpcode), ...);
}
template <class Visit, class... Ops>
void for_each_sample(Visit visit, OpList<Ops...>) {
  (visit_forms<Ops>(visit, typename Ops::Wire{}), ...);
}
template <class Visit>
void for_each_sample(Visit visit) {
  for_each_sample(visit, AllOps{});
}

template <class Op>
std::vector<std::byte> bytes_of_request(const Op& op, const Negotiated& negotiated) {
  std::vector<std::byte> body(4096);
  auto size = encode_request(op, MutableBytes{body}, negotiated);
  EXPECT_TRUE(size) << Op::kMethod;
  body.resize(size ? size->fixed + size->payload : 0);
  return body;
}

// A file system mounted by testkit's kernel. What a test's file system answers is not always what
// a kernel may see, so breaches are asked for where they matter.
template <class Fs>
struct Mounted {
  explicit Mounted(testkit::KernelOptions options = {}, SessionOptions session_options = {})
      : session{file_system_of(fs), std::move(session_options)}, kernel{options} {
    auto mounted = kernel.mount(session);
    EXPECT_TRUE(mounted) << mounted.error().line();
  }
  Fs fs;
  Session session;
  testkit::Kernel kernel;  // goes first, and unmounts
};

inline std::uint64_t requests(const Session& session, Opcode opcode) {
  return session.counted()[raw(opcode)].requests;
}
inline std::uint64_t errors(const Session& session, Opcode opcode) {
  return session.counted()[raw(opcode)].errors;
}

}  // namespace sluice::fuse::test
