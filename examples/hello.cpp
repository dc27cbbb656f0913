// SPDX-License-Identifier: MIT
// The smallest file system that shows something: one directory with one file.
#include <sluice/fuse.h>

using namespace sluice;
using namespace sluice::fuse;
using namespace std::chrono_literals;

class Hello {
  static constexpr NodeId kFile{2};
  static constexpr std::string_view kText = "Hello, world!\n";
  static constexpr Attr kDirectory = Attr::directory(kRoot, Mode{0555});
  static constexpr Attr kRegular = Attr::regular(kFile, Mode{0444}, kText.size());

 public:
  Result<Entry> lookup(const Lookup& r) const {
    if (r.node != kRoot || r.name != "hello") return fail(ENOENT);
    return Entry{kFile, kRegular, 1s};
  }
  Result<AttrReply> get_attr(const GetAttr& r) const {
    return AttrReply{r.node == kFile ? kRegular : kDirectory, 1s};
  }
  Result<void> read_dir(const ReadDir& r, DirWriter& out) const {
    return out.list_from(r.offset, {{".", kDirectory}, {"..", kDirectory}, {"hello", kRegular}});
  }
  Result<Data> read(const Read& r, ReadBuffer& out) const { return out.slice_of(kText, r.offset); }
};

int main(int argc, char** argv) {
  Hello hello;
  return argc == 2 ? run(hello, {.mountpoint = argv[1], .read_only = true}) : 2;
}
