// SPDX-License-Identifier: MIT
// All that a server needs to open files natively, in one object: the interface that fits the
// kernel, the ids, which opens share them, counted in this process's memory. Servers that keep
// their nodes elsewhere put Registrar and Shares together themselves.
#pragma once

#include <memory>

#include "sluice/backing/abi.h"
#include "sluice/backing/shares.h"

namespace sluice::backing {

class Backings {
 public:
  // `device` is the mounted /dev/fuse; borrowed, and outlives this.
  explicit Backings(const Fd& device);
  // As above for a device that is not the kernel's. `control` outlives this.
  explicit Backings(Control& control);
  Backings(const Backings&) = delete;
  Backings& operator=(const Backings&) = delete;
  ~Backings();

  // To be called once, at INIT, before any open: gives what to ask the kernel for. With Abi::none
  // every open() is one without a backing.
  const Choice& choose(const wire::InitOffer& offer);

  // Counts one more open file of `node`, whose lower file is open as `lower`.
  // returns  the id that the reply must name; none, with the reason in `refusal`, where this file
  //          must be served.
  // errors   ENOMEM.
  // locks    the node's stripe, over the ioctl.
  Result<Mode> open(NodeId node, const Fd& lower) noexcept;

  // Takes one open() of `node` back: at RELEASE, or when its reply was not delivered. The id goes
  // with the last.
  void close(NodeId node) noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::backing
