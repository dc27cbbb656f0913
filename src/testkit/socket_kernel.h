// SPDX-License-Identifier: MIT
// The kernel's side of a socket that plays /dev/fuse: packets go out as requests and come in as
// replies and notifications, whole, as read(2) and write(2) of the device carry them. It knows no
// rules (testkit::Kernel does); it is for what happens to the bytes themselves.
// What a socket cannot play is the device's refusal of one reply by ENOENT: refuse_replies() lets
// every write fail with EPIPE, which is why a program that uses it ignores SIGPIPE.
#pragma once

#include <chrono>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/fd.h"
#include "sluice/wire/structs.h"

namespace sluice::testkit {

class SocketKernel {
 public:
  // errors: EMFILE, ENOMEM.
  static Result<SocketKernel> make();

  // The server's end, once.
  Fd take_device() noexcept { return std::move(device_); }

  // Sends a request; header.len is set to what it should be.
  Result<void> send(wire::InHeader header, Bytes body);
  // Sends a packet as it is.
  Result<void> send_packet(Bytes packet);

  struct Packet {
    wire::OutHeader header;
    std::vector<std::byte> body;
    std::size_t size = 0;  // of the whole packet, which header.len should say
  };
  // Waits for what the server writes next. errors: ETIMEDOUT nothing came; EPIPE it is gone; EIO a
  // packet without a whole header.
  Result<Packet> receive(std::chrono::milliseconds patience = std::chrono::seconds{10});

  // Sends INIT as the newest kernel would, and gives the answer.
  Result<wire::InitOut> init();

  void refuse_replies() noexcept;
  // The mount is gone: the server's next read finds the end.
  void unmount() noexcept { kernel_.reset(); }

 private:
  Fd kernel_;
  Fd device_;
};

}  // namespace sluice::testkit
