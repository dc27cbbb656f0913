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

constexpr std::uint64_t kPiece = std::uint64_t{256} << 10;
constexpr std::size_t kMostPieces = 16;
constexpr std::chrono::seconds kKept{1};

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
  std::size_t given = 0;
  while (given < into.size() && offset <= kFarthest) {
    const Shared here = TRY(piece(offset / kPiece));
    const auto before = static_cast<std::size_t>(offset % kPiece);
    if (here->bytes.size() <= before) break;
    const std::size_t length = std::min(into.size() - given, here->bytes.size() - before);
    std::memcpy(into.data() + given, here->bytes.data() + before, length);
    given += length;
    offset += length;
    if (here->bytes.size() < kPiece) break;
  }
  return given;
}

Result<PieceReader::Shared> PieceReader::piece(std::uint64_t number) const {
  const Version version = TRY(Version::of(lower_.get()));
  if (Shared known = kept(number, version)) return known;
  Shared made = TRY(make(number, version));
  // A change that comes so soon after another may not show.
  if (version.settled(std::chrono::system_clock::now())) keep(made);
  return made;
}

Result<PieceReader::Shared> PieceReader::make(std::uint64_t number, const Version& version) const {
  const std::uint64_t offset = number * kPiece;
  const std::uint64_t begin = offset - std::min(offset, what_.around);
  const auto until = Clock::now() + kKept;
  std::vector<std::byte> bytes =
      TRY(read_at(lower_.get(), begin, offset - begin + kPiece + what_.around));
  const auto before = static_cast<std::size_t>(offset - begin);
  if (bytes.size() <= before) return std::make_shared<const Piece>(number, version, until);
  const Fd file = TRY(as_file(bytes));
  const Redacted hidden =
      finder_->redact(what_.contents, policy::With::nothing, file.get(), bytes.size(), what_.path);
  if (hidden.outcome != Outcome::whole) return fail(EIO);
  hidden.redaction.apply(0, bytes);
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(before));
  bytes.resize(std::min<std::size_t>(bytes.size(), kPiece));
  return std::make_shared<const Piece>(number, version, until, std::move(bytes));
}

PieceReader::Shared PieceReader::kept(std::uint64_t number, const Version& version) const {
  const std::lock_guard lock{mutex_};
  const auto now = Clock::now();
  std::erase_if(pieces_,
                [&](const Shared& each) { return each->until < now || each->version != version; });
  const auto found =
      std::ranges::find(pieces_, number, [](const Shared& each) { return each->number; });
  if (found == pieces_.end()) return nullptr;
  pieces_.splice(pieces_.begin(), pieces_, found);
  return pieces_.front();
}

void PieceReader::keep(Shared piece) const {
  const std::lock_guard lock{mutex_};
  pieces_.push_front(std::move(piece));
  if (pieces_.size() > kMostPieces) pieces_.pop_back();
}

}  // namespace sluice::content
