// SPDX-License-Identifier: MIT
#include "sluice/content/piece_reader.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace sluice::content {
namespace {

// Gives the bytes from `offset` on, as many as there are.
Result<std::vector<std::byte>> read_at(int fd, std::uint64_t offset, std::uint64_t length) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(length));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = retry_interrupted([&] {
      return ::pread(fd, bytes.data() + filled, bytes.size() - filled,
                     static_cast<off_t>(offset + filled));
    });
    if (got < 0) return fail_last();
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

// Whoever looks is handed a file, not bytes.
Result<Fd> as_file(Bytes bytes) {
  Fd file = TRY(own(::memfd_create("sluice-piece", MFD_CLOEXEC)));
  while (!bytes.empty()) {
    const ssize_t wrote =
        retry_interrupted([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
    if (wrote <= 0) return wrote < 0 ? fail_last() : fail(EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return file;
}

}  // namespace

PieceReader::PieceReader(Fd lower, std::shared_ptr<Finder> finder, What what)
    : lower_{std::move(lower)}, finder_{std::move(finder)}, what_{std::move(what)} {}

Result<std::size_t> PieceReader::read(std::uint64_t offset, MutableBytes into) const {
  constexpr std::uint64_t kFarthest = std::uint64_t{1} << 62;
  if (offset > kFarthest || into.empty()) return std::size_t{0};
  const std::uint64_t begin = offset - std::min(offset, what_.around);
  std::vector<std::byte> bytes =
      TRY(read_at(lower_.get(), begin, offset - begin + into.size() + what_.around));
  const std::size_t before = static_cast<std::size_t>(offset - begin);
  if (bytes.size() <= before) return std::size_t{0};
  const Fd file = TRY(as_file(bytes));
  const Redacted hidden =
      finder_->redact(what_.contents, policy::With::nothing, file.get(), bytes.size(), what_.path);
  if (hidden.outcome != Outcome::whole) return fail(EIO);
  hidden.redaction.apply(0, bytes);
  const std::size_t given = std::min(into.size(), bytes.size() - before);
  std::memcpy(into.data(), bytes.data() + before, given);
  return given;
}

}  // namespace sluice::content
