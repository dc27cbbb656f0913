// SPDX-License-Identifier: MIT
#include "reach.h"

#include <sys/mman.h>

#include <array>
#include <atomic>

namespace sluice::leaks {

Fd open_somehow(const std::string& path) {
  int first = 0;
  for (const int flags : {O_RDONLY, O_WRONLY, O_PATH}) {
    Fd fd{::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK)};
    if (fd) return fd;
    if (first == 0) first = errno;
  }
  errno = first;
  return {};
}

Got read_from(int fd) {
  ::lseek(fd, 0, SEEK_SET);
  return drain(fd);
}

Got read_path(const std::string& path) { return with(path, O_RDONLY, read_from); }

Got drain(int pipe) {
  Got got;
  std::array<char, 4096> piece;
  while (got.bytes.size() < 4 * kFileSize) {
    const ssize_t size = ::read(pipe, piece.data(), piece.size());
    if (size < 0 && got.bytes.empty()) got.error = errno;
    if (size <= 0) break;
    got.bytes.append(piece.data(), static_cast<std::size_t>(size));
  }
  return got;
}

Got read_memory(const void* start, std::size_t size) {
  const Pipe pipe;
  if (::write(pipe.in.get(), start, size) < 0) return failed();
  std::string bytes(size, '\0');
  const ssize_t got = ::read(pipe.out.get(), bytes.data(), bytes.size());
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return {std::move(bytes), 0};
}

Got read_mapping(int fd, int protection, int flags) {
  void* map = ::mmap(nullptr, kFileSize, protection, flags, fd, 0);
  if (map == MAP_FAILED) return failed();
  Got got = read_memory(map, kFileSize);
  ::munmap(map, kFileSize);
  return got;
}

std::string by_number(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::string fresh(const std::string& folder) {
  static std::atomic<unsigned> count{0};
  return folder + "/f" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

Fd make_file(const std::string& path) {
  return Fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
}

Pipe::Pipe() {
  std::array<int, 2> ends{-1, -1};
  static_cast<void>(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK));
  out = Fd{ends[0]};
  in = Fd{ends[1]};
}

}  // namespace sluice::leaks
