// SPDX-License-Identifier: MIT
// How an operation's members stand on the wire, declared once and read in both directions: the
// session decodes requests by it, and testkit's kernel encodes them by it.
//
// A Layout names the fixed struct that comes first (or NoFixed) and, in their order on the wire,
// the items: Field (a member of the fixed struct), NameItem, TextItem, and SizedBytes.
#pragma once

#include <cstdint>
#include <type_traits>

#include "sluice/base/bytes.h"
#include "sluice/base/flags.h"
#include "sluice/base/result.h"
#include "sluice/fuse/attr.h"
#include "sluice/wire/name.h"
#include "sluice/wire/reader.h"
#include "sluice/wire/writer.h"

namespace sluice::fuse {

struct NoFixed {};

// op.*Member is the fixed struct's *WireMember: an integer, a strong id, or a word of flags.
template <auto Member, auto WireMember>
struct Field {};

// op.*Member is the time in two members of the fixed struct.
template <auto Member, auto Seconds, auto Nanoseconds>
struct TimeField {};

// op.*Member is a wire::Name.
template <auto Member>
struct NameItem {};

// op.*Member is a std::string_view that ends with NUL on the wire.
template <auto Member>
struct TextItem {};

// op.*Member is a Bytes whose length stands in the fixed struct's *WireSize.
template <auto Member, auto WireSize>
struct SizedBytes {};

template <class Fixed, class... Items>
struct Layout {};

namespace detail {

template <class T>
struct IsFlags : std::false_type {};
template <class Bit>
struct IsFlags<Flags<Bit>> : std::true_type {};

template <class To, class From>
constexpr To from_wire(From value) noexcept {
  if constexpr (IsFlags<To>::value) {
    return To::from(static_cast<typename To::Word>(value));
  } else {
    return static_cast<To>(value);
  }
}

template <class To, class From>
constexpr To to_wire(const From& value) noexcept {
  if constexpr (IsFlags<From>::value) {
    return static_cast<To>(value.word());
  } else if constexpr (std::is_enum_v<From>) {
    return static_cast<To>(raw(value));
  } else {
    return static_cast<To>(value);
  }
}

// One item at a time; `get` runs after the fixed struct was taken, `set` before it is put.
template <class Item>
struct ItemCodec;

template <auto Member, auto WireMember>
struct ItemCodec<Field<Member, WireMember>> {
  template <class Op, class Fixed>
  static Result<void> get(Op& op, const Fixed& fixed, wire::Reader&) noexcept {
    op.*Member = from_wire<std::remove_reference_t<decltype(op.*Member)>>(fixed.*WireMember);
    return {};
  }
  template <class Op, class Fixed>
  static void set(const Op& op, Fixed& fixed) noexcept {
    fixed.*WireMember = to_wire<std::remove_reference_t<decltype(fixed.*WireMember)>>(op.*Member);
  }
  template <class Op>
  static Result<void> put(const Op&, wire::Writer&) noexcept {
    return {};
  }
};

template <auto Member, auto Seconds, auto Nanoseconds>
struct ItemCodec<TimeField<Member, Seconds, Nanoseconds>> {
  template <class Op, class Fixed>
  static Result<void> get(Op& op, const Fixed& fixed, wire::Reader&) noexcept {
    op.*Member = Time{static_cast<std::int64_t>(fixed.*Seconds), fixed.*Nanoseconds};
    return {};
  }
  template <class Op, class Fixed>
  static void set(const Op& op, Fixed& fixed) noexcept {
    fixed.*Seconds = static_cast<std::uint64_t>((op.*Member).seconds);
    fixed.*Nanoseconds = (op.*Member).nanoseconds;
  }
  template <class Op>
  static Result<void> put(const Op&, wire::Writer&) noexcept {
    return {};
  }
};

template <auto Member>
struct ItemCodec<NameItem<Member>> {
  template <class Op, class Fixed>
  static Result<void> get(Op& op, const Fixed&, wire::Reader& in) noexcept {
    op.*Member = TRY(in.take_name());
    return {};
  }
  template <class Op, class Fixed>
  static void set(const Op&, Fixed&) noexcept {}
  template <class Op>
  static Result<void> put(const Op& op, wire::Writer& out) noexcept {
    return out.put_name((op.*Member).view());
  }
};

template <auto Member>
struct ItemCodec<TextItem<Member>> {
  template <class Op, class Fixed>
  static Result<void> get(Op& op, const Fixed&, wire::Reader& in) noexcept {
    op.*Member = TRY(in.take_text());
    return {};
  }
  template <class Op, class Fixed>
  static void set(const Op&, Fixed&) noexcept {}
  template <class Op>
  static Result<void> put(const Op& op, wire::Writer& out) noexcept {
    return out.put_name(op.*Member);
  }
};

template <auto Member, auto WireSize>
struct ItemCodec<SizedBytes<Member, WireSize>> {
  template <class Op, class Fixed>
  static Result<void> get(Op& op, const Fixed& fixed, wire::Reader& in) noexcept {
    op.*Member = TRY(in.take_bytes(fixed.*WireSize));
    return {};
  }
  template <class Op, class Fixed>
  static void set(const Op& op, Fixed& fixed) noexcept {
    fixed.*WireSize = static_cast<std::uint32_t>((op.*Member).size());
  }
  template <class Op>
  static Result<void> put(const Op& op, wire::Writer& out) noexcept {
    return out.put_bytes(op.*Member);
  }
};

}  // namespace detail

// Fills `op` from a request's arguments; names and bytes are borrowed from the exchange.
// errors: EIO where the arguments are short, a name is not one, or a length lies.
template <class Op, class Fixed, class... Items>
Result<void> decode_layout(Op& op, wire::Reader& in, Layout<Fixed, Items...>) noexcept {
  Fixed fixed{};
  if constexpr (!std::is_same_v<Fixed, NoFixed>) fixed = TRY(in.take<Fixed>());
  Result<void> done;
  static_cast<void>(
      ((done = detail::ItemCodec<Items>::get(op, fixed, in), done.has_value()) && ...));
  return done;
}

// Writes the arguments of `op` as the kernel would. errors: ERANGE where the room is too small.
template <class Op, class Fixed, class... Items>
Result<void> encode_layout(const Op& op, wire::Writer& out, Layout<Fixed, Items...>) noexcept {
  if constexpr (!std::is_same_v<Fixed, NoFixed>) {
    Fixed fixed{};
    (detail::ItemCodec<Items>::set(op, fixed), ...);
    TRY(out.put(fixed));
  }
  Result<void> done;
  static_cast<void>(((done = detail::ItemCodec<Items>::put(op, out), done.has_value()) && ...));
  return done;
}

}  // namespace sluice::fuse
