// SPDX-License-Identifier: MIT
// Tables are read where they lie, an entry at a time: nothing is allocated by what they say, and
// each entry that is read is a step of the budget.
//
// source: ISO/IEC 14496-12 8.7 (stsz, stz2, stsc, stco, co64), 8.8 (moof, traf, tfhd, trun)
#include "sluice/inspect/isobmff_samples.h"

#include <algorithm>

namespace sluice::inspect {
namespace {

Range cut(Range range, std::uint64_t size) noexcept {
  const std::uint64_t offset = std::min(range.offset, size);
  return {offset, std::min(range.length, size - offset)};
}

// The sizes of samples, asked for in order.
class Sizes {
 public:
  static Got<Sizes> of(const Area& area, const Box& stbl) {
    if (const auto box = TRY(find_box(area, stbl.body, box_type("stsz")))) {
      if (box->body.length < 12) return refuse(Why::malformed);
      const std::uint64_t uniform = TRY(area.u32(box->body.offset + 4));
      const std::uint64_t count = TRY(area.u32(box->body.offset + 8));
      return Sizes{area, uniform, count, box->body, 32};
    }
    if (const auto box = TRY(find_box(area, stbl.body, box_type("stz2")))) {
      if (box->body.length < 12) return refuse(Why::malformed);
      const unsigned bits = TRY(area.u8(box->body.offset + 7));
      if (bits != 4 && bits != 8 && bits != 16) return refuse(Why::malformed);
      return Sizes{area, 0, TRY(area.u32(box->body.offset + 8)), box->body, bits};
    }
    return Sizes{area, 0, 0, {}, 32};
  }

  // Gives the bytes of the next `samples` together; fewer where the table ends.
  Got<std::uint64_t> next(std::uint64_t samples) {
    samples = std::min(samples, count_ - index_);
    if (uniform_ != 0) {
      index_ += samples;
      TRY(area_.look().step());
      return samples * uniform_;  // 32 bits times 32
    }
    TRY(area_.look().step(samples));
    std::uint64_t sum = 0;
    for (; samples > 0; --samples, ++index_) sum += TRY(entry(index_));
    return sum;
  }

  bool more() const noexcept { return index_ < count_; }

 private:
  Sizes(const Area& area, std::uint64_t uniform, std::uint64_t count, Range body, unsigned bits)
      : area_{area}, uniform_{uniform}, table_{body.offset + 12}, bits_{bits} {
    const std::uint64_t fit = body.length < 12 ? 0 : (body.length - 12) * 8 / bits;
    count_ = uniform == 0 ? std::min(count, fit) : count;
  }

  Got<std::uint64_t> entry(std::uint64_t i) const {
    if (bits_ == 4) {
      const unsigned both = TRY(area_.u8(table_ + i / 2));
      return i % 2 == 0 ? both >> 4 : both & 15;
    }
    return area_.number(table_ + i * (bits_ / 8), bits_ / 8, Order::big);
  }

  const Area& area_;
  std::uint64_t uniform_;  // 0 where each has its own
  std::uint64_t count_ = 0;
  std::uint64_t table_;
  unsigned bits_;
  std::uint64_t index_ = 0;
};

// How many samples a chunk holds, asked for in order of chunks.
class PerChunk {
 public:
  static Got<PerChunk> of(const Area& area, const Box& stbl) {
    const auto box = TRY(find_box(area, stbl.body, box_type("stsc")));
    if (!box || box->body.length < 8) return PerChunk{area, 0, 0};
    const std::uint64_t count = TRY(area.u32(box->body.offset + 4));
    const std::uint64_t fit = (box->body.length - 8) / 12;
    return PerChunk{area, box->body.offset + 8, std::min(count, fit)};
  }

  // Gives the samples in `chunk`, the first of which is 1.
  Got<std::uint64_t> in(std::uint64_t chunk) {
    while (next_ < count_ && TRY(area_.u32(table_ + next_ * 12)) <= chunk) {
      TRY(area_.look().step());
      samples_ = TRY(area_.u32(table_ + next_ * 12 + 4));
      ++next_;
    }
    return samples_;
  }

 private:
  PerChunk(const Area& area, std::uint64_t table, std::uint64_t count)
      : area_{area}, table_{table}, count_{count} {}

