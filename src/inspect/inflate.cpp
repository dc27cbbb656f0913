// SPDX-License-Identifier: MIT
#include "sluice/inspect/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::inspect {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

// How zlib is told what is around the deflated data. source: zlib.h inflateInit2
int window_bits(Wrapping wrapping) noexcept {
  switch (wrapping) {
    case Wrapping::raw: return -MAX_WBITS;
    case Wrapping::zlib: return MAX_WBITS;
    case Wrapping::gzip: break;
  }
  return MAX_WBITS + 16;
}

class Stream {
 public:
  explicit Stream(Wrapping wrapping) noexcept {
    good_ = inflateInit2(&stream_, window_bits(wrapping)) == Z_OK;
  }
  ~Stream() {
    if (good_) inflateEnd(&stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool good() const noexcept { return good_; }

  // Unpacks at most a block more from `packed`; adds to `consumed`. Gives zlib's answer.
  int next(Bytes packed, std::size_t& consumed, std::array<std::byte, kBlock>& block,
           std::size_t& length) {
    const auto left =
        std::min<std::size_t>(packed.size() - consumed, std::numeric_limits<uInt>::max());
    // zlib does not write there.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + consumed));
    stream_.avail_in = static_cast<uInt>(left);
    stream_.next_out = reinterpret_cast<Bytef*>(block.data());
    stream_.avail_out = static_cast<uInt>(block.size());
    const int answer = ::inflate(&stream_, Z_NO_FLUSH);
    consumed += left - stream_.avail_in;
    length = block.size() - stream_.avail_out;
    return answer;
  }

 private:
  z_stream stream_{};
  bool good_ = false;
};

}  // namespace

Inflated inflate(Bytes packed, Wrapping wrapping, std::size_t most, Budget& budget) {
  Inflated out;
  Stream stream{wrapping};
  if (!stream.good()) return out;
  std::array<std::byte, kBlock> block;
  for (;;) {
    std::size_t length = 0;
    const std::size_t before = out.consumed;
    const int answer = stream.next(packed, out.consumed, block, length);
    if (length > most - out.bytes.size() || !budget.take_bytes(length)) {
      out.unpacked = Unpacked::too_large;
      return out;
    }
    out.bytes.insert(out.bytes.end(), block.begin(),
                     block.begin() + static_cast<std::ptrdiff_t>(length));
    if (answer == Z_STREAM_END) {
      out.unpacked = Unpacked::whole;
      return out;
    }
    if (answer != Z_OK || (length == 0 && out.consumed == before)) return out;
  }
}

}  // namespace sluice::inspect
