// SPDX-License-Identifier: MIT
// What a guard above the mirror says of a name or a file that it has admitted. The mirror decides
// nothing by itself: it keeps these beside the node, and tells files apart by them. A mirror
// without a guard is given none, and all of them are zero.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/fd.h"
#include "sluice/base/result.h"
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

// Bytes that are shown in place of a lower file's: as many, and nobody writes to them.
class Substitute {
 public:
  virtual ~Substitute() = default;
  // Gives a file that consists of them, open for reading; null where they are made as they are
  // read. Lives as long as this.
  virtual const Fd* file() const noexcept = 0;
  // Reads from `offset` on; fewer than asked for only at the end. Used where there is no file.
  virtual Result<std::size_t> read(std::uint64_t offset, MutableBytes into) const noexcept = 0;
  virtual std::uint64_t size() const noexcept = 0;
};

// How one open shows its file.
struct Shown {
  Face face = Face::native;
  // Instead of the lower file, for opens that only read. All open files of a node must show the
  // same: what the kernel reads from was decided by the first.
  std::shared_ptr<const Substitute> substitute{};
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
