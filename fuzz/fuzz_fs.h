// SPDX-License-Identifier: MIT
// The file system behind session_replay: it serves every operation, keeps almost nothing, and reads
// every byte that a request lends it. A name decides what it is: its first letter gives the node or
// the error that is answered. Lookups given are counted, and those taken back.
#pragma once

#include <cstdlib>
#include <list>
#include <stdexcept>
#include <string_view>

#include "sluice/fuse/dispatch.h"
#include "sluice/fuse/op_list.h"

namespace sluice::fuzz {

inline void must(bool condition) {
  if (!condition) std::abort();
}

inline void touch(Bytes bytes) {
  volatile unsigned sum = 0;
  for (std::byte byte : bytes) sum = sum + std::to_integer<unsigned>(byte);
}
inline void touch(std::string_view text) { touch(bytes_of(text)); }
inline void touch(const wire::Name& name) {
  must(!name.empty() && name.c_str()[name.size()] == '\0');
  touch(name.view());
}

class FuzzFs {
 public:
  std::uint64_t lookups_given() const noexcept { return lookups_; }

  // Answers the waiting locks whose callers gave up.
  void answer_interrupted() {
    std::erase_if(waiting_, [](Waiting& one) {
      if (!one.reply.interrupted()) return false;
      must(one.told);
      one.reply.fail(EINTR);
      return true;
    });
  }
  // Ends all waiting: every second one is granted, the others are forgotten by their handler.
  void let_go() {
    bool grant = true;
    for (Waiting& one : waiting_) {
      if (grant) one.reply.answer();
      grant = !grant;
    }
    waiting_.clear();
  }

  Result<fuse::Entry> lookup(const fuse::Lookup& r) { return entry(r.name); }
  Result<fuse::Entry> make_node(const fuse::MakeNode& r) { return entry(r.name); }
  Result<fuse::Entry> make_dir(const fuse::MakeDir& r) { return entry(r.name); }
  Result<fuse::Entry> make_link(const fuse::MakeLink& r) { return entry(r.name); }
  Result<fuse::Entry> make_symlink(const fuse::MakeSymlink& r) {
    touch(r.target);
    return entry(r.name);
  }
  Result<fuse::Created> create(const fuse::Create& r) {
    return fuse::Created{TRY(entry(r.name)), open_file()};
  }
  Result<fuse::Created> make_tmp_file(const fuse::MakeTmpFile& r) {
    touch(r.unused_name);
    return fuse::Created{given(NodeId{2}), open_file()};
  }
  Result<void> unlink(const fuse::Unlink& r) { return named(r.name); }
  Result<void> remove_dir(const fuse::RemoveDir& r) { return named(r.name); }
  Result<void> rename(const fuse::Rename& r) {
    TRY(named(r.name));
    return named(r.new_name);
  }

  Result<fuse::AttrReply> get_attr(const fuse::GetAttr& r) { return attr_of(r.node); }
  Result<fuse::AttrReply> set_attr(const fuse::SetAttr& r) { return attr_of(r.node); }
  Result<fuse::StatxReply> get_statx(const fuse::GetStatx&) { return fuse::StatxReply{}; }
  Result<fuse::StatFs> stat_fs(const fuse::GetStatFs&) { return fuse::StatFs{}; }
  Result<void> access(const fuse::Access&) { return {}; }
  Result<void> sync_fs(const fuse::SyncFs&) { return {}; }
  Result<fuse::Data> read_link(const fuse::ReadLink&, fuse::ReadBuffer& out) {
    return out.slice_of(kText, 0);
  }

  Result<fuse::XattrData> get_xattr(const fuse::GetXattr& r, fuse::ReadBuffer& out) {
    touch(r.name);
    return out.value(bytes_of(kText));
  }
  Result<fuse::XattrData> list_xattr(const fuse::ListXattr&, fuse::ReadBuffer& out) {
    return out.value(bytes_of(kText));
  }
  Result<void> set_xattr(const fuse::SetXattr& r) {
    touch(r.name);
    touch(r.value);
    return {};
  }
  Result<void> remove_xattr(const fuse::RemoveXattr& r) {
    touch(r.name);
    return {};
  }

