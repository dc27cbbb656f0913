// SPDX-License-Identifier: MIT
// Scanning: which detectors find something in a text, and where. One database of all regexes goes
// over the text once and tells where matches may end; only there is each regex matched exactly, and
// only then do keywords, entropy, allowlists and validators have their say. gitleaks' results are
// the measure, with these differences, each on the side of finding more:
//  - text is bytes; nothing is decoded (no base64, hex or percent passes), UTF-16 is looked at as
//    well wherever eight or more such characters stand together, in either byte order;
//  - `gitleaks:allow` comments count only if told so: who can write to a file must not be able to
//    say that nothing is in it;
//  - where a rule has several groups and does not say which is the secret, the whole match is.
// A secret that is one character repeated is none, so that a redacted text has no hits.
#pragma once

#include <memory>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/inspect/budget.h"
#include "sluice/inspect/detectors.h"
#include "sluice/inspect/hits.h"

namespace sluice::inspect {

// How a scan ended. Only what is `whole` may be taken for all there is.
enum class Scanned : std::uint8_t {
  whole,
  too_many,   // hits than could be kept
  exhausted,  // the budget is used up
  failed,     // no memory for the engine, or the source cannot be read
};
std::string_view name(Scanned scanned) noexcept;

enum class AllowComments : std::uint8_t { ignored, honoured };

// A text, or the part of one that is looked at now.
struct Piece {
  Bytes text;
  // Below the mounted root, without a slash before it: `src/a.c`. Rules and allowlists are about
  // it. Empty: not known; then every rule's path is taken to fit, and no allowlist's.
  std::string_view path;
  std::uint64_t offset = 0;  // of the text in its file
  std::uint64_t line = 1;    // of the text's first byte
};

// Scans for one thread. Cheap to use, not cheap to make: it holds the engine's working memory.
class Scanner {
 public:
  // The longest piece; longer ones are looked at by windows (windows.h).
  static constexpr std::size_t kLongestPiece = std::size_t{256} << 20;

  // `detectors` is borrowed and must outlive it. Everything fails if there was no memory.
  explicit Scanner(const Detectors& detectors, AllowComments comments = AllowComments::ignored);
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;
  ~Scanner();

  // Adds to `hits` what the detectors find in `piece`. Takes the piece's length from the budget's
  // bytes, and a step for each byte that a regex has to be matched against.
  // Never throws; memory is bounded by a small multiple of the piece's length.
  Scanned scan(const Piece& piece, Budget& budget, Hits& hits) noexcept;

  const Detectors& detectors() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::inspect
