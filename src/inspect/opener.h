// SPDX-License-Identifier: MIT
// What the readers of containers share: what is found is noted, what is inside is given back to be
// looked at, and the worst that happened is the answer.
#pragma once

#include <string>
#include <string_view>

#include "sluice/inspect/containers.h"

namespace sluice::inspect {

class Opener {
 public:
  Opener(Scanner& scanner, Budget& budget, const ContainerLimits& limits) noexcept
      : scanner_{scanner}, budget_{budget}, limits_{limits} {}

  Budget& budget() noexcept { return budget_; }
  const ContainerLimits& limits() const noexcept { return limits_; }
  // Tells whether it is worth going on.
  bool goes_on() const noexcept {
    return !budget_.exhausted() && contents_.inside.size() < limits_.findings;
  }

  // Something stood in the way of looking at everything.
  void note(Opened what) noexcept;

  // Looks into `bytes` if they are a container, else scans them.
  // name   the whole name, such as `a.tar!b/c`. depth  of the container that they were in
  void member(Bytes bytes, const std::string& name, unsigned depth);
  // Scans them as they are.
  void scan(Bytes bytes, const std::string& name);
  // Gives false, and scans nothing, if `bytes` are no container.
  bool open(Bytes bytes, const std::string& name, unsigned depth);

  Contents finish(Kind kind) &&;

 private:
  Scanner& scanner_;
  Budget& budget_;
  const ContainerLimits& limits_;
  Contents contents_;
  Opened worst_ = Opened::clean;
};

// Each looks at all members, as far as the opener goes on. `depth` is theirs: 1 or more.
void open_gzip(Bytes file, const std::string& name, unsigned depth, Opener& opener);
void open_tar(Bytes file, const std::string& name, unsigned depth, Opener& opener);
void open_zip(Bytes file, const std::string& name, unsigned depth, Opener& opener);
void open_zlib(Bytes file, const std::string& name, unsigned depth, Opener& opener);
void open_pack(Bytes pack, Bytes index, const std::string& name, Opener& opener);

// Numbers in a file, of either order; the caller has checked that they are there.
std::uint32_t little32(Bytes bytes, std::size_t at) noexcept;
std::uint16_t little16(Bytes bytes, std::size_t at) noexcept;
std::uint32_t big32(Bytes bytes, std::size_t at) noexcept;

}  // namespace sluice::inspect
