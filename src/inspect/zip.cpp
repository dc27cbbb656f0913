// SPDX-License-Identifier: MIT
// zip: members as the central directory lists them, stored or deflated. What lies before, between
// and behind them is not looked at here; the file's own bytes are scanned by whoever has the file.
// source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.4
#include <algorithm>
#include <optional>

#include "sluice/inspect/inflate.h"
#include "sluice/inspect/opener.h"

namespace sluice::inspect {
namespace {

constexpr std::size_t kEndLength = 22;
constexpr std::size_t kLongestComment = 65'535;
constexpr std::size_t kEntryLength = 46;
constexpr std::size_t kLocalLength = 30;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the number stands in a zip64 record

struct Entry {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t packed = 0;
  std::uint32_t local = 0;
  std::string_view name;
};

// Gives where the end of the central directory is; it is the last thing but for a comment.
std::optional<std::size_t> find_end(Bytes file) noexcept {
  if (file.size() < kEndLength) return std::nullopt;
  const std::string_view text = text_of(file);
  const std::size_t last = file.size() - kEndLength;
  const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
  const auto at = text.rfind("PK\x05\x06", last);
  if (at == text.npos || at < first) return std::nullopt;
  return at;
}

class Zip {
 public:
  Zip(Bytes file, const std::string& name, unsigned depth, Opener& opener)
      : file_{file}, name_{name}, depth_{depth}, opener_{opener} {}

  void run() {
    const auto end = find_end(file_);
    if (!end) return opener_.note(Opened::malformed);
    const std::uint32_t count = little16(file_, *end + 10);
    const std::uint32_t offset = little32(file_, *end + 16);
    if (offset == kIn64 || count == 0xffff) return opener_.note(Opened::unsupported);
    std::size_t at = offset;
    for (std::uint32_t i = 0; i < count && opener_.goes_on(); ++i) {
      Entry entry;
      if (!opener_.budget().take_steps() || !read_entry(at, entry))
        return opener_.note(Opened::malformed);
      take(entry);
    }
  }

 private:
  bool holds(std::size_t at, std::size_t length) const noexcept {
    return at <= file_.size() && length <= file_.size() - at;
  }

  bool read_entry(std::size_t& at, Entry& entry) const noexcept {
    if (!holds(at, kEntryLength) || !text_of(file_.subspan(at)).starts_with("PK\x01\x02"))
      return false;
    entry.flags = little16(file_, at + 8);
    entry.method = little16(file_, at + 10);
    entry.packed = little32(file_, at + 20);
    entry.local = little32(file_, at + 42);
    const std::size_t name = little16(file_, at + 28), extra = little16(file_, at + 30);
    const std::size_t comment = little16(file_, at + 32);
    if (!holds(at + kEntryLength, name + extra + comment)) return false;
    entry.name = text_of(file_.subspan(at + kEntryLength, name));
    at += kEntryLength + name + extra + comment;
    return true;
  }

  void take(const Entry& entry) {
    if ((entry.flags & 1) != 0 || entry.packed == kIn64 || entry.local == kIn64) {
      return opener_.note(Opened::unsupported);
    }
    if (!holds(entry.local, kLocalLength)) return opener_.note(Opened::malformed);
    if (!text_of(file_.subspan(entry.local)).starts_with("PK\x03\x04"))
      return opener_.note(Opened::malformed);
    const std::size_t data = entry.local + kLocalLength + little16(file_, entry.local + 26) +
                             std::size_t{little16(file_, entry.local + 28)};
    if (!holds(data, entry.packed)) return opener_.note(Opened::malformed);
    unpack(entry, file_.subspan(data, entry.packed));
  }

  void unpack(const Entry& entry, Bytes packed) {
    const std::string name = name_ + "!" + std::string{entry.name};
    if (entry.method == 0) return opener_.member(packed, name, depth_);
    if (entry.method != 8) return opener_.note(Opened::unsupported);
    const Inflated all =
        inflate(packed, Wrapping::raw, opener_.limits().member_bytes, opener_.budget());
    if (all.unpacked == Unpacked::malformed) opener_.note(Opened::malformed);
    if (all.unpacked == Unpacked::too_large) opener_.note(Opened::too_large);
    opener_.member(all.bytes, name, depth_);
  }

  Bytes file_;
  const std::string& name_;
  unsigned depth_;
  Opener& opener_;
};

}  // namespace

void open_zip(Bytes file, const std::string& name, unsigned depth, Opener& opener) {
  Zip{file, name, depth, opener}.run();
}

}  // namespace sluice::inspect
