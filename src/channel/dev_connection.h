// SPDX-License-Identifier: MIT
// The connection over /dev/fuse: read(2) gives one request, write(2) takes one reply.
//
// Request buffers lie in a memory file, so that a process which holds that file can find the
// request a dead server had read and not answered. Reply buffers are private.
// source: linux fs/fuse/dev.c fuse_dev_do_read(), fuse_dev_do_write()
#pragma once

#include <mutex>
#include <vector>

#include "sluice/base/fd.h"
#include "sluice/fuse/channel.h"

namespace sluice::channel {

// Memory for one request that the kernel writes; in a shared memory file at a fixed place.
class RequestBuffer {
 public:
  // errors: ENOMEM, EMFILE.
  static Result<RequestBuffer> make(int memory_file, std::uint64_t offset, std::size_t size);
  RequestBuffer(RequestBuffer&& other) noexcept;
  RequestBuffer& operator=(RequestBuffer&&) = delete;
  ~RequestBuffer();
  MutableBytes bytes() const noexcept { return bytes_; }

 private:
  explicit RequestBuffer(MutableBytes bytes) noexcept : bytes_{bytes} {}
  MutableBytes bytes_;
};

class DevConnection final : public fuse::Connection {
 public:
  struct Options {
    // Bytes of a WRITE or READ at most; as INIT will settle it.
    std::size_t max_write = 1U << 20;
  };

  // Takes the descriptor of a mounted /dev/fuse (or of a socket that plays it).
  // errors: ENOMEM, EMFILE for the memory file.
  static Result<std::unique_ptr<DevConnection>> make(Fd device, const Options& options);

  Result<std::unique_ptr<fuse::Channel>> open_channel() noexcept override;
  Result<void> notify(std::int32_t code, std::span<const Bytes> body) noexcept override;

  // Borrowed for as long as the connection lives.
  const Fd& device() const noexcept { return device_; }
  const Fd& request_file() const noexcept { return request_file_; }

 private:
  friend class DevChannel;
  DevConnection(Fd device, Fd request_file, const Options& options) noexcept;
  std::uint64_t take_place() noexcept;
  void give_place(std::uint64_t place) noexcept;
  Result<std::unique_ptr<fuse::Channel>> channel_at(std::uint64_t place) noexcept;
  // Makes the request file reach at least to `end`.
  Result<void> make_room(off_t end) noexcept;

  Fd device_;
  Fd request_file_;
  std::size_t buffer_size_;

  std::mutex mutex_;  // guards all below
  std::vector<std::uint64_t> free_places_;
  std::uint64_t next_place_ = 0;
};

}  // namespace sluice::channel
