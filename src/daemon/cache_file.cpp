// SPDX-License-Identifier: MIT
#include "sluice/daemon/cache_file.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "sluice/policy/load.h"

namespace sluice::daemon {
namespace {

using Magic = std::array<char, 8>;
constexpr Magic kMagic{'s', 'l', 'u', 'i', 'c', 'e', 'C', '\n'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kMaxName = 8192;  // bytes of a path, as far as open(2) takes it, and more

class Taker {
 public:
  explicit Taker(Bytes bytes) noexcept : left_{bytes} {}

  Result<Bytes> take(std::size_t size) noexcept {
    if (size > left_.size()) return fail(EINVAL);
    const Bytes taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  template <class Value>
  Result<Value> value() noexcept {
    const Bytes bytes = TRY(take(sizeof(Value)));
    Value value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  Result<std::string> text() {
    const auto size = TRY(value<std::uint32_t>());
    if (size > kMaxName) return fail(EINVAL);
    const Bytes bytes = TRY(take(size));
    return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  Bytes rest() const noexcept { return left_; }

 private:
  Bytes left_;
};

template <class Value>
void put(std::vector<std::byte>& out, const Value& value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(out.data() + at, &value, sizeof value);
}

void put_text(std::vector<std::byte>& out, const std::string& text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
}

}  // namespace

std::vector<std::byte> write_cache_file(const CacheFile& file) {
  std::vector<std::byte> out;
  put(out, kMagic);
  put(out, kVersion);
  put_text(out, file.key);
  put(out, static_cast<std::uint32_t>(file.included.size()));
  for (const Included& each : file.included) {
    put_text(out, each.includer);
    put_text(out, each.file);
    put(out, each.answer);
  }
  out.insert(out.end(), file.program.begin(), file.program.end());
  return out;
}

Result<CacheFile> read_cache_file(Bytes bytes) {
  Taker taker{bytes};
  if (TRY(taker.value<Magic>()) != kMagic) return fail(EINVAL);
  if (TRY(taker.value<std::uint32_t>()) != kVersion) return fail(EINVAL);
  CacheFile file;
  file.key = TRY(taker.text());
  const auto count = TRY(taker.value<std::uint32_t>());
  if (count > policy::kMaxFiles + policy::kMaxImports) return fail(EINVAL);
  for (std::uint32_t i = 0; i < count; ++i) {
    Included each;
    each.includer = TRY(taker.text());
    each.file = TRY(taker.text());
    each.answer = TRY(taker.value<policy::Digest>());
    file.included.push_back(std::move(each));
  }
  file.program = taker.rest();
  return file;
}

}  // namespace sluice::daemon
