// SPDX-License-Identifier: MIT
#include "sluice/bench/causes.h"

#include <array>

namespace sluice::bench {
namespace {

struct Words {
  std::string_view phrase;
  std::string_view explanation;
};

constexpr std::array<Words, 10> kWords{{
    {"", ""},
    {"kernel: FUSE's cost per read",
     "A small read from the page cache is done in a fraction of a microsecond, and FUSE adds the "
     "call through to the lower file and its credentials to each. No request is sent."},
    {"kernel: FUSE's cost per write",
     "A small write into the page cache takes about a microsecond, and FUSE adds a second inode "
     "lock, the call through and the marking of attributes to each. No request is sent."},
    {"kernel: io_uring's workers write",
     "Buffered writes to a FUSE file are done by io_uring's worker threads, one after another, and "
     "reach a part of the lower file's rate whatever the server is; plain write calls do not "
     "suffer from it."},
    {"one request to the daemon",
     "Each call waits for one answer of the daemon: about 8 us when both run on one CPU, up to "
     "50 us when an idle CPU must be woken."},
    {"several requests to the daemon",
     "Names are created, opened and removed by the daemon, one request each, and each waits for "
     "its "
     "answer."},
    {"listing asks the daemon",
     "Opening, reading and closing a directory are requests; looking at its files is none while "
     "their attributes are cached."},
    {"kernel: xattrs are not cached",
     "The kernel keeps no extended attributes of a FUSE file, so each question about one is a "
     "request, also when the answer is that there is none."},
    {"first look-up of every name",
     "The kernel asks for each name once; the second walk shows what it costs when it knows them."},
    {"new to all",
     "Each file is looked up and opened for the first time. Where its contents decide, an "
     "inspector "
     "looks into it, and a copy is made where something is found; the next open costs no more than "
     "that of any other file."},
}};

static_assert(kWords.size() == static_cast<std::size_t>(Cause::first_look) + 1);

}  // namespace

std::string_view phrase(Cause cause) noexcept {
  return kWords[static_cast<std::size_t>(cause)].phrase;
}

std::string_view explanation(Cause cause) noexcept {
  return kWords[static_cast<std::size_t>(cause)].explanation;
}

}  // namespace sluice::bench
