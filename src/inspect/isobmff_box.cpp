// SPDX-License-Identifier: MIT
// source: ISO/IEC 14496-12 4.2: size 1 means that 64 bits follow the type, 0 to the end
#include "sluice/inspect/isobmff_box.h"

namespace sluice::inspect {

Got<Box> box_at(const Area& area, std::uint64_t offset, std::uint64_t end) {
  if (offset > end || end - offset < 8) return refuse(Why::malformed);
  std::uint64_t size = TRY(area.u32(offset));
  const std::uint32_t type = TRY(area.u32(offset + 4));
  std::uint64_t header = 8;
  if (size == 1) {
    if (end - offset < 16) return refuse(Why::malformed);
    size = TRY(area.number(offset + 8, 8, Order::big));
    header = 16;
  } else if (size == 0) {
    size = end - offset;
  }
  if (size < header || size > end - offset) return refuse(Why::malformed);
  return Box{type, {offset, size}, {offset + header, size - header}};
}

Got<std::optional<Box>> find_box(const Area& area, Range range, std::uint32_t type) {
  std::optional<Box> found;
  TRY(each_box(area, range, [&](const Box& box) -> Done {
    if (box.type == type && !found) found = box;
    return {};
  }));
  return found;
}

Done make_free(const Area& area, const Box& box) {
  TRY(area.replace(box.whole.offset + 4, bytes_of(std::string_view{"free"})));
  return area.fill(box.body, std::byte{0});
}

Got<Range> without_version(Range body) {
  if (body.length < 4) return refuse(Why::malformed);
  return Range{body.offset + 4, body.length - 4};
}

}  // namespace sluice::inspect
