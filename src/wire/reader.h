// SPDX-License-Identifier: MIT
// Takes a request apart, front to back, and never looks past its end: whatever is short, unended or
// counts more than is there gives EIO, and nothing is consumed then. What it gives is borrowed from
// the request. Bytes left over are the caller's to ignore: newer kernels append fields.
//
// A request that came through io_uring is in two pieces: its first struct stands in the entry's
// header (`fixed`), all else in the payload. A request read from /dev/fuse is in one. Decoders see
// no difference. source: linux fs/fuse/dev_uring.c fuse_uring_args_to_ring()
#pragma once

#include <cstring>
#include <iterator>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/wire/name.h"
#include "sluice/wire/protocol.h"

namespace sluice::wire {

// Elements that follow each other in a request without regard to alignment; each is copied out.
template <Struct T>
class Array {
 public:
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;

    Iterator() noexcept = default;
    T operator*() const noexcept {
      T value;
      std::memcpy(static_cast<void*>(&value), at_, sizeof(T));
      return value;
    }
    Iterator& operator++() noexcept {
      at_ += sizeof(T);
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(Iterator, Iterator) noexcept = default;

   private:
    friend class Array;
    explicit Iterator(const std::byte* at) noexcept : at_{at} {}
    const std::byte* at_ = nullptr;
  };

  Array() noexcept = default;
  // Takes as many whole elements as `bytes` has room for.
  explicit Array(Bytes bytes) noexcept
      : bytes_{bytes.first(bytes.size() / sizeof(T) * sizeof(T))} {}

  std::size_t size() const noexcept { return bytes_.size() / sizeof(T); }
  bool empty() const noexcept { return bytes_.empty(); }
  Iterator begin() const noexcept { return Iterator{bytes_.data()}; }
  Iterator end() const noexcept { return Iterator{bytes_.data() + bytes_.size()}; }

 private:
  Bytes bytes_;
};

class Reader {
 public:
  // payload   what follows the InHeader.
  explicit Reader(Bytes payload) noexcept : payload_{payload} {}
  // fixed     where the first take<T>() reads, if it comes before anything else is taken.
  Reader(Bytes fixed, Bytes payload) noexcept
      : fixed_{fixed}, payload_{payload}, first_is_fixed_{true} {}

  // Gives the next struct.
  template <Struct T>
  Result<T> take() noexcept {
    const Bytes from = first_is_fixed_ ? fixed_ : payload_;
    if (from.size() < sizeof(T)) return fail(EIO);
    T value;
    std::memcpy(static_cast<void*>(&value), from.data(), sizeof(T));
    if (first_is_fixed_) {
      first_is_fixed_ = false;
    } else {
      payload_ = payload_.subspan(sizeof(T));
    }
    return value;
  }

  // Gives the next `count` structs. The count is compared with what is there before it is used.
  template <Struct T>
  Result<Array<T>> take_array(std::uint64_t count) noexcept {
    if (count > payload_.size() / sizeof(T)) return fail(EIO);
    return Array<T>{advance(static_cast<std::size_t>(count) * sizeof(T))};
  }

  // Gives the next name; see Name for what is refused.
  Result<Name> take_name() noexcept;

  // Gives the text up to the next NUL, which stands right behind it; it may be empty. Symlink
  // targets and names of extended attributes are such texts.
  Result<std::string_view> take_text() noexcept;

  // Gives the next `size` bytes.
  Result<Bytes> take_bytes(std::uint64_t size) noexcept {
    if (size > payload_.size()) return fail(EIO);
    return advance(static_cast<std::size_t>(size));
  }

  // Gives all bytes that are left.
  Bytes rest() noexcept { return advance(payload_.size()); }

  // Cuts `size` bytes off the end: InHeader::total_extlen * kRecordAlign, for Extensions::parse().
  // To be called before rest(). Kernels before Linux 6.3 send a security context without setting
  // total_extlen; there it is what is left after the request's own parts.
  Result<Bytes> take_extensions(std::uint64_t size) noexcept {
    if (size > payload_.size()) return fail(EIO);
    const Bytes extensions = payload_.last(static_cast<std::size_t>(size));
    payload_ = payload_.first(payload_.size() - extensions.size());
    return extensions;
  }

  // The bytes of the payload that were not taken; `fixed` does not count.
  std::size_t left() const noexcept { return payload_.size(); }

 private:
  Bytes advance(std::size_t size) noexcept {
    first_is_fixed_ = false;
    const Bytes taken = payload_.first(size);
    payload_ = payload_.subspan(size);
    return taken;
  }

  Bytes fixed_;
  Bytes payload_;
  bool first_is_fixed_ = false;
};

}  // namespace sluice::wire
