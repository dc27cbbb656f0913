// SPDX-License-Identifier: MIT
// Puts a reply, a notification or a test's request together in memory of a given size. What does
// not fit whole is not written at all and gives ERANGE, so that a directory listing ends with the
// last entry that fitted.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/wire/protocol.h"

namespace sluice::wire {

class Writer {
 public:
  // room      borrowed for as long as the Writer is used.
  explicit Writer(MutableBytes room) noexcept : room_{room} {}

  template <Struct T>
  Result<void> put(const T& value) noexcept {
    return put_bytes(bytes_of(value));
  }

  Result<void> put_bytes(Bytes bytes) noexcept {
    if (bytes.size() > left()) return fail(ERANGE);
    if (!bytes.empty()) std::memcpy(room_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return {};
  }

  // Writes `name` and a NUL. errors: EINVAL when there is a NUL inside.
  Result<void> put_name(std::string_view name) noexcept {
    if (name.find('\0') != name.npos) return fail(EINVAL);
    if (name.size() >= left()) return fail(ERANGE);
    (void)put_bytes(bytes_of(name));
    room_[size_++] = std::byte{0};
    return {};
  }

  // Writes zeroes until size() is a multiple of `unit`, which is not 0.
  Result<void> pad_to(std::size_t unit) noexcept {
    const std::size_t missing = (unit - size_ % unit) % unit;
    const MutableBytes gap = TRY(reserve(missing));
    std::ranges::fill(gap, std::byte{0});
    return {};
  }

  // Writes one directory entry: a Dirent or Direntplus whose namelen is set, the name without a
  // NUL, zeroes up to the record's end.
  template <Struct T>
  Result<void> put_record(const T& fixed, std::string_view name) noexcept {
    if (name.size() > left() || align_record(sizeof(T) + name.size()) > left()) return fail(ERANGE);
    (void)put(fixed);
    (void)put_bytes(bytes_of(name));
    const std::size_t end = align_record(sizeof(T) + name.size()) - sizeof(T) - name.size();
    std::ranges::fill(room_.subspan(size_, end), std::byte{0});
    size_ += end;
    return {};
  }

  // Gives the next `size` bytes, which count as written; what stands in them is whatever stood
  // there before.
  Result<MutableBytes> reserve(std::size_t size) noexcept {
    if (size > left()) return fail(ERANGE);
    const MutableBytes reserved = room_.subspan(size_, size);
    size_ += size;
    return reserved;
  }

  // Takes back what was written after the first `size` bytes; never grows.
  void truncate(std::size_t size) noexcept { size_ = std::min(size_, size); }

  std::size_t size() const noexcept { return size_; }
  std::size_t left() const noexcept { return room_.size() - size_; }
  Bytes written() const noexcept { return room_.first(size_); }

 private:
  MutableBytes room_;
  std::size_t size_ = 0;
};

}  // namespace sluice::wire
