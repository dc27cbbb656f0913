// SPDX-License-Identifier: MIT
// Mirror: every operation of the protocol on a lower tree, as the lower file system itself would
// do it. It decides nothing about who may see what; a guard above it does.
//
// Each open of a regular file is handed to the kernel with its lower descriptor where that can be
// (passthrough) and served from here where not. The kernel checks permissions before it asks
// (default_permissions); what a caller makes is made in the caller's name (AsCaller).
//
// The methods are in files by family: mirror_node.cpp (lookup, attributes), mirror_name.cpp (make,
// remove, rename), mirror_open.cpp (open, create, release), mirror_file.cpp (data), mirror_dir.cpp,
// mirror_xattr.cpp, mirror_ioctl.cpp, mirror_lock.cpp.
// All may be called from any number of threads that prepare_thread() made fit.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/backing/shares.h"
#include "sluice/fuse/dispatch.h"
#include "sluice/fuse/notify.h"
#include "sluice/mirror/admitted.h"
#include "sluice/mirror/features.h"
#include "sluice/mirror/handle_table.h"
#include "sluice/mirror/lock_service.h"
#include "sluice/mirror/lower_tree.h"
#include "sluice/mirror/open_files.h"
#include "sluice/mirror/options.h"

namespace sluice::mirror {

// Decides about listed names, and makes their entries.
class PlusFilter : public ListingFilter {
 public:
  virtual Result<fuse::Entry> entry(Found found, NodeId parent, const wire::Name& name) = 0;
};

class Mirror {
 public:
  // source   the directory to show (or one regular file); taken over, may be O_PATH.
  // control  where backings are registered; outlives the mirror.
  // errors   those of LowerTree::make().
  static Result<std::unique_ptr<Mirror>> make(Fd source, backing::Control& control,
                                              const Options& options);
  ~Mirror();

  // Where attributes are declared stale after an mmap writer is gone; outlives the mirror. Without
  // it they are seen after the attribute timeout.
  void set_notifier(fuse::Notifier* notifier) noexcept { notifier_ = notifier; }
  LowerTree& tree() noexcept { return *tree_; }

  // What is on and what is off, once INIT is settled.
  const Features& features() const noexcept { return features_; }
  struct Stats {
    std::uint64_t passed_through = 0;  // opens handed to the kernel
    std::uint64_t served = 0;          // opens of regular files served from here
    std::uint64_t refused = 0;         // of those, registrations that failed
    int last_refusal = 0;              // errno of the last of them
    std::size_t open_files = 0;
    std::size_t open_directories = 0;
  };
  Stats stats() const;

  Result<void, Error> init(fuse::Terms& terms);
  void ready(const fuse::Negotiated& negotiated);
  void forget(const fuse::Forget& forget) { tree_->forget(forget.node, forget.count); }

  Result<fuse::Entry> lookup(const fuse::Lookup&);
  Result<fuse::AttrReply> get_attr(const fuse::GetAttr&);
  Result<fuse::StatxReply> get_statx(const fuse::GetStatx&);
  Result<fuse::AttrReply> set_attr(const fuse::SetAttr&);
  Result<fuse::Data> read_link(const fuse::ReadLink&, fuse::ReadBuffer&);
  Result<void> access(const fuse::Access&);
  Result<fuse::StatFs> stat_fs(const fuse::GetStatFs&);
  Result<void> sync_fs(const fuse::SyncFs&);

  // Makes the node of a file that was found under `name`, and counts one lookup of it.
  Result<fuse::Entry> entry_of(Found found, NodeId parent, const wire::Name& name,
                               const Admitted& admitted = {});

  // What the second argument says is kept with the nodes; see admitted.h.
  Result<fuse::Entry> make_node(const fuse::MakeNode&, const Admitted& = {});
  Result<fuse::Entry> make_dir(const fuse::MakeDir&, const Admitted& = {});
  Result<fuse::Entry> make_symlink(const fuse::MakeSymlink&, const Admitted& = {});
  Result<fuse::Entry> make_link(const fuse::MakeLink&, const Admitted& = {});
  Result<void> unlink(const fuse::Unlink&);
  Result<void> remove_dir(const fuse::RemoveDir&);
  Result<void> rename(const fuse::Rename&, const Moved& places = {});

  Result<fuse::Opened> open(const fuse::Open&, const Shown& shown = {});
  Result<fuse::Created> create(const fuse::Create&, const Admitted& = {}, Face = Face::native);
  Result<fuse::Created> make_tmp_file(const fuse::MakeTmpFile&, const Admitted& = {},
                                      Face = Face::native);
  Result<void> flush(const fuse::Flush&);
  Result<void> release(const fuse::Release&);

  Result<fuse::Data> read(const fuse::Read&, fuse::ReadBuffer&);
  Result<fuse::Written> write(const fuse::Write&);
  Result<void> fsync(const fuse::Fsync&);
  Result<void> fallocate(const fuse::Fallocate&);
  Result<fuse::Position> seek(const fuse::Seek&);
  Result<fuse::Copied> copy_range(const fuse::CopyRange&);

