// SPDX-License-Identifier: MIT
#include "sluice/content/face.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sluice::content {

Face::Face(Fd file, std::uint64_t size, std::function<void()> released)
    : file_{std::move(file)}, size_{size}, released_{std::move(released)} {}

Face::Face(Fd lower, const Version& version, inspect::Redaction redaction)
    : file_{std::move(lower)},
      size_{version.size()},
      ranges_{Ranges{version, std::move(redaction)}} {}

Face::Face(std::uint64_t size, Reader reader) : size_{size}, reader_{std::move(reader)} {}

Face::~Face() {
  if (released_) released_();
}

Result<std::size_t> Face::read(std::uint64_t offset, MutableBytes into) const noexcept {
  if (reader_) return reader_(offset, into);
  if (offset >= size_) return std::size_t{0};
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  std::size_t filled = 0;
  while (filled < room) {
    const ssize_t got = retry_interrupted([&] {
      return ::pread(file_.get(), into.data() + filled, room - filled,
                     static_cast<off_t>(offset + filled));
    });
    if (got < 0) return fail_last();
    if (got == 0) return fail(EIO);  // it is shorter than it was
    filled += static_cast<std::size_t>(got);
  }
  if (!ranges_) return filled;
  ranges_->redaction.apply(offset, into.first(filled));
  // What was read before a change is the version's; what was read after it shows here.
  const auto now = Version::of(file_.get());
  if (!now || *now != ranges_->version) return fail(EIO);
  return filled;
}

}  // namespace sluice::content
