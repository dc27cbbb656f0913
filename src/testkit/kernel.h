// SPDX-License-Identifier: MIT
// A kernel in the process: it mounts a fuse::Session without a device, a mount or privileges, and
// is as strict as Linux or stricter. It keeps what Linux keeps (lookups, attributes and how long
// they hold, open files, io modes, registered backings), refuses what Linux refuses, and records a
// breach for whatever a server must not do, also where Linux would let it pass.
//
//   testkit::Kernel kernel;                             // plays the newest Linux
//   fuse::Session session{fuse::file_system_of(fs)};
//   testkit::ScopedMount mount{kernel, session};        // sluice/testkit/scoped_mount.h
//   auto file = kernel.open(kernel.lookup(kRoot, "a")->node, O_RDONLY);
//   kernel.unmount();
//   testkit::expect_no_breach(kernel);                  // sluice/testkit/expect.h
//
// call() sends one request of any operation; the methods below it send what Linux sends for one
// system call on a node. testkit::Vfs works with paths. Requests are served on the calling thread,
// or, with KernelOptions::threads, by threads of fuse::serve().
#pragma once

#include <array>
#include <functional>
#include <string>
#include <thread>

#include "sluice/backing/control.h"
#include "sluice/fuse/request_codec.h"
#include "sluice/fuse/session.h"
#include "sluice/testkit/kernel_channel.h"
#include "sluice/testkit/open_files.h"
#include "sluice/testkit/profile.h"

namespace sluice::testkit {

using fuse::Caller;
using fuse::Entry;

// The calling thread, as its requests would name it.
Caller this_caller() noexcept;

struct KernelOptions {
  KernelProfile profile = KernelProfile::linux_6_18();
  Caller caller = this_caller();
  Spans spans = Spans::one;
  int threads = 0;    // that serve; 0: the calling thread serves itself
  int held_up = 256;  // see fuse::WorkerOptions
  // Runs in each thread that serves, before it does; not where the calling thread serves itself.
  std::function<Result<void>()> start = nullptr;
};

// An open file or directory. Any number of copies may stand for it; close it once.
struct File {
  NodeId node{};
  FileHandle handle{};
  std::uint32_t flags = 0;
  Flags<wire::OpenOutFlag> out_flags;
  std::uint64_t key = 0;
};

struct NewFile {
  Entry entry;
  File file;
};

struct Listed {
  std::string name;
  std::uint64_t ino = 0;
  std::uint64_t next = 0;      // the offset after it
  std::uint32_t type = 0;      // DT_*
  std::optional<Entry> entry;  // READDIRPLUS alone; without a node it counts no lookup
};

struct Notification {
  wire::NotifyCode code{};
  std::vector<std::byte> body;
};

// A request that was sent and not waited for. `op` borrows what its sender gave.
template <class Op>
struct Started {
  Op op;
  std::shared_ptr<Message> message;
  bool known = true;      // the kernel knows the node it is about
  std::uint64_t key = 0;  // of the file it opened, once waited for
  Unique unique() const noexcept { return Unique{message->header.unique}; }
};

class Kernel final : public fuse::Connection, public backing::Control {
 public:
  explicit Kernel(KernelOptions options = {});
  ~Kernel() override;

  // Settles INIT with `session`, which outlives the mount. errors: what the session refused it
  // with, or what the kernel did not accept.
  Result<void, Error> mount(fuse::Session& session);
  // Closes what is open, forgets every node, ends the connection, and reports what the server has
  // not given back. Linux does not send the FORGETs; with them a server must be empty afterwards.
  void unmount();
  // Ends the connection at once: callers get ENOTCONN, the server ECONNABORTED.
  void abort();

  // Sends one request and waits. `op.opcode` may be left out where only one carries the operation,
  // and `op.caller` where it is the present one. data: what a room was filled with.
  // errors: the server's, or EIO where Linux would not take the answer.
  template <class Op>
  Result<typename Op::Answer> call(Op op, std::vector<std::byte>* data = nullptr) {
    Started<Op> started = start(op);
    return wait(started, data);
  }
  template <class Op>
  Started<Op> start(Op op);
  template <class Op>
  Result<typename Op::Answer> wait(Started<Op>& started, std::vector<std::byte>* data = nullptr);

  // Sends any bytes as a request. Gives the errno, 0 for success; the reply goes to `data`.
  int raw_request(wire::Opcode opcode, NodeId node, Bytes body, std::size_t fixed,
                  std::vector<std::byte>* data = nullptr);

  // Sends INTERRUPT for a request that waits for its answer.
  Interrupted interrupt(Unique unique);
  // The reply to the next request is refused, as of a caller that is gone.
  void refuse_next_reply() noexcept { next_fate_ = Fate::refused; }