  const Area& area_;
  std::uint64_t table_;
  std::uint64_t count_;
  std::uint64_t next_ = 0;
  std::uint64_t samples_ = 0;
};

struct Fragment {
  std::uint32_t track = 0;
  std::uint64_t base = 0;
  std::uint64_t default_size = 0;
};

// `after` is where the data of the fragment before ended.
Got<Fragment> fragment_of(const Area& area, const Box& moof, const Box& traf, std::uint64_t after,
                          const DefaultSize& default_size) {
  const auto head = TRY(find_box(area, traf.body, box_type("tfhd")));
  if (!head || head->body.length < 8) return refuse(Why::malformed);
  const std::uint32_t flags = TRY(area.u32(head->body.offset)) & 0xFFFFFF;
  Fragment fragment;
  fragment.track = TRY(area.u32(head->body.offset + 4));
  fragment.default_size = default_size(fragment.track);
  fragment.base = (flags & 0x020000) != 0 ? moof.whole.offset : after;
  std::uint64_t at = head->body.offset + 8;
  if ((flags & 0x1) != 0) {
    fragment.base = TRY(area.number(at, 8, Order::big));
    at += 8;
  }
  if ((flags & 0x2) != 0) at += 4;
  if ((flags & 0x8) != 0) at += 4;
  if ((flags & 0x10) != 0) fragment.default_size = TRY(area.u32(at));
  return fragment;
}

// Gives the range of one `trun`, whose data begins at `at` unless it says where.
Got<Range> run_of(const Area& area, const Box& trun, const Fragment& fragment, std::uint64_t at) {
  if (trun.body.length < 8) return refuse(Why::malformed);
  const std::uint32_t flags = TRY(area.u32(trun.body.offset)) & 0xFFFFFF;
  const std::uint64_t count = TRY(area.u32(trun.body.offset + 4));
  std::uint64_t table = trun.body.offset + 8;
  if ((flags & 0x1) != 0) {
    const auto offset = static_cast<std::int32_t>(TRY(area.u32(table)));
    at = fragment.base + static_cast<std::uint64_t>(std::int64_t{offset});
    table += 4;
  }
  if ((flags & 0x4) != 0) table += 4;
  std::uint64_t width = 0;
  for (const std::uint32_t field : {0x100U, 0x200U, 0x400U, 0x800U}) {
    if ((flags & field) != 0) width += 4;
  }
  if ((flags & 0x200) == 0) return Range{at, count * fragment.default_size};
  if (table > trun.body.end() || count > (trun.body.end() - table) / width) {
    return refuse(Why::malformed);
  }
  TRY(area.look().step(count));
  std::uint64_t sum = 0;
  table += (flags & 0x100) != 0 ? 4 : 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += TRY(area.u32(table + i * width));
  return Range{at, sum};
}

}  // namespace

Done each_chunk(const Area& area, const Box& stbl, const UseRun& use) {
  auto offsets = TRY(find_box(area, stbl.body, box_type("stco")));
  const unsigned width = offsets ? 4 : 8;
  if (!offsets) offsets = TRY(find_box(area, stbl.body, box_type("co64")));
  if (!offsets || offsets->body.length < 8) return {};
  const std::uint64_t table = offsets->body.offset + 8;
  const std::uint64_t count =
      std::min<std::uint64_t>(TRY(area.u32(table - 4)), (offsets->body.length - 8) / width);
  Sizes sizes = TRY(Sizes::of(area, stbl));
  PerChunk per_chunk = TRY(PerChunk::of(area, stbl));
  for (std::uint64_t i = 0; i < count && sizes.more(); ++i) {
    const std::uint64_t offset = TRY(area.number(table + i * width, width, Order::big));
    const std::uint64_t length = TRY(sizes.next(TRY(per_chunk.in(i + 1))));
    const Range run = cut({offset, length}, area.size());
    if (run.length != 0) TRY(use(run));
  }
  return {};
}

Done each_fragment_run(const Area& area, const Box& moof, const DefaultSize& default_size,
                       const UseTrackRun& use) {
  std::uint64_t after = moof.whole.offset;
  return each_box(area, moof.body, [&](const Box& traf) -> Done {
    if (traf.type != box_type("traf")) return {};
    const Fragment fragment = TRY(fragment_of(area, moof, traf, after, default_size));
    std::uint64_t at = fragment.base;
    TRY(each_box(area, traf.body, [&](const Box& trun) -> Done {
      if (trun.type != box_type("trun")) return {};
      const Range run = TRY(run_of(area, trun, fragment, at));
      at = run.end();
      const Range there = cut(run, area.size());
      return there.length != 0 ? use(fragment.track, there) : Done{};
    }));
    after = at;
    return {};
  });
}

}  // namespace sluice::inspect
