// SPDX-License-Identifier: MIT
#include "sluice/content/input.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "sluice/base/fd.h"

namespace sluice::content {

Result<void> Input::read(std::uint64_t offset, MutableBytes into) const noexcept {
  if (offset > size_ || into.size() > size_ - offset) {
    failed_ = true;
    return fail(EIO);
  }
  if (fd_ < 0) return inspect::BytesSource{bytes_}.read(offset, into);
  while (!into.empty()) {
    const ssize_t got = retry_interrupted(
        [&] { return ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset)); });
    if (got <= 0) {  // the end comes earlier than it was said to
      failed_ = true;
      return fail(got < 0 ? Errno::last() : Errno{EIO});
    }
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

std::vector<inspect::Range> Input::extents(std::uint64_t least, std::size_t most) const {
  std::vector<inspect::Range> all;
  std::uint64_t at = 0;
  while (at < size_) {
    const off_t data =
        fd_ < 0 ? static_cast<off_t>(at) : ::lseek(fd_, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing but a hole
    std::uint64_t begin = data < 0 ? at : static_cast<std::uint64_t>(data);
    if (begin >= size_) break;
    const off_t hole = data < 0 || fd_ < 0 || all.size() + 1 >= most
                           ? static_cast<off_t>(-1)
                           : ::lseek(fd_, static_cast<off_t>(begin), SEEK_HOLE);
    const std::uint64_t end =
        hole <= data ? size_ : std::min<std::uint64_t>(static_cast<std::uint64_t>(hole), size_);
    if (!all.empty() && begin - all.back().end() < least) {
      begin = all.back().offset;
      all.pop_back();
    }
    all.push_back({begin, end - begin});
    at = end;
  }
  return all;
}

std::vector<std::byte> Input::head(std::size_t most) const {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(most, size_));
  if (!read(0, bytes)) bytes.clear();
  return bytes;
}

}  // namespace sluice::content
