// SPDX-License-Identifier: MIT
#include "sluice/channel/dev_connection.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>

#include "sluice/channel/dev_channel.h"
#include "sluice/wire/protocol.h"

namespace sluice::channel {
namespace {

constexpr std::size_t kPage = 4096;
// Beside its data a request carries its header, fixed arguments and names (a rename has two).
constexpr std::size_t kBeside = kPage;
constexpr std::size_t kMostPieces = 4;

}  // namespace

Result<RequestBuffer> RequestBuffer::make(int memory_file, std::uint64_t offset, std::size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file,
                    static_cast<off_t>(offset));
  if (at == MAP_FAILED) return fail_last();
  return RequestBuffer{MutableBytes{static_cast<std::byte*>(at), size}};
}

RequestBuffer::RequestBuffer(RequestBuffer&& other) noexcept
    : bytes_{std::exchange(other.bytes_, {})} {}

RequestBuffer::~RequestBuffer() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

DevConnection::DevConnection(Fd device, Fd request_file, const Options& options) noexcept
    : device_{std::move(device)},
      request_file_{std::move(request_file)},
      buffer_size_{(std::max(options.max_write + kBeside, wire::kMinReadBuffer) + kPage - 1) /
                   kPage * kPage} {}

Result<std::unique_ptr<DevConnection>> DevConnection::make(Fd device, const Options& options) {
  Fd file = TRY(own(::memfd_create("sluice-requests", MFD_CLOEXEC)));
  return std::unique_ptr<DevConnection>{
      new DevConnection{std::move(device), std::move(file), options}};
}

std::uint64_t DevConnection::take_place() noexcept {
  std::lock_guard lock{mutex_};
  if (free_places_.empty()) return next_place_++;
  const std::uint64_t place = free_places_.back();
  free_places_.pop_back();
  return place;
}

void DevConnection::give_place(std::uint64_t place) noexcept {
  std::lock_guard lock{mutex_};
  try {
    free_places_.push_back(place);
  } catch (const std::bad_alloc&) {
    // The place stays unused; it is only a stretch of a sparse file.
  }
}

Result<std::unique_ptr<fuse::Channel>> DevConnection::open_channel() noexcept {
  const std::uint64_t place = take_place();
  auto channel = channel_at(place);
  if (!channel) give_place(place);  // a channel gives it back itself
  return channel;
}

Result<std::unique_ptr<fuse::Channel>> DevConnection::channel_at(std::uint64_t place) noexcept {
  TRY(make_room(static_cast<off_t>((place + 1) * buffer_size_)));
  RequestBuffer buffer =
      TRY(RequestBuffer::make(request_file_.get(), place * buffer_size_, buffer_size_));
  // Not cleared: only what a handler has filled is ever sent.
  std::unique_ptr<std::byte[]> reply{new (std::nothrow) std::byte[buffer_size_]};
  if (!reply) return fail(ENOMEM);
  std::unique_ptr<fuse::Channel> channel{new (std::nothrow) DevChannel{
      *this, std::move(buffer), place, std::move(reply), buffer_size_}};
  if (!channel) return fail(ENOMEM);
  return channel;
}

Result<void> DevConnection::make_room(off_t end) noexcept {
  std::lock_guard lock{mutex_};
  if (::lseek(request_file_.get(), 0, SEEK_END) >= end) return {};
  if (::ftruncate(request_file_.get(), end) < 0) return fail_last();
  return {};
}

Result<void> DevConnection::notify(std::int32_t code, std::span<const Bytes> body) noexcept {
  if (body.size() > kMostPieces) return fail(EINVAL);
  wire::OutHeader header{};
  header.error = code;
  std::array<iovec, kMostPieces + 1> pieces{};
  std::size_t length = sizeof(header);
  std::size_t count = 1;
  for (Bytes piece : body) {
    pieces[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    length += piece.size();
  }
  header.len = static_cast<std::uint32_t>(length);
  pieces[0] = {&header, sizeof(header)};
  const auto written = retry_interrupted(
      [&] { return ::writev(device_.get(), pieces.data(), static_cast<int>(count)); });
  if (written < 0) return fail_last();
  return {};
}

}  // namespace sluice::channel
