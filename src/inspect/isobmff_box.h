// SPDX-License-Identifier: MIT
// One box, and the boxes within a range, for the readers of the files that are made of them.
#pragma once

#include <optional>

#include "sluice/inspect/area.h"

namespace sluice::inspect {

// Makes a type of its four characters.
constexpr std::uint32_t box_type(const char (&name)[5]) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(name[i]);
  return value;
}

struct Box {
  std::uint32_t type = 0;
  Range whole;
  Range body;  // without the header
};

// Gives the box at `offset` of `area`, in a container that ends at `end`.
// errors: malformed when it is shorter than its header or longer than its container.
Got<Box> box_at(const Area& area, std::uint64_t offset, std::uint64_t end);

// Calls `use(box)` for each box in `range`. Fewer than eight bytes, or nothing but zeros in eight,
// end a list, as QuickTime does. A box of size zero goes on to the end, as some readers have it.
template <class Use>
Done each_box(const Area& area, Range range, Use use) {
  std::uint64_t at = range.offset;
  while (at <= range.end() && range.end() - at >= 8) {
    TRY(area.look().step());
    if (TRY(area.number(at, 8, Order::big)) == 0) break;
    const Box box = TRY(box_at(area, at, range.end()));
    TRY(use(box));
    at = box.whole.end();
  }
  return {};
}

// Gives the first box of `type` in `range`.
Got<std::optional<Box>> find_box(const Area& area, Range range, std::uint32_t type);

// Makes the box one that readers skip, and its content zeros.
Done make_free(const Area& area, const Box& box);

// Gives a body without the version and flags that "full" boxes begin with. errors: malformed.
Got<Range> without_version(Range body);

}  // namespace sluice::inspect
