// SPDX-License-Identifier: MIT
// What ways are made of.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "way.h"

namespace sluice::leaks {

inline Got failed() { return {{}, errno}; }
inline Got failed_if(bool failure) { return failure ? failed() : Got{{}, 0, true, -1}; }

// Opens a file and gives what `use` gets of its descriptor.
template <class Use>
Got with(const std::string& path, int flags, Use use) {
  const Fd fd{::open(path.c_str(), flags | O_CLOEXEC, 0666)};
  return fd ? use(fd.get()) : failed();
}

// Opens a file as far as that is allowed: to read, else to write, else as a mere path.
Fd open_somehow(const std::string& path);
template <class Use>
Got with_some(const std::string& path, Use use) {
  const Fd fd = open_somehow(path);
  if (!fd) return failed();
  Got got = use(fd.get());
  struct stat stat {};
  if (got.told && ::fstat(fd.get(), &stat) == 0) got.size = stat.st_size;
  return got;
}

// Gives what can be read from a descriptor, from its beginning if it has one.
Got read_from(int fd);
Got read_path(const std::string& path);
// Gives what a pipe holds.
Got drain(int pipe);
// Gives bytes in memory; of memory that cannot be read, EFAULT, where a program would die.
Got read_memory(const void* start, std::size_t size);
// Gives the contents of a mapping of the whole file.
Got read_mapping(int fd, int protection, int flags);

std::string by_number(int fd);  // its path below /proc/self/fd
// A name below `folder` that nobody has used yet.
std::string fresh(const std::string& folder);
Fd make_file(const std::string& path);

struct Pipe {
  Fd out, in;
  Pipe();
};

}  // namespace sluice::leaks