  Result<fuse::Opened> open_dir(const fuse::OpenDir&);
  // filter  decides which names are listed; all are without one. Borrowed for the call.
  Result<void> read_dir(const fuse::ReadDir&, fuse::DirWriter&, ListingFilter* filter = nullptr);
  Result<void> read_dir_plus(const fuse::ReadDirPlus&, fuse::DirPlusWriter&,
                             PlusFilter* filter = nullptr);
  Result<void> release_dir(const fuse::ReleaseDir&);
  Result<void> fsync_dir(const fuse::FsyncDir&);

  Result<fuse::XattrData> get_xattr(const fuse::GetXattr&, fuse::ReadBuffer&);
  Result<fuse::XattrData> list_xattr(const fuse::ListXattr&, fuse::ReadBuffer&);
  Result<void> set_xattr(const fuse::SetXattr&);
  Result<void> remove_xattr(const fuse::RemoveXattr&);
  Result<fuse::IoctlReply> ioctl(const fuse::Ioctl&, fuse::ReadBuffer&);

  Result<fuse::LockInfo> get_lock(const fuse::GetLock&);
  Result<void> set_lock(const fuse::SetLock&);
  void set_lock_wait(const fuse::SetLockWait&, fuse::Reply<fuse::Done>);

  void undelivered(const fuse::Request&, const fuse::Entry& entry);
  void undelivered(const fuse::Open&, const fuse::Opened& opened);
  void undelivered(const fuse::OpenDir&, const fuse::Opened& opened);
  void undelivered(const fuse::Request&, const fuse::Created& created);
  void undelivered(const fuse::ReadDirPlus&, const fuse::DirPlusWriter& listed);

 private:
  using Files = HandleTable<OpenFile>;
  using Directories = HandleTable<OpenDirectory>;
  // The node table as the ledger of open files.
  class TableLedger final : public backing::Ledger {
   public:
    explicit TableLedger(LowerTree& tree) noexcept : tree_{tree} {}
    Result<Record> read(NodeId node) noexcept override;
    Result<void> set_id(NodeId node, BackingId id) noexcept override;
    Result<void> add_open(NodeId node) noexcept override;
    Result<Record> remove_open(NodeId node) noexcept override;

   private:
    LowerTree& tree_;
  };

  Mirror(std::unique_ptr<LowerTree> tree, backing::Control& control, const Options& options);

  Result<fuse::Entry> made(int directory, NodeId parent, const wire::Name& name,
                           const fuse::Request& request, const Admitted& admitted);
  Result<struct statx> stat_of(NodeId node, bool has_handle, FileHandle handle);
  Result<Fd> writable(NodeId node, bool has_handle, FileHandle handle);
  Result<void> change_mode(const fuse::SetAttr& r, int fd);
  Result<void> change_owner(const fuse::SetAttr& r, int fd);
  Result<void> change_size(const fuse::SetAttr& r);
  Result<void> change_times(const fuse::SetAttr& r, int fd);
  Result<void> strip_privileges(int fd);

  // Turns an open lower file into an open file of the mount, passing through where it can.
  Result<fuse::Opened> opened(NodeId node, Fd lower, int flags, const Shown& shown);
  Result<Fd> open_lower(NodeId node, int flags);
  Result<fuse::Opened> open_substitute(const fuse::Open& r, const Shown& shown);
  Result<fuse::Created> created(Fd lower, int flags, NodeId parent, const wire::Name& name,
                                const Admitted& admitted, Face face);
  bool passes(Face face) const noexcept;
  void close_file(FileHandle handle, bool tell_kernel);
  bool keep_descriptor() noexcept;

  // Runs `use(fd)` with a descriptor of the open file that allows `access` (O_RDONLY, O_WRONLY or
  // O_RDWR), opening one for the call where none is kept.
  template <class Use>
  auto with_file(FileHandle handle, int access, Use use) -> decltype(use(0));

  Result<fuse::Entry> plus_entry(OpenDirectory& directory, NodeId parent, const char* name,
                                 PlusFilter* filter);
  bool lists(const OpenDirectory& directory, const char* name, std::uint32_t type,
             ListingFilter* filter) const;

  Options options_;
  std::unique_ptr<LowerTree> tree_;
  backing::Control& control_;
  TableLedger ledger_;
  std::optional<backing::Registrar> registrar_;
  std::optional<backing::Shares> shares_;
  Features features_;
  fuse::Negotiated negotiated_;
  fuse::Notifier* notifier_ = nullptr;
  Files files_;
  Directories directories_;
  std::unique_ptr<LockService> locks_;
  std::atomic<int> kept_descriptors_{0};
  int most_kept_ = 0;
  struct Counts {
    std::atomic<std::uint64_t> passed_through{0};
    std::atomic<std::uint64_t> served{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<int> last_refusal{0};
  } counts_;
};

}  // namespace sluice::mirror
