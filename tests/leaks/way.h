// SPDX-License-Identifier: MIT
// Ways: each tries one thing that a program could do to get at a file that is kept from it, and
// says what it got. A way knows nothing of policies; a test runs it on files of which it knows what
// may come out. Every way is also run on a file that is kept from nobody, where it must get
// somewhere: one that could not succeed would prove nothing.
//
//   ways_read.cpp ways_open.cpp ways_ring.cpp ways_side.cpp   to the bytes
//   ways_change.cpp ways_change_name.cpp                      to change them, or what stands for
//   them ways_see.cpp                                              to know whether a name is there
#pragma once

#include <cerrno>
#include <string>
#include <vector>

#include "sluice/base/fd.h"

namespace sluice::leaks {

// A regular file of this size, with something to run on its first line, then nothing but its
// secret.
inline constexpr std::size_t kFileSize = 8192;
inline constexpr std::string_view kFirstLine = "#!/bin/cat\n";

// What a way is tried on. All paths are of the mount, but `outside`.
struct Target {
  std::string folder;    // the directory in which it is
  std::string name;      // its name there
  std::string spare;     // a directory in which anything may be made
  std::string outside;   // the same on the file system below
  std::string secret;    // what its xattrs are called by, after `user.` and the like
  int passed = -1;       // a descriptor of it that somebody who may read it has opened
  int passed_path = -1;  // the same, with O_PATH

  std::string path() const { return folder + "/" + name; }
};

struct Got {
  std::string bytes;  // all that it was given
  int error = 0;      // the first thing that failed
  // It learned something that is no bytes: where holes are, flags, that a name is there.
  bool told = false;
  long size = -1;  // of the file of which it was told, where it had that open

  friend bool operator==(const Got&, const Got&) = default;
};

// On which files that are not kept it must get somewhere.
enum class Can {
  work,            // all
  where_writable,  // those that may be changed: it changes something on its way
  where_alike,  // those of which the agent may do what the owner may, no less: it goes by what the
                // owner has opened, or has left in the kernel
  where_free,   // those without a rule: it takes the file to a name under which there is none
  never,        // none; the kernel offers it for no FUSE file. Here for the day on which it does
};
enum class Runs {
  anywhere,  // also in a thread of a program that serves the mount
  alone,     // it forks, or changes what its process is
};

struct Way {
  const char* name;
  Got (*run)(const Target&);
  Can can = Can::work;
  Runs runs = Runs::anywhere;
};

const std::vector<Way>& reading_ways();
const std::vector<Way>& changing_ways();
const std::vector<Way>& seeing_ways();

// The parts of the tables, one for each source.
std::vector<Way> ways_to_read();
std::vector<Way> ways_to_open();
std::vector<Way> ways_by_ring();
std::vector<Way> ways_aside();
std::vector<Way> ways_to_change();
std::vector<Way> ways_to_change_names();

}  // namespace sluice::leaks
