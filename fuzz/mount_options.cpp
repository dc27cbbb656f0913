// SPDX-License-Identifier: MIT
// Feeds text to the parser of `-o`. Whatever it says, it ends in Options that mean something or in
// one line for a person; and taking an option twice is the same as taking it once.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sluice/mount/options.h"

namespace {

using namespace sluice;
using namespace sluice::mount;

void must(bool condition) {
  if (!condition) std::abort();
}

bool same(const Options& a, const Options& b) {
  return a.source == b.source && a.mountpoint == b.mountpoint && a.subtype == b.subtype &&
         a.flags == b.flags && a.root == b.root && a.allow_other == b.allow_other &&
         a.default_permissions == b.default_permissions && a.max_read == b.max_read &&
         a.only == b.only;
}

void check(std::string_view text, const Options& options) {
  // What `-o` may not say stays as it was given.
  must(options.mountpoint == "/m" && options.root == RootKind::directory);
  if (options.max_read) must(*options.max_read >= kMinMaxRead);
  const auto again = parse_mount_options(text, options);
  must(again.has_value() && same(*again, options));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  Options base;
  base.mountpoint = "/m";
  const auto options = parse_mount_options(text, base);
  if (options) {
    check(text, *options);
  } else {
    const std::string& line = options.error().line();
    must(!line.empty());
  }
  // A word is a flag's if and only if it is how that flag is written.
  if (const auto flag = flag_of(text)) must(word(*flag) == text || !word(*flag).empty());
  return 0;
}
