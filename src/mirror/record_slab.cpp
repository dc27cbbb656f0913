// SPDX-License-Identifier: MIT
#include "sluice/mirror/record_slab.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace sluice::mirror {

Result<std::uint32_t> RecordSlab::take() {
  const std::uint32_t free = counts_.first_free;
  if (valid(free)) {
    counts_.first_free = at(free).next;
    ++counts_.in_use;
    return free;
  }
  const std::uint32_t fresh = std::max(counts_.used_to, 1U);
  if (fresh == std::numeric_limits<std::uint32_t>::max()) return fail(ENOSPC);
  TRY(file_.ensure(section_, (std::uint64_t{fresh} + 1) * sizeof(Record)));
  counts_.used_to = fresh + 1;
  ++counts_.in_use;
  return fresh;
}

Result<std::uint32_t> RecordSlab::put(Bytes bytes) {
  if (bytes.empty()) return fail(EINVAL);
  // Built from its end, so that each record's successor is known when it is written.
  std::uint32_t first = 0;
  for (std::size_t left = bytes.size(); left > 0;) {
    const std::size_t size = left % kPayload == 0 ? kPayload : left % kPayload;
    auto number = take();
    if (!number) {
      erase(first);
      return fail(number.error());
    }
    left -= size;
    at(*number).next = first;
    std::memcpy(at(*number).payload, bytes.data() + left, size);
    first = *number;
  }
  return first;
}

Result<void> RecordSlab::copy(std::uint32_t first, MutableBytes out) const {
  while (!out.empty()) {
    if (!valid(first)) return fail(EIO);
    const std::size_t size = std::min(out.size(), kPayload);
    std::memcpy(out.data(), at(first).payload, size);
    out = out.subspan(size);
    first = at(first).next;
  }
  return {};
}

void RecordSlab::erase(std::uint32_t first) {
  // in_use falls with each step, so even a chain that runs in a circle ends.
  while (valid(first) && counts_.in_use > 0) {
    const std::uint32_t next = at(first).next;
    at(first).next = counts_.first_free;
    counts_.first_free = first;
    --counts_.in_use;
    first = next;
  }
}

bool RecordSlab::mark(std::uint32_t first, std::vector<bool>& used) const {
  for (; first != 0; first = at(first).next) {
    if (!valid(first) || used[first]) return false;
    used[first] = true;
  }
  return true;
}

void RecordSlab::rebuild(const std::vector<bool>& used) {
  counts_.first_free = 0;
  counts_.in_use = 0;
  for (std::uint32_t number = 1; number < counts_.used_to; ++number) {
    if (used[number]) {
      ++counts_.in_use;
    } else {
      at(number).next = counts_.first_free;
      counts_.first_free = number;
    }
  }
}

}  // namespace sluice::mirror