  Result<fuse::Opened> open(const fuse::Open& r) {
    touch(r.extensions);
    return open_file();
  }
  Result<fuse::Opened> open_dir(const fuse::OpenDir&) { return open_file(); }
  Result<fuse::Data> read(const fuse::Read& r, fuse::ReadBuffer& out) {
    return out.slice_of(kText, r.offset);
  }
  Result<fuse::Written> write(const fuse::Write& r) {
    touch(r.data);
    return fuse::Written{static_cast<std::uint32_t>(r.data.size())};
  }
  Result<void> flush(const fuse::Flush&) { return {}; }
  Result<void> release(const fuse::Release&) { return {}; }
  Result<void> release_dir(const fuse::ReleaseDir&) { return {}; }
  Result<void> fsync(const fuse::Fsync&) { return {}; }
  Result<void> fsync_dir(const fuse::FsyncDir&) { return {}; }
  Result<void> fallocate(const fuse::Fallocate&) { return fail(ENOSPC); }
  Result<fuse::Position> seek(const fuse::Seek& r) { return fuse::Position{r.offset}; }
  Result<fuse::Copied> copy_range(const fuse::CopyRange& r) { return fuse::Copied{r.size}; }
  Result<fuse::BlockMap> map_block(const fuse::MapBlock& r) { return fuse::BlockMap{r.block}; }
  Result<fuse::Polled> poll(const fuse::Poll& r) { return fuse::Polled{r.events}; }

  // Throws, as somebody's file system may.
  Result<fuse::IoctlReply> ioctl(const fuse::Ioctl& r, fuse::ReadBuffer& out) {
    touch(r.input);
    if (r.command == 1) throw std::runtime_error{"a stray exception"};
    const fuse::Data data = TRY(out.slice_of(r.input, 0));
    return fuse::IoctlReply{0, data.size};
  }

  Result<void> read_dir(const fuse::ReadDir& r, fuse::DirWriter& out) {
    for (std::uint64_t at = r.offset; at < kListed; ++at) {
      if (out.add(kText.substr(0, at + 1), at + 2, S_IFREG, at + 1) == fuse::Added::full) break;
    }
    return {};
  }
  Result<void> read_dir_plus(const fuse::ReadDirPlus& r, fuse::DirPlusWriter& out) {
    for (std::uint64_t at = r.offset; at < kListed; ++at) {
      const std::string_view name = kText.substr(0, at + 1);
      if (!out.fits(name)) break;
      // Some entries tell a type only.
      const fuse::Entry one = at % 3 == 2 ? fuse::Entry{} : given(NodeId{at + 2});
      must(out.add(name, one, at + 1) == fuse::Added::yes);
    }
    return {};
  }

  Result<fuse::LockInfo> get_lock(const fuse::GetLock& r) { return fuse::LockInfo{r.lock}; }
  Result<void> set_lock(const fuse::SetLock&) { return fail(EAGAIN); }
  void set_lock_wait(const fuse::SetLockWait&, fuse::Reply<fuse::Done> reply) {
    Waiting& one = waiting_.emplace_back(std::move(reply));
    one.reply.on_interrupt([&one] { one.told = true; });
  }

  void undelivered(const fuse::Request&, const fuse::Entry& entry) { take_back(entry.node); }
  void undelivered(const fuse::Request&, const fuse::Created& created) {
    take_back(created.entry.node);
  }
  void undelivered(const fuse::ReadDirPlus&, const fuse::DirPlusWriter& listed) {
    listed.for_each_counted([&](NodeId node) { take_back(node); });
  }
  void forget(const fuse::Forget&) {}

 private:
  static constexpr std::string_view kText = "what a small file system has to say";
  static constexpr std::uint64_t kListed = 20;

  struct Waiting {
    explicit Waiting(fuse::Reply<fuse::Done> held) : reply{std::move(held)} {}
    fuse::Reply<fuse::Done> reply;
    bool told = false;
  };

  static Result<void> named(const wire::Name& name) {
    touch(name);
    if (name.view().front() == 'z') return fail(ENOENT);
    return {};
  }
  Result<fuse::Entry> entry(const wire::Name& name) {
    TRY(named(name));
    if (name.view().front() == 'y') return fuse::Entry::negative(std::chrono::seconds{1});
    return given(NodeId{static_cast<unsigned char>(name.view().front())});
  }
  fuse::Entry given(NodeId node) {
    ++lookups_;
    return fuse::Entry{node, fuse::Attr::regular(node, fuse::Mode{0644}, 0),
                       std::chrono::seconds{1}};
  }
  void take_back(NodeId node) {
    if (node == kNoNode) return;
    must(lookups_ > 0);
    --lookups_;
  }
  static fuse::Opened open_file() {
    fuse::Opened opened;
    opened.handle = FileHandle{1};
    return opened;
  }
  static fuse::AttrReply attr_of(NodeId node) {
    return {fuse::Attr::regular(node, fuse::Mode{0644}, 0), std::chrono::seconds{1}};
  }

  std::uint64_t lookups_ = 0;
  std::list<Waiting> waiting_;
};

}  // namespace sluice::fuzz
