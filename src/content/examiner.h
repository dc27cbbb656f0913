// SPDX-License-Identifier: MIT
// Private to content: holds one set against files, for one thread. What it does is bounded in
// memory and steps, not in time: whoever waits for it has the clock.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sluice/content/engine.h"
#include "sluice/content/finder.h"
#include "sluice/content/input.h"
#include "sluice/inspect/scan.h"

namespace sluice::content {

class Examiner {
 public:
  // `engine` is borrowed.
  explicit Examiner(const Engine& engine);

  Findings find(const Input& file, std::string_view path) noexcept;

  // Which detectors are to be hidden: all, or those numbers.
  struct Which {
    bool any = false;
    std::span<const std::uint32_t> detectors{};
    bool has(std::uint32_t detector) const noexcept;
  };
  // What came of it: `whole` if nothing of what was asked for is left once the redaction is
  // applied.
  struct Hidden {
    Outcome outcome = Outcome::whole;
    std::string why{};
  };
  // Adds to `out`, made for the file's size, what hides them. In a set of positions `out` must be
  // empty before.
  Hidden hide(const Which& which, const Input& file, std::string_view path,
              inspect::Redaction& out) noexcept;

 private:
  Findings find_text(const Input& file, std::string_view path);
  Findings find_other(const Input& file, std::string_view path);
  Hidden hide_text(const Which& which, const Input& file, std::string_view path,
                   inspect::Redaction& out);
  Hidden hide_other(const Input& file, std::string_view path, inspect::Redaction& out);

  const Engine& engine_;
  std::unique_ptr<inspect::Scanner> scanner_;
};

// Adds to `out` what a redaction without contents hides.
Examiner::Hidden hide_with(policy::With with, const Input& file, std::string_view path,
                           inspect::Redaction& out) noexcept;

}  // namespace sluice::content
