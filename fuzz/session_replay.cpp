// SPDX-License-Identifier: MIT
// Feeds raw requests to a Session with a small file system behind it, as a kernel that has gone mad
// would. Held against it, whatever comes: each request gets exactly one answer, FORGET and its like
// none; a reply stays within its room and its error within what the kernel takes; and lookups that
// never reached the kernel are taken back.
//
// Input: a byte of Bits, a byte whose bits say which replies the kernel refuses, and requests: each
// two bytes of length, then a header and its arguments. Uniques and lengths in headers are ours.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "fuzz_fs.h"
#include "sluice/fuse/dispatch.h"

namespace {

using namespace sluice;
using namespace sluice::fuse;
using fuzz::must;

enum class Bit : std::uint8_t {
  two_pieces = 1,    // the fixed struct comes apart, as io_uring brings it
  small_room = 2,    // room for the reply's smallest structs only
  own_init = 4,      // no INIT but what the input has
  no_detach = 8,     // the channel cannot keep a reply for later
};

enum class State { open, answered, dropped, pending };

// What became of one request; outlives its exchange, since a later answer may come after it.
struct Fate {
  std::uint32_t opcode = 0;
  State state = State::open;
  bool refuse = false;
};

class PendingAnswer final : public Pending {
 public:
  PendingAnswer(Fate& fate) noexcept : fate_{fate} {}
  Delivery commit(int error, Bytes body) noexcept override {
    must(fate_.state == State::pending);
    must(error >= 0 && error <= kMaxErrno && body.size() <= kPendingBody);
    must(error == 0 || body.empty());
    fate_.state = State::answered;
    return fate_.refuse ? Delivery::refused : Delivery::taken;
  }

 private:
  Fate& fate_;
};

std::uint64_t lookups_listed(Bytes body) {
  std::uint64_t counted = 0;
  while (!body.empty()) {
    wire::Reader in{body};
    const auto plus = in.take<wire::Direntplus>();
    must(plus.has_value());
    const std::size_t length =
        wire::align_record(sizeof(wire::Direntplus) + plus->dirent.namelen);
    must(length <= body.size());
    counted += plus->entry_out.nodeid != 0;
    body = body.subspan(length);
  }
  return counted;
}

// Counts the lookups that a reply gives to the kernel, as the kernel would read it.
std::uint64_t lookups_in(std::uint32_t opcode, Bytes body) {
  const auto node_at = [&](std::size_t offset) {
    std::uint64_t node = 0;
    must(offset + sizeof node <= body.size());
    std::memcpy(&node, body.data() + offset, sizeof node);
    return node;
  };
  switch (static_cast<wire::Opcode>(opcode)) {
    case wire::Opcode::lookup:
    case wire::Opcode::create:
    case wire::Opcode::tmpfile:
    case wire::Opcode::mknod:
    case wire::Opcode::mkdir:
    case wire::Opcode::symlink:
    case wire::Opcode::link:
      return node_at(0) != 0 ? 1 : 0;
    case wire::Opcode::readdirplus:
      return lookups_listed(body);
    default:
      return 0;
  }
}

class FuzzChannel final : public Channel {
 public:
  explicit FuzzChannel(bool can_detach) : can_detach_{can_detach} {}

  void begin(Fate& fate) noexcept { fate_ = &fate; }
  std::uint64_t lookups_taken() const noexcept { return lookups_taken_; }

  Result<Exchange*> next() noexcept override { return fail(ENODEV); }

  Delivery commit(Exchange& exchange, int error, std::size_t size) noexcept override {
    must(fate_->state == State::open);
    must(error >= 0 && error <= kMaxErrno && size <= exchange.reply.size());
    must(error == 0 || size == 0);
    fate_->state = State::answered;
    if (fate_->refuse) return Delivery::refused;
    if (error == 0) lookups_taken_ += lookups_in(fate_->opcode, exchange.reply.first(size));
    return Delivery::taken;
  }
  void drop(Exchange&) noexcept override {
    must(fate_->state == State::open);
    fate_->state = State::dropped;
  }
  Result<std::unique_ptr<Pending>> detach(Exchange&) noexcept override {
    must(fate_->state == State::open);
    if (!can_detach_) return fail(ENOMEM);
    fate_->state = State::pending;
    return std::make_unique<PendingAnswer>(*fate_);
  }

