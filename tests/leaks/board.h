// SPDX-License-Identifier: MIT
// What the processes of a soak share: when to stop, what they have done, what leaked.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

namespace sluice::leaks {

struct Board {
  static constexpr std::size_t kMostWays = 128;
  using Count = std::atomic<std::uint64_t>;

  std::atomic<bool> stop{false};
  Count leaks{0}, restored{0}, moved{0}, reloads{0}, refused_reloads{0};
  Count overwritten{0}, redacted{0};  // files in place; reads that gave what stands for a secret
  struct Tried {
    Count tries{0}, gave{0};  // how often, and how often it got what is kept from nobody
  };
  std::array<Tried, kMostWays> ways{};
  std::atomic_flag told = ATOMIC_FLAG_INIT;
  std::array<char, 256> first_leak{};

  void leaked(std::string_view text) noexcept {
    ++leaks;
    if (told.test_and_set()) return;
    std::memcpy(first_leak.data(), text.data(), std::min(text.size(), first_leak.size() - 1));
  }
};

// A board in memory that child processes share.
class SharedBoard {
 public:
  SharedBoard() {
    void* room =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) throw std::bad_alloc{};
    board_ = new (room) Board;
  }
  ~SharedBoard() { ::munmap(board_, sizeof(Board)); }
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;

  Board* operator->() const noexcept { return board_; }
  Board& operator*() const noexcept { return *board_; }

 private:
  Board* board_;
};

}  // namespace sluice::leaks
