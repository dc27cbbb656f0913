// SPDX-License-Identifier: MIT
#include "sluice/fuse/negotiated.h"

#include <algorithm>

namespace sluice::fuse {
namespace {

// The kernel's page, in which it counts max_pages; the same on every machine we run on.
constexpr std::uint32_t kPage = 4096;

}  // namespace

Flags<InitFlag> ordinary_flags() noexcept {
  return {InitFlag::async_read,    InitFlag::big_writes,     InitFlag::max_pages,
          InitFlag::async_dio,     InitFlag::parallel_dirops, InitFlag::auto_inval_data,
          InitFlag::setxattr_ext,  InitFlag::has_ioctl_dir,   InitFlag::init_ext};
}

InitAnswer settle(const Terms& terms) noexcept {
  InitAnswer answer;
  Flags<InitFlag> flags = terms.wanted & terms.offered.flags;
  const bool extended = terms.offered.flags.has(InitFlag::init_ext);
  if (!extended) flags = Flags<InitFlag>::from(flags.word() & 0xffffffffULL);

  wire::InitOut& out = answer.out;
  out.major = wire::kMajor;
  out.minor = std::min(terms.offered.minor, std::uint32_t{wire::kMinor});
  out.max_readahead = std::min(terms.offered.max_readahead, terms.max_readahead);
  out.flags = static_cast<std::uint32_t>(flags.word());
  out.flags2 = static_cast<std::uint32_t>(flags.word() >> 32);
  out.max_background = terms.max_background;
  out.congestion_threshold = static_cast<std::uint16_t>(terms.max_background * 3U / 4U);
  const std::uint32_t limit = flags.has(InitFlag::max_pages) ? terms.max_write : 32 * kPage;
  out.max_write = std::max(kPage, std::min(terms.max_write, limit));
  out.max_pages = static_cast<std::uint16_t>(std::min(65535U, (out.max_write + kPage - 1) / kPage));
  out.time_gran = terms.time_granularity;
  out.max_stack_depth = flags.has(InitFlag::passthrough) ? terms.max_stack_depth : 0;

  answer.negotiated.minor = out.minor;
  answer.negotiated.flags = flags.without(terms.foreign);
  answer.negotiated.max_write = out.max_write;
  answer.negotiated.max_stack_depth = out.max_stack_depth;
  return answer;
}

}  // namespace sluice::fuse
