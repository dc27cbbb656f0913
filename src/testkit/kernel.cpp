// SPDX-License-Identifier: MIT
// The connection's life: INIT, serving on the caller's thread or by workers, the end.
#include "sluice/testkit/kernel.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "sluice/fuse/workers.h"
#include "sluice/testkit/reply_shape.h"

namespace sluice::testkit {
namespace {

using wire::InitFlag;
using wire::Opcode;

constexpr std::uint32_t kPage = 4096;

// Since Linux 5.17 INIT carries more than the version, readahead and the first flags.
constexpr std::uint32_t kLongInitSince = 36;
constexpr std::size_t kShortInit = 16;

}  // namespace

Caller this_caller() noexcept {
  return Caller{Uid{::geteuid()}, Gid{::getegid()},
                Pid{static_cast<std::uint32_t>(::syscall(SYS_gettid))}};
}

Kernel::Kernel(KernelOptions options)
    : options_{options},
      traffic_{std::make_shared<Traffic>(breaches_)},
      backings_{options_.profile},
      nodes_{breaches_},
      files_{nodes_, backings_, options_.profile, breaches_},
      caller_{options.caller} {
  if (options_.threads > 0) traffic_->repeat_interrupts();
}

Kernel::~Kernel() { unmount(); }

std::size_t Kernel::reply_room() const noexcept {
  return std::size_t{options_.profile.max_pages_limit} * kPage + kPage;
}

Result<std::unique_ptr<fuse::Channel>> Kernel::open_channel() noexcept {
  return std::make_unique<KernelChannel>(traffic_, options_.spans, reply_room());
}

Result<int> Kernel::ioctl(unsigned long request, void* argument) noexcept {
  return backings_.ioctl(request, argument);
}

Result<void, Error> Kernel::mount(fuse::Session& session) {
  if (session_ != nullptr) return fail(Error{"this kernel has mounted a session already", EBUSY});
  session_ = &session;
  if (options_.threads > 0) {
    server_ = std::thread{[this] {
      fuse::WorkerOptions workers;
      workers.limit = options_.threads;
      workers.held_up = options_.held_up;
      workers.keep_idle = options_.threads;
      workers.start = options_.start;
      if (auto served = fuse::serve(*session_, *this, workers); !served) {
        server_failure_ = served.error();
      }
    }};
  }
  return init(options_.profile.major);
}

Result<void, Error> Kernel::init(std::uint32_t major) {
  const KernelProfile& profile = options_.profile;
  wire::InitIn in{};
  in.major = major;
  in.minor = profile.minor;
  in.max_readahead = profile.max_readahead;
  in.flags = static_cast<std::uint32_t>(profile.offered.word());
  in.flags2 = static_cast<std::uint32_t>(profile.offered.word() >> 32);
  const Bytes whole = bytes_of(in);
  const Bytes bytes = whole.first(profile.minor >= kLongInitSince ? whole.size() : kShortInit);
  fuse::Request request;
  request.opcode = Opcode::init;
  auto message = message_for(request, {bytes.begin(), bytes.end()}, bytes.size(), 0);
  send(message);
  traffic_->wait(*message);
  if (message->error != 0) {
    if (auto refusal = session_->refusal()) return fail(*refusal);
    return fail(Error::of("INIT", Errno::from(message->error)));
  }
  wire::Reader reply{Bytes{message->reply}};
  auto out = reply.take<wire::InitOut>();
  if (!out || reply.left() != 0) {
    breaches_.add("the reply to INIT has a wrong length");
    return fail(Error::of("the reply to INIT", EPROTO));
  }
  if (major > wire::kMajor && out->major == wire::kMajor) return init(wire::kMajor);
  if (auto taken = take_init(*out); !taken)
    return fail(Error::of("the reply to INIT", taken.error()));
  return {};
}

Result<void> Kernel::take_init(const wire::InitOut& out) {
  const KernelProfile& profile = options_.profile;
  if (out.major != wire::kMajor) {
    breaches_.add("INIT was answered with major " + std::to_string(out.major));
    return fail(EPROTO);
  }
  if (out.minor > profile.minor) breaches_.add("INIT was answered with a newer minor than offered");
  std::uint64_t word = out.flags;
  if (Flags<InitFlag>::from(word).has(InitFlag::init_ext)) word |= std::uint64_t{out.flags2} << 32;
  const auto flags = Flags<InitFlag>::from(word);
  if (!flags.without(profile.offered).none())
    breaches_.add("INIT took flags that were not offered");
  if (out.max_write < kPage) breaches_.add("INIT was answered with max_write below one page");
  const bool mainline = flags.has(InitFlag::passthrough);
  if (mainline && (out.max_stack_depth < 1 || out.max_stack_depth > 2)) {
    breaches_.add("INIT took passthrough with a stack depth that is none");
  }
  if (mainline && flags.has(InitFlag::writeback_cache)) {
    breaches_.add("INIT took passthrough and the writeback cache, which exclude each other");
  }
  bool passthrough = !(flags & profile.passthrough_bit()).none();
  if (profile.shares_ids()) {
    passthrough = passthrough && !flags.has(InitFlag::writeback_cache) &&
                  out.max_stack_depth >= 1 && out.max_stack_depth <= 2;
  }
  const std::uint32_t pages =
      flags.has(InitFlag::max_pages)
          ? std::min<std::uint32_t>(std::max<std::uint32_t>(out.max_pages, 1),
                                    profile.max_pages_limit)
          : 32;
  init_answer_ = out;
  negotiated_.minor = std::min(out.minor, profile.minor);
  // On a kernel that uses a bit for passthrough it means nothing else.
  negotiated_.flags = profile.shares_ids() ? flags : flags.without(profile.passthrough_bit());
  negotiated_.max_write = std::min(std::max(out.max_write, kPage), pages * kPage);
  negotiated_.max_stack_depth = out.max_stack_depth;
  backings_.settle(passthrough, out.max_stack_depth);
  std::lock_guard lock{mutex_};
  files_.settle(passthrough);
  return {};
}

void Kernel::serve_here(const std::shared_ptr<Message>& message) {
  std::unique_ptr<Seat> seat;
  {
    std::lock_guard lock{mutex_};
    if (!seats_.empty()) {
      seat = std::move(seats_.back());
      seats_.pop_back();
    }
  }
  if (!seat) {
    seat.reset(
        new Seat{&session_->add_worker(), KernelChannel{traffic_, options_.spans, reply_room()}});
  }
  // The thread that serves is the one an interrupt must reach.
  seat->worker->thread_id = static_cast<int>(::syscall(SYS_gettid));
  session_->handle(*seat->worker, seat->channel, seat->channel.load(message));
  seat->channel.finished();
  std::lock_guard lock{mutex_};
  seats_.push_back(std::move(seat));
}

void Kernel::send(const std::shared_ptr<Message>& message) {
  count(message->header.opcode);
  if (options_.threads > 0) {
    traffic_->queue(message);
    return;
  }
  traffic_->begin(message);
  if (session_ != nullptr && traffic_->in_flight(message->header.unique)) serve_here(message);
}

void Kernel::send_unanswered(const std::shared_ptr<Message>& message) {
  count(message->header.opcode);
  if (options_.threads > 0) {
    traffic_->queue_unanswered(message);
  } else if (session_ != nullptr) {
    serve_here(message);
  }
}

std::shared_ptr<Message> Kernel::message_for(const fuse::Request& request,
                                             std::vector<std::byte> body, std::size_t fixed,
                                             std::size_t asked) {
  auto message = std::make_shared<Message>();
  const Caller who = request.caller == Caller{} ? caller() : request.caller;
  wire::InHeader& header = message->header;
  header.len = static_cast<std::uint32_t>(sizeof(header) + body.size());
  header.opcode = raw(request.opcode);
  header.unique = traffic_->next_unique();
  header.nodeid = raw(request.node);
  switch (request.opcode) {
    case Opcode::release:
    case Opcode::releasedir:
    case Opcode::init:
    case Opcode::destroy:
    case Opcode::forget:
    case Opcode::batch_forget: break;  // these carry no caller
    default:
      header.uid = raw(who.uid);
      header.gid = raw(who.gid);
      header.pid = raw(who.pid);
  }
  header.total_extlen = static_cast<std::uint16_t>(request.extensions.size() / wire::kRecordAlign);
  message->body = std::move(body);
  message->fixed = fixed;
  message->asked = asked;
  message->fate = next_fate_.exchange(Fate::taken);
  return message;
}

int Kernel::raw_request(Opcode opcode, NodeId node, Bytes body, std::size_t fixed,
                        std::vector<std::byte>* data) {
  fuse::Request request;
  request.opcode = opcode;
  request.node = node;
  auto message = message_for(request, {body.begin(), body.end()}, fixed, negotiated_.max_write);
  switch (opcode) {
    case Opcode::forget:
    case Opcode::batch_forget:
    case Opcode::interrupt:
    case Opcode::notify_reply: send_unanswered(message); return 0;
    default: break;
  }
  send(message);
  traffic_->wait(*message);
  if (data != nullptr) *data = message->reply;
  return message->error;
}

Interrupted Kernel::interrupt(Unique unique) {
  auto message = traffic_->interrupt(raw(unique));
  if (!message) return Interrupted::too_late;
  const std::uint64_t before = traffic_->asked_again();
  send_unanswered(message);
  return traffic_->asked_again() > before ? Interrupted::asked_again : Interrupted::delivered;
}

void Kernel::unmount() {
  if (session_ == nullptr) return;
  for (std::uint64_t key : open_files()) {
    const auto file = file_of(key);
    if (!file) continue;
    const bool directory = [&] {
      std::lock_guard lock{mutex_};
      return files_.find(key)->kind == OpenFile::Kind::directory;
    }();
    directory ? releasedir(*file) : release(*file);
  }
  std::vector<std::pair<NodeId, std::uint64_t>> held;
  {
    std::lock_guard lock{mutex_};
    held = nodes_.held();
  }
  if (!held.empty()) forget(held);
  traffic_->end(Traffic::How::unmount);
  if (server_.joinable()) server_.join();
  check_unmounted();
  session_ = nullptr;
}

void Kernel::check_unmounted() {
  if (server_failure_) {
    breaches_.add("the server's workers ended with " + std::string{name(*server_failure_)});
  }
  if (!options_.profile.shares_ids()) return;  // there, unused ids end with the mount
  for (std::int32_t id : backings_.open_ids()) {
    breaches_.add("backing id " + std::to_string(id) + " was never closed");
  }
}

void Kernel::abort() {
  traffic_->end(Traffic::How::abort);
  if (server_.joinable()) server_.join();
  session_ = nullptr;
}

}  // namespace sluice::testkit