  // On nodes and names. Each sends the one request of its name.
  Result<Entry> lookup(NodeId parent, std::string_view name);
  Result<fuse::AttrReply> getattr(NodeId node, const File* file = nullptr);
  Result<Entry> mkdir(NodeId parent, std::string_view name, std::uint32_t mode);
  Result<Entry> mknod(NodeId parent, std::string_view name, std::uint32_t mode, std::uint32_t rdev);
  Result<Entry> symlink(NodeId parent, std::string_view name, const std::string& target);
  Result<Entry> link(NodeId existing, NodeId parent, std::string_view name);
  Result<void> unlink(NodeId parent, std::string_view name);
  Result<void> rmdir(NodeId parent, std::string_view name);
  // RENAME2 where there are flags, as Linux does.
  Result<void> rename(NodeId parent, std::string_view name, NodeId new_parent,
                      std::string_view new_name, std::uint32_t flags = 0);
  Result<std::string> readlink(NodeId node);
  Result<std::string> getxattr(NodeId node, const std::string& name, std::uint32_t size = 65536);
  Result<std::vector<std::string>> listxattr(NodeId node);
  Result<void> setxattr(NodeId node, const std::string& name, std::string_view value,
                        int flags = 0);
  Result<void> removexattr(NodeId node, const std::string& name);
  Result<wire::Kstatfs> statfs(NodeId node = kRoot);

  // On open files. Reads and writes pass through where the open reply said so, and send nothing.
  Result<File> open(NodeId node, int flags);
  Result<NewFile> create(NodeId parent, std::string_view name, int flags, std::uint32_t mode);
  Result<NewFile> tmpfile(NodeId parent, int flags, std::uint32_t mode);
  Result<std::string> read(const File& file, std::uint64_t offset, std::size_t size);
  Result<std::size_t> write(const File& file, std::uint64_t offset, std::string_view data);
  Result<void> flush(const File& file);  // sends nothing with FOPEN_NOFLUSH
  Result<void> fsync(const File& file, Flags<wire::FsyncFlag> flags = {});
  // owner  of a flock(2) lock that goes with the file; none where it is 0.
  void release(const File& file, LockOwner flock_owner = {});
  // FLUSH and RELEASE, as close(2) of the last descriptor.
  void close(const File& file);

  // On directories.
  Result<File> opendir(NodeId node);
  Result<std::vector<Listed>> readdir(const File& dir, std::uint64_t offset,
                                      std::uint32_t size = 4096);
  Result<std::vector<Listed>> readdirplus(const File& dir, std::uint64_t offset,
                                          std::uint32_t size = 4096);
  // From the start to the end; an offset that comes twice is a breach and ends it.
  Result<std::vector<Listed>> list(const File& dir);
  void releasedir(const File& dir);

  // Gives lookups back; several nodes make one BATCH_FORGET.
  void forget(NodeId node, std::uint64_t count = 1);
  void forget(const std::vector<std::pair<NodeId, std::uint64_t>>& nodes);

  // What the kernel knows.
  std::uint64_t lookups(NodeId node) const;
  std::optional<fuse::Attr> cached_attributes(NodeId node) const;  // while they hold
  std::optional<fuse::Attr> last_attributes(NodeId node) const;    // whether or not they hold
  bool passes_through(const File& file) const;
  std::vector<std::uint64_t> open_files() const;
  std::vector<std::int32_t> backing_ids() const { return backings_.open_ids(); }
  const fuse::Negotiated& negotiated() const noexcept { return negotiated_; }
  const wire::InitOut& init_answer() const noexcept { return init_answer_; }
  const KernelProfile& profile() const noexcept { return options_.profile; }
  // Whether `opcode` was answered ENOSYS, which Linux remembers of many.
  bool absent(wire::Opcode opcode) const;
  // Requests sent since the last reset.
  std::uint64_t sent(wire::Opcode opcode) const;
  std::uint64_t sent() const;
  void reset_counts();
  std::vector<Notification> notifications() const;
  void on_notification(std::function<void(const Notification&)> listener);

  Breaches& breach_list() noexcept { return breaches_; }
  std::vector<std::string> breaches() const { return breaches_.all(); }
  Traffic& traffic() noexcept { return *traffic_; }

  void set_caller(Caller caller);
  Caller caller() const;
  void set_umask(std::uint32_t mask);  // 022 at first
  std::uint32_t umask() const;
  void advance(SimulatedTime time);
  SimulatedTime now() const;
  void expire_attributes(NodeId node);

  Result<std::unique_ptr<fuse::Channel>> open_channel() noexcept override;
  Result<void> notify(std::int32_t code, std::span<const Bytes> body) noexcept override;
  Result<int> ioctl(unsigned long request, void* argument) noexcept override;

 private:
  struct Seat {  // serves requests on the thread that sends them
    fuse::Worker* worker = nullptr;
    KernelChannel channel;
  };

