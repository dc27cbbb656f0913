// SPDX-License-Identifier: MIT
// A track is known by its handler and by the names of its sample formats. Timed metadata of a kind
// nobody here knows is taken for telemetry: picture and sound do not need it.
//
// source: ISO/IEC 14496-12 8.3 to 8.5; QuickTime File Format (timed metadata, `mebx`); gpmf-parser
// README; CAMM specification
#include "sluice/inspect/isobmff_track.h"

#include <algorithm>
#include <array>

#include "sluice/inspect/isobmff_samples.h"
#include "sluice/inspect/place_names.h"

namespace sluice::inspect {
namespace {

constexpr std::uint64_t kMostText = 1 << 20;  // looked at of one track
constexpr std::uint64_t kMostKeys = 4096;

enum class Kind : std::uint8_t {
  other,
  telemetry,  // goes
  text,       // goes if there are coordinates in it
};

constexpr std::array kTelemetry = {box_type("gpmd"),                    // GoPro
                                   box_type("camm"),                    // Google
                                   box_type("rtmd"),                    // Sony
                                   box_type("djmd"), box_type("dbgi"),  // DJI
                                   box_type("gps "), box_type("nmea")};
constexpr std::array kHarmless = {
    box_type("free"),  // what a format is called once its samples are gone
    box_type("tmcd"), box_type("fdsc"), box_type("CTMD"), box_type("urim"), box_type("evte")};
constexpr std::array kTextHandlers = {box_type("text"), box_type("sbtl"), box_type("subt"),
                                      box_type("subp"), box_type("clcp")};

bool is_one_of(std::uint32_t type, std::span<const std::uint32_t> types) noexcept {
  return std::ranges::count(types, type) != 0;
}

struct Track {
  std::uint32_t id = 0;
  std::uint32_t handler = 0;
  std::optional<Box> stbl, stsd;
};

Got<Track> track_of(const Area& area, const Box& trak) {
  Track track;
  if (const auto tkhd = TRY(find_box(area, trak.body, box_type("tkhd")))) {
    if (tkhd->body.length < 24) return refuse(Why::malformed);
    const bool wide = TRY(area.u8(tkhd->body.offset)) == 1;
    track.id = TRY(area.u32(tkhd->body.offset + (wide ? 20 : 12)));
  }
  const auto mdia = TRY(find_box(area, trak.body, box_type("mdia")));
  if (!mdia) return track;
  if (const auto hdlr = TRY(find_box(area, mdia->body, box_type("hdlr")))) {
    if (hdlr->body.length < 12) return refuse(Why::malformed);
    track.handler = TRY(area.u32(hdlr->body.offset + 8));
  }
  const auto minf = TRY(find_box(area, mdia->body, box_type("minf")));
  if (!minf) return track;
  track.stbl = TRY(find_box(area, minf->body, box_type("stbl")));
  if (track.stbl) track.stsd = TRY(find_box(area, track.stbl->body, box_type("stsd")));
  return track;
}

Got<Range> formats_of(const Box& stsd) {
  if (stsd.body.length < 8) return refuse(Why::malformed);
  return Range{stsd.body.offset + 8, stsd.body.length - 8};
}

// Apple's boxed metadata lists the keys that its samples may have.
Got<bool> boxed_places(const Area& area, const Box& format) {
  if (format.body.length < 8) return refuse(Why::malformed);
  const Range inner{format.body.offset + 8, format.body.length - 8};
  const auto keys = TRY(find_box(area, inner, box_type("keys")));
  if (!keys) return true;
  bool places = false;
  std::uint64_t count = 0;
  TRY(each_box(area, keys->body, [&](const Box& key) -> Done {
    if (++count > kMostKeys) return refuse(Why::too_large);
    const auto all = TRY(TRY(area.part(key.body)).bytes(65536));
    places = places || is_place_key(text_of(all));
    return {};
  }));
  return places;
}

Got<Kind> kind_of(const Area& area, const Track& track) {
  if (!track.stsd) return Kind::other;
  Kind kind = is_one_of(track.handler, kTextHandlers) ? Kind::text : Kind::other;
  TRY(each_box(area, TRY(formats_of(*track.stsd)), [&](const Box& format) -> Done {
    bool goes = is_one_of(format.type, kTelemetry);
    if (format.type == box_type("mebx")) {
      goes = TRY(boxed_places(area, format));
    } else if (track.handler == box_type("meta") || track.handler == box_type("camm")) {
      goes = !is_one_of(format.type, kHarmless);
    }
    if (goes) kind = Kind::telemetry;
    return {};
  }));
  return kind;
}

// Names the formats so that nobody takes zeros for telemetry.
Done forget_formats(const Area& area, const Track& track) {
  return each_box(area, TRY(formats_of(*track.stsd)), [&](const Box& format) {
    return area.replace(format.whole.offset + 4, bytes_of(std::string_view{"free"}));
  });
}

Got<bool> holds_coordinates(const Area& area, Range run, std::uint64_t& looked_at) {
  if (looked_at >= kMostText) return false;
  run.length = std::min(run.length, kMostText - looked_at);
  looked_at += run.length;
  const auto all = TRY(TRY(area.part(run)).bytes(kMostText));
  return has_coordinates(text_of(all));
}

Done zero(const Area& area, Range run) { return area.fill(run, std::byte{0}); }

}  // namespace

Done positions_in_track(const Area& area, const Box& trak, Tracks& tracks) {
  const Track track = TRY(track_of(area, trak));
  Kind kind = TRY(kind_of(area, track));
  if (kind == Kind::other) return {};
  if (kind == Kind::telemetry) {
    tracks.telemetry.insert(track.id);
  } else {
    tracks.text.insert(track.id);
    std::uint64_t looked_at = 0;
    bool found = false;
    TRY(each_chunk(area, *track.stbl, [&](Range run) -> Done {
      if (!found) found = TRY(holds_coordinates(area, run, looked_at));
      return {};
    }));
    if (!found) return {};
  }
  TRY(each_chunk(area, *track.stbl, [&](Range run) { return zero(area, run); }));
  return kind == Kind::telemetry ? forget_formats(area, track) : Done{};
}

Done note_defaults(const Area& area, const Box& mvex, Tracks& tracks) {
  return each_box(area, mvex.body, [&](const Box& box) -> Done {
    if (box.type != box_type("trex")) return {};
    if (box.body.length < 24) return refuse(Why::malformed);
    if (tracks.default_sizes.size() > 65536) return refuse(Why::too_large);
    const std::uint32_t id = TRY(area.u32(box.body.offset + 4));
    tracks.default_sizes[id] = TRY(area.u32(box.body.offset + 16));
    return {};
  });
}

Done positions_in_fragment(const Area& area, const Box& moof, const Tracks& tracks) {
  const auto size_of = [&](std::uint32_t track) {
    const auto known = tracks.default_sizes.find(track);
    return known == tracks.default_sizes.end() ? 0U : known->second;
  };
  return each_fragment_run(area, moof, size_of, [&](std::uint32_t track, Range run) -> Done {
    if (tracks.telemetry.contains(track)) return zero(area, run);
    std::uint64_t looked_at = 0;
    if (tracks.text.contains(track) && TRY(holds_coordinates(area, run, looked_at))) {
      return zero(area, run);
    }
    return {};
  });
}

}  // namespace sluice::inspect
