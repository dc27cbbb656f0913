// SPDX-License-Identifier: MIT
#include "sluice/testkit/kernel_channel.h"

#include <algorithm>

#include "sluice/wire/structs.h"

namespace sluice::testkit {
namespace {

class LaterAnswer final : public fuse::Pending {
 public:
  LaterAnswer(std::shared_ptr<Traffic> traffic, std::uint64_t unique) noexcept
      : traffic_{std::move(traffic)}, unique_{unique} {}
  fuse::Delivery commit(int error, Bytes body) noexcept override {
    return traffic_->answer(unique_, error, body);
  }

 private:
  std::shared_ptr<Traffic> traffic_;
  std::uint64_t unique_;
};

// What io_uring never carries comes in one piece, whatever the setting.
// source: linux fs/fuse/dev_uring.c fuse_io_uring_ops
bool always_whole(std::uint32_t opcode) noexcept {
  switch (static_cast<wire::Opcode>(opcode)) {
    case wire::Opcode::init:
    case wire::Opcode::forget:
    case wire::Opcode::batch_forget:
    case wire::Opcode::interrupt: return true;
    default: return false;
  }
}

// What an entry's header holds of requests before this one.
constexpr std::byte kStale{0xee};

}  // namespace

KernelChannel::KernelChannel(std::shared_ptr<Traffic> traffic, Spans spans, std::size_t reply_room)
    : traffic_{std::move(traffic)}, spans_{spans}, reply_(reply_room) {
  exchange_.reply = MutableBytes{reply_};
}

fuse::Exchange& KernelChannel::load(std::shared_ptr<Message> message) noexcept {
  message_ = std::move(message);
  const Bytes body{message_->body};
  exchange_.header = message_->header;
  exchange_.fixed = {};
  exchange_.payload = body;
  if (spans_ == Spans::one || always_whole(message_->header.opcode)) return exchange_;
  const std::size_t apart = std::min({message_->fixed, body.size(), first_.size()});
  first_.fill(kStale);
  std::ranges::copy(body.first(apart), first_.begin());
  exchange_.fixed = first_;
  exchange_.payload = body.subspan(apart);
  return exchange_;
}

void KernelChannel::finished() noexcept {
  if (message_) traffic_->returned(message_->header.unique);
  message_.reset();
}

Result<fuse::Exchange*> KernelChannel::next() noexcept {
  finished();
  return &load(TRY(traffic_->take()));
}

fuse::Delivery KernelChannel::commit(fuse::Exchange& exchange, int error,
                                     std::size_t size) noexcept {
  if (size > exchange.reply.size()) return fuse::Delivery::malformed;
  return traffic_->answer(exchange.header.unique, error, exchange.reply.first(size));
}

void KernelChannel::drop(fuse::Exchange& exchange) noexcept {
  traffic_->dropped(exchange.header.unique);
}

Result<std::unique_ptr<fuse::Pending>> KernelChannel::detach(fuse::Exchange& exchange) noexcept {
  traffic_->detached(exchange.header.unique);
  std::unique_ptr<fuse::Pending> later{new (std::nothrow)
                                           LaterAnswer{traffic_, exchange.header.unique}};
  if (!later) return fail(ENOMEM);
  return later;
}

}  // namespace sluice::testkit
