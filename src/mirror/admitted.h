// SPDX-License-Identifier: MIT
// What a guard above the mirror says of a name or a file that it has admitted. The mirror decides
// nothing by itself: it keeps these beside the node, and tells files apart by them. A mirror
// without a guard is given none, and all of them are zero.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/mirror/node_slot.h"

namespace sluice::mirror {

// Whether the kernel may remember what an answer says, for as long as the options say.
enum class Remember : std::uint8_t { yes, no };

struct Admitted {
  // What tells the node from others of the same lower file. A directory has one node for all, so
  // that no working directory or mount breaks: there it is not used.
  NodeKeyExtra key;
  Place place{};
  Remember entry = Remember::yes;
  Remember attributes = Remember::yes;
};

// How a file that is opened may be used.
enum class Face : std::uint8_t {
  native,    // its lower file may be handed to the kernel
  served,    // every byte goes through here
  uncached,  // likewise, and the kernel keeps none
};

// Counts the nodes that hold places, so that what no node holds can be forgotten.
class PlaceKeeper {
 public:
  virtual ~PlaceKeeper() = default;
  // Gives the place to keep, which may be a stricter one; undone by one release() of it.
  virtual Place hold(Place place) noexcept = 0;
  virtual void release(Place place) noexcept = 0;
};

// Where the names of a rename lead afterwards. `source` is set only where the two were exchanged.
struct Moved {
  std::optional<Place> target;
  std::optional<Place> source;
};

// Decides about each name of a listing.
class ListingFilter {
 public:
  virtual ~ListingFilter() = default;
  // Tells whether the name is listed.
  // type  a mode's S_IFMT part; 0 where the lower file system does not say
  virtual bool lists(int directory, std::string_view name, std::uint32_t type) noexcept = 0;
};

}  // namespace sluice::mirror
