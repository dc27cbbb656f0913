// SPDX-License-Identifier: MIT
#include "clean_objects.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "sluice/base/fd.h"

namespace sluice::cli {
namespace {

// What the file begins with; to be changed with what keys are made of.
constexpr std::array<char, 16> kHead{"sluice clean 1\n"};
constexpr std::size_t kMost = 4'000'000;  // objects; beyond, it is begun anew

}  // namespace

CleanObjects::CleanObjects(std::string file) : file_{std::move(file)} {
  const Fd opened{::open(file_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat stat {};
  if (!opened || ::fstat(opened.get(), &stat) != 0 || !S_ISREG(stat.st_mode)) return;
  const auto size = static_cast<std::uint64_t>(stat.st_size);
  const bool fits = stat.st_uid == ::geteuid() && size >= kHead.size() &&
                    (size - kHead.size()) % sizeof(Key) == 0 &&
                    (size - kHead.size()) / sizeof(Key) <= kMost;
  if (!fits) return;
  std::vector<std::byte> bytes(size);
  if (retry_interrupted([&] { return ::pread(opened.get(), bytes.data(), size, 0); }) !=
      static_cast<ssize_t>(size)) {
    return;
  }
  if (std::memcmp(bytes.data(), kHead.data(), kHead.size()) != 0) return;
  for (std::size_t at = kHead.size(); at < size; at += sizeof(Key)) {
    Key key;
    std::memcpy(key.data(), bytes.data() + at, key.size());
    keys_.insert(key);
  }
}

void CleanObjects::save() const {
  if (file_.empty() || keys_.size() > kMost) return;
  std::vector<std::byte> bytes(kHead.size() + keys_.size() * sizeof(Key));
  std::memcpy(bytes.data(), kHead.data(), kHead.size());
  std::byte* at = bytes.data() + kHead.size();
  for (const Key& key : keys_) at = std::ranges::copy(key, at).out;
  const std::string beside = file_ + "." + std::to_string(::getpid());
  Fd file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file) return;
  const bool written = retry_interrupted([&] {
                         return ::write(file.get(), bytes.data(), bytes.size());
                       }) == static_cast<ssize_t>(bytes.size());
  file.reset();
  if (!written || ::rename(beside.c_str(), file_.c_str()) != 0) ::unlink(beside.c_str());
}

std::size_t CleanObjects::Hash::operator()(const Key& key) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

CleanObjects::Key CleanObjects::cut(const policy::Digest& key) {
  Key half;
  static_assert(sizeof(policy::Digest) >= sizeof(Key));
  std::ranges::copy_n(key.begin(), half.size(), half.begin());
  return half;
}

}  // namespace sluice::cli