 private:
  bool can_detach_;
  Fate* fate_ = nullptr;
  std::uint64_t lookups_taken_ = 0;
};

bool gets_no_answer(std::uint32_t opcode) noexcept {
  using enum wire::Opcode;
  const auto known = static_cast<wire::Opcode>(opcode);
  return known == forget || known == batch_forget || known == notify_reply;
}

// A copy without a byte to spare, so that a sanitizer sees the first byte too many.
std::unique_ptr<std::byte[]> exact(Bytes bytes) {
  std::unique_ptr<std::byte[]> copy{new std::byte[bytes.size()]};
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

class Run {
 public:
  Run(Flags<Bit> bits, unsigned refusals)
      : bits_{bits}, refusals_{refusals}, channel_{!bits.has(Bit::no_detach)} {
    if (!bits.has(Bit::own_init)) send_init();
  }

  // Everything the session still owes is answered here, when its file system lets go.
  ~Run() {
    fs_.let_go();
    for (const auto& fate : fates_) {
      must(fate->state == State::answered || fate->state == State::dropped);
    }
    must(session_.waiting() == 0);
    must(fs_.lookups_given() == channel_.lookups_taken());
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void send(wire::InHeader header, Bytes arguments) {
    Fate& fate = *fates_.emplace_back(std::make_unique<Fate>());
    fate.opcode = header.opcode;
    fate.refuse = ((refusals_ >> (fates_.size() % 8)) & 1) != 0;
    header.unique = 2 * fates_.size();
    header.len = static_cast<std::uint32_t>(sizeof header + arguments.size());
    const std::size_t fixed_size =
        bits_.has(Bit::two_pieces) ? std::min(arguments.size(), std::size_t{header.padding & 127U}) : 0;
    const auto fixed = exact(arguments.first(fixed_size));
    const auto payload = exact(arguments.subspan(fixed_size));
    const std::size_t room_size = bits_.has(Bit::small_room) ? 160 : 8192;
    const std::unique_ptr<std::byte[]> room{new std::byte[room_size]};

    Exchange exchange;
    exchange.header = header;
    if (bits_.has(Bit::two_pieces)) exchange.fixed = {fixed.get(), fixed_size};
    exchange.payload = {payload.get(), arguments.size() - fixed_size};
    exchange.reply = {room.get(), room_size};
    channel_.begin(fate);
    session_.handle(worker_, channel_, exchange);
    check(fate);
    fs_.answer_interrupted();
  }

 private:
  static void check(const Fate& fate) {
    if (gets_no_answer(fate.opcode)) {
      must(fate.state == State::dropped);
    } else if (static_cast<wire::Opcode>(fate.opcode) == wire::Opcode::interrupt) {
      must(fate.state == State::dropped || fate.state == State::answered);
    } else {
      must(fate.state == State::answered || fate.state == State::pending);
    }
  }

  void send_init() {
    wire::InitIn init{};
    init.major = wire::kMajor;
    init.minor = wire::kMinor;
    init.max_readahead = 1U << 17;
    init.flags = ~0U;
    init.flags2 = ~0U;
    wire::InHeader header{};
    header.opcode = raw(wire::Opcode::init);
    send(header, bytes_of(init));
  }

  Flags<Bit> bits_;
  unsigned refusals_;
  std::vector<std::unique_ptr<Fate>> fates_;
  fuzz::FuzzFs fs_;
  FuzzChannel channel_;
  Session session_{file_system_of(fs_)};
  Worker& worker_ = session_.add_worker();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = std::as_bytes(std::span{data, size});
  if (input.size() < 2) return 0;
  Run run{Flags<Bit>::from(std::to_integer<std::uint8_t>(input[0])),
          std::to_integer<unsigned>(input[1])};
  input = input.subspan(2);
  while (input.size() >= 2 + sizeof(wire::InHeader)) {
    const std::size_t wanted =
        std::to_integer<std::size_t>(input[0]) | std::to_integer<std::size_t>(input[1]) << 8;
    input = input.subspan(2);
    wire::InHeader header{};
    std::memcpy(&header, input.data(), sizeof header);
    input = input.subspan(sizeof header);
    const Bytes arguments = input.first(
        std::min(input.size(), wanted - std::min(wanted, sizeof header)));
    run.send(header, arguments);
    input = input.subspan(arguments.size());
  }
  return 0;
}
