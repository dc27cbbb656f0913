// SPDX-License-Identifier: MIT
// Private to content: where the file of verdicts is: a folder of ours that nobody else can come at,
// and a file beside it that says by its locks who is at it. Who is alone may make the file, or set
// it aside; all others use it as it is.
//
// The file itself is never opened here: to close a file loses the locks that SQLite, in the same
// process, has on it. source: man 2 fcntl, "Advisory record locking"
#pragma once

#include <string>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::content {

class CachePlace {
 public:
  enum class Claim { alone, shared };

  // Makes the folder where it is not there, and waits for a moment for whoever is making the file.
  // errors  one line: what cannot be used, and why.
  static Result<CachePlace, Error> claim(const std::string& file);

  // Gives the path without symbolic links in it.
  const std::string& file() const noexcept { return file_; }
  Claim claimed() const noexcept { return claim_; }
  // Lets others in. It may be called again; this process keeps the file from being set aside until
  // the end of the object.
  void share() noexcept;
  // Makes an empty file where there is none, for who is alone. errors: those of open(2).
  Result<void> make() const noexcept;
  // Renames the file to FILE.bad, in the place of one that is there; for who is alone.
  bool set_aside() const;
  // Notes that the file was found damaged, for whoever is alone the next time; set_aside() takes
  // it back.
  void mark() const noexcept;
  bool marked() const noexcept;

 private:
  CachePlace(std::string file, Fd lock) : file_{std::move(file)}, lock_{std::move(lock)} {}
  bool wait_for_claim() noexcept;

  std::string file_;
  Fd lock_;
  Claim claim_ = Claim::shared;
};

}  // namespace sluice::content
