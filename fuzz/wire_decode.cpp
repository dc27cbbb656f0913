// SPDX-License-Identifier: MIT
// Feeds bytes to everything that takes a request apart, and stops where a promise is broken: what
// is given lies inside the request, names are single components, failures consume nothing.
//
// Input: one byte with the number of steps (0..31), one with the length of the fixed piece (0: the
// request is in one piece), the steps, the fixed piece, the payload. Each step's low three bits say
// what is taken next and its high five bits how much. The whole input is also tried as an INIT
// request, as extensions and as a name.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "sluice/wire/extensions.h"
#include "sluice/wire/init.h"
#include "sluice/wire/reader.h"
#include "sluice/wire/structs.h"
#include "sluice/wire/writer.h"

namespace {

using namespace sluice;
using namespace sluice::wire;

void must(bool condition) {
  if (!condition) std::abort();
}

// A copy without a byte to spare, so that a sanitizer sees the first byte too many.
class Exact {
 public:
  explicit Exact(Bytes bytes) : bytes_{new std::byte[bytes.size()]}, size_{bytes.size()} {
    if (size_ != 0) std::memcpy(bytes_.get(), bytes.data(), size_);
  }
  Bytes get() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

void touch(Bytes bytes, Bytes within) {
  must(bytes.empty() || (bytes.data() >= within.data() &&
                         bytes.data() + bytes.size() <= within.data() + within.size()));
  volatile unsigned sum = 0;
  for (std::byte byte : bytes) sum = sum + std::to_integer<unsigned>(byte);
}

void check(const Name& name, Bytes within) {
  must(!name.empty() && name.size() <= kMaxName && name.view() != "." && name.view() != "..");
  must(name.view().find('/') == std::string_view::npos);
  must(std::strlen(name.c_str()) == name.size());
  touch(bytes_of(name.view()), within);

  // What the Writer makes of it, the Reader takes back.
  std::byte room[kMaxName + 1];
  Writer out{room};
  must(out.put_name(name.view()).has_value());
  must(Reader{out.written()}.take_name().value_or(Name{}) == name);
}

void try_extensions(Bytes area) {
  const auto extensions = Extensions::parse(area);
  if (!extensions) return;
  auto contexts = extensions->security_contexts();
  for (std::uint32_t left = contexts.left(); left != 0; --left) {
    const auto one = contexts.next();
    must(one.has_value() && !one->name.empty());
    touch(bytes_of(one->name), area);
    touch(one->value, area);
  }
  must(!contexts.next().has_value());
  std::size_t groups = 0;
  for (std::uint32_t gid : extensions->groups()) groups += gid <= 0xffffffffU;
  must(groups == extensions->groups().size() && groups * sizeof(std::uint32_t) <= area.size());
}

template <Struct T>
bool took(Reader& in) {
  return in.take<T>().has_value();
}

bool take_struct(Reader& in, unsigned which) {
  switch (which % 8) {
    case 0: return took<RemovemappingIn>(in);
    case 1: return took<OpenIn>(in);
    case 2: return took<CreateIn>(in);
    case 3: return took<ReleaseIn>(in);
    case 4: return took<WriteIn>(in);
    case 5: return took<LkIn>(in);
    case 6: return took<SetattrIn>(in);
    default: return took<StatxOut>(in);
  }
}

// Takes one thing; tells whether there was one.
bool step(Reader& in, unsigned what, unsigned amount, Bytes payload) {
  switch (what) {
    case 0: return take_struct(in, amount);
    case 1: {
      const auto name = in.take_name();
      if (name) check(*name, payload);
      return name.has_value();
    }
    case 2: {
      const auto text = in.take_text();
      if (!text) return false;
      touch(bytes_of(*text), payload);
      must(text->find('\0') == text->npos && *(text->data() + text->size()) == '\0');
      return true;
    }
    case 3: {
      const auto bytes = in.take_bytes(amount);
      if (bytes) touch(*bytes, payload);
      return bytes.has_value();
    }
    case 4: {
      const auto extensions = in.take_extensions(amount * kRecordAlign);
      if (!extensions) return false;
      touch(*extensions, payload);
      try_extensions(*extensions);
      return true;
    }
    case 5: {  // a count that the request itself gives
      const auto head = in.take<BatchForgetIn>();
      if (!head) return false;
      const auto array = in.take_array<ForgetOne>(head->count);
      std::size_t seen = 0;
      if (array) {
        for (const ForgetOne& one : *array) seen += one.nodeid <= ~std::uint64_t{0};
        must(seen == head->count && seen * sizeof(ForgetOne) <= payload.size());
      }
      return true;
    }
    case 6: {  // a size that the request itself gives
      const auto head = in.take<WriteIn>();
      if (!head) return false;
      const auto data = in.take_bytes(head->size);
      if (data) touch(*data, payload);
      return true;
    }
    default: touch(in.rest(), payload); return true;
  }
}

void try_reader(Bytes input) {
  if (input.size() < 2) return;
  const auto steps = std::to_integer<std::size_t>(input[0] & std::byte{31});
  const auto fixed_size = std::to_integer<std::size_t>(input[1]);
  input = input.subspan(2);
  if (input.size() < steps + fixed_size) return;
  const Bytes script = input.first(steps);
  const Exact fixed{input.subspan(steps, fixed_size)};
  const Exact payload{input.subspan(steps + fixed_size)};

  Reader in = fixed_size != 0 ? Reader{fixed.get(), payload.get()} : Reader{payload.get()};
  for (std::byte byte : script) {
    const auto value = std::to_integer<unsigned>(byte);
    const std::size_t before = in.left();
    const bool taken = step(in, value & 7, value >> 3, payload.get());
    must(in.left() <= before);
    must(taken || in.left() == before);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Exact input{std::as_bytes(std::span{data, size})};
  try_reader(input.get());
  try_extensions(input.get());
  if (const auto name = Name::from(input.get())) check(*name, input.get());
  Reader init{input.get()};
  if (const auto offer = parse_init(init)) must(offer->major > kMajor || offer->minor >= kMinMinor);
  return 0;
}