  std::size_t reply_room() const noexcept;
  Result<void, Error> init(std::uint32_t major);
  Result<void> take_init(const wire::InitOut& out);
  void serve_here(const std::shared_ptr<Message>& message);
  void send(const std::shared_ptr<Message>& message);
  void send_unanswered(const std::shared_ptr<Message>& message);
  std::shared_ptr<Message> message_for(const fuse::Request& request, std::vector<std::byte> body,
                                       std::size_t fixed, std::size_t asked);
  void count(std::uint32_t opcode);
  void remember_absent(wire::Opcode opcode);
  bool knows(NodeId node);
  void check_unmounted();
  // The umask applied, unless INIT left that to the server.
  std::uint32_t masked(std::uint32_t mode) const;
  Result<File> file_of(std::uint64_t key);
  Result<std::vector<Listed>> parse(const File& dir, const std::vector<std::byte>& data, bool plus);
  Result<std::string> read_lower(const File& file, std::uint64_t offset, std::size_t size);
  Result<std::size_t> write_lower(const File& file, std::uint64_t offset, std::string_view data);

  // What an answer changes here; anything not named changes nothing. errors: EIO.
  template <class Op>
  Result<void> settle(Started<Op>&, const typename Op::Answer&, Bytes) {
    return {};
  }
  Result<void> settle(Started<fuse::Lookup>&, const Entry&, Bytes);
  Result<void> settle(Started<fuse::MakeNode>&, const Entry&, Bytes);
  Result<void> settle(Started<fuse::MakeDir>&, const Entry&, Bytes);
  Result<void> settle(Started<fuse::MakeSymlink>&, const Entry&, Bytes);
  Result<void> settle(Started<fuse::MakeLink>&, const Entry&, Bytes);
  Result<void> settle(Started<fuse::Unlink>&, const fuse::Done&, Bytes);
  Result<void> settle(Started<fuse::RemoveDir>&, const fuse::Done&, Bytes);
  Result<void> settle(Started<fuse::Rename>&, const fuse::Done&, Bytes);
  Result<void> settle(Started<fuse::GetAttr>&, const fuse::AttrReply&, Bytes);
  Result<void> settle(Started<fuse::SetAttr>&, const fuse::AttrReply&, Bytes);
  Result<void> settle(Started<fuse::GetStatx>&, const fuse::StatxReply&, Bytes);
  Result<void> settle(Started<fuse::Open>&, const fuse::Opened&, Bytes);
  Result<void> settle(Started<fuse::OpenDir>&, const fuse::Opened&, Bytes);
  Result<void> settle(Started<fuse::Create>&, const fuse::Created&, Bytes);
  Result<void> settle(Started<fuse::MakeTmpFile>&, const fuse::Created&, Bytes);
  Result<void> settle(Started<fuse::ReadDirPlus>&, const fuse::Done&, Bytes);
  Result<void> settle(Started<fuse::Write>&, const fuse::Written&, Bytes);
  Result<void> settle(Started<fuse::CopyRange>&, const fuse::Copied&, Bytes);
  Result<void> settle_entry(const Message& message, NodeId parent, std::string_view name,
                            const Entry& entry, Negative negative, std::uint32_t type);
  Result<std::uint64_t> settle_open(const Message& message, NodeId node, const fuse::Opened& opened,
                                    fuse::OpenFlags flags, OpenFile::Kind kind);
  template <class Op>
  Result<void> settle_created(Started<Op>& started, const fuse::Created& created,
                              std::string_view name);
  Result<void> settle_attr(const Message& message, const fuse::Attr& attr, fuse::Validity valid);
  // The file of a RELEASE is closed before it is sent.
  template <class Op>
  void before(const Op&) {}
  void before(const fuse::Release& op);
  void before(const fuse::ReleaseDir& op);
  template <class Op>
  Started<Op> start_prepared(Op op);
  void give_back(NodeId node, FileHandle handle, fuse::OpenFlags flags);

  const KernelOptions options_;
  Breaches breaches_;
  std::shared_ptr<Traffic> traffic_;
  BackingTable backings_;
  fuse::Negotiated negotiated_;
  wire::InitOut init_answer_{};
  fuse::Session* session_ = nullptr;
  std::thread server_;
  std::optional<Errno> server_failure_;
  std::atomic<Fate> next_fate_{Fate::taken};

  mutable std::mutex mutex_;  // guards all below; never held while a request is served
  Nodes nodes_;
  OpenFiles files_;
  std::vector<std::unique_ptr<Seat>> seats_;
  Caller caller_;
  std::uint32_t umask_ = 022;
  SimulatedTime now_{std::chrono::hours{1}};
  std::array<std::uint64_t, wire::kOpcodeLimit> counts_{};
  std::array<bool, wire::kOpcodeLimit> absent_{};
  std::vector<Notification> notifications_;
  std::function<void(const Notification&)> listener_;
};

}  // namespace sluice::testkit

#include "sluice/testkit/kernel_call.h"  // start() and wait()
