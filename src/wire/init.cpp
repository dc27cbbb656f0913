// SPDX-License-Identifier: MIT
// INIT has grown twice: 8 bytes (the version alone), 16 (readahead and flags, from 7.6), 64 (more
// flags, from 7.36). Only what a kernel of the announced version sends is asked for.
#include "sluice/wire/init.h"

#include <string>

namespace sluice::wire {
namespace {

struct Version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};
struct Limits {
  std::uint32_t max_readahead = 0;
  std::uint32_t flags = 0;
};

void append(std::string& line, const Version& version) {
  line += std::to_string(version.major);
  line += '.';
  line += std::to_string(version.minor);
}

Error too_old(const Version& kernel) {
  std::string line = "this kernel speaks FUSE protocol ";
  append(line, kernel);
  line += ", and ";
  append(line, Version{kMajor, kMinMinor});
  line += " or newer is needed: use Linux 5.4 or newer";
  return Error{std::move(line), EPROTO};
}

Error cut_short() { return Error::of("the kernel's INIT request is cut short", EIO); }

}  // namespace

Result<InitOffer, Error> parse_init(Reader& in) {
  const auto version = in.take<Version>();
  if (!version) return fail(cut_short());
  InitOffer offer{.major = version->major, .minor = version->minor};
  if (offer.wants_our_major()) return offer;
  if (offer.major < kMajor || offer.minor < kMinMinor) return fail(too_old(*version));

  const auto limits = in.take<Limits>();
  if (!limits) return fail(cut_short());
  offer.max_readahead = limits->max_readahead;
  offer.flags = Flags<InitFlag>::from(limits->flags);
  if (!offer.flags.has(InitFlag::init_ext)) return offer;

  const auto flags2 = in.take<std::uint32_t>();
  if (!flags2) return fail(cut_short());
  offer.flags = Flags<InitFlag>::from(limits->flags | std::uint64_t{*flags2} << 32);
  return offer;
}

}  // namespace sluice::wire
