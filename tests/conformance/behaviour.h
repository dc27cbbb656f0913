// SPDX-License-Identifier: MIT
// What a behaviour is made of, and the few words they are written in.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "sluice/base/ids.h"
#include "sluice/testkit/world.h"

namespace conformance {

using namespace sluice;
using testkit::Follow;
using testkit::Identity;
using testkit::World;

enum class Needs {
  nothing,
  users,      // a world that can become any user
  real_path,  // a world that the machine's own calls reach
};

struct Behaviour {
  const char* name;  // a sentence
  void (*run)(World& world);
  Needs needs = Needs::nothing;
};

std::span<const Behaviour> data_behaviours();
std::span<const Behaviour> hole_behaviours();
std::span<const Behaviour> name_behaviours();
std::span<const Behaviour> rename_behaviours();
std::span<const Behaviour> error_behaviours();
std::span<const Behaviour> attribute_behaviours();
std::span<const Behaviour> permission_behaviours();
std::span<const Behaviour> listing_behaviours();
std::span<const Behaviour> xattr_behaviours();
std::span<const Behaviour> lock_behaviours();
std::span<const Behaviour> mapping_behaviours();

inline constexpr unsigned kSomebody = 4711;  // two users and a group that own nothing here
inline constexpr unsigned kSomeoneElse = 4712;
inline constexpr unsigned kTheirGroup = 4713;

template <class R>
std::string failure_of(const R& result) {
  return result ? "success" : std::string{sluice::name(result.error())};
}

// Makes `path` with `content`.
inline void make(World& world, const std::string& path, std::string_view content = "",
                 mode_t mode = 0644) {
  auto file = world.open(path, O_CREAT | O_EXCL | O_WRONLY, mode);
  ASSERT_TRUE(file) << path << ": " << failure_of(file);
  EXPECT_EQ(failure_of(world.write(*file, content)), "success");
  EXPECT_EQ(failure_of(world.close(*file)), "success");
}

// All of a file's bytes; an error's name in brackets where it cannot be read.
inline std::string content_of(World& world, const std::string& path) {
  auto file = world.open(path, O_RDONLY);
  if (!file) return "[" + failure_of(file) + "]";
  std::string all;
  for (;;) {
    auto some = world.read(*file, 1U << 20);
    if (!some) all += "[" + failure_of(some) + "]";
    if (!some || some->empty()) break;
    all += *some;
  }
  static_cast<void>(world.close(*file));
  return all;
}

inline bool exists(World& world, const std::string& path) {
  return world.stat(path, Follow::no).has_value();
}

}  // namespace conformance

// The value, or the end of the test with a failure that names the call.
#define MUST(expression)                                                                  \
  (__extension__({                                                                        \
    auto must_result = (expression);                                                      \
    if (!must_result) {                                                                   \
      ADD_FAILURE() << #expression << " gave " << ::conformance::failure_of(must_result); \
      return;                                                                             \
    }                                                                                     \
    ::sluice::detail::unwrap(std::move(must_result));                                     \
  }))
#define EXPECT_DONE(expression) \
  EXPECT_EQ(::conformance::failure_of(expression), "success") << #expression
#define EXPECT_FAILS(expression, error)                                                    \
  EXPECT_EQ(::conformance::failure_of(expression), ::sluice::name(::sluice::Errno{error})) \
      << #expression
// Leaves the test where the file system does not offer the call at all.
#define MUST_OR_SKIP(expression)                                                                 \
  if (auto offered = (expression); !offered && offered.error() == ::sluice::Errno{EOPNOTSUPP}) { \
    GTEST_SKIP() << #expression << " is not supported here";                                     \
  } else if (!offered) {                                                                         \
    ADD_FAILURE() << #expression << " gave " << ::conformance::failure_of(offered);              \
    return;                                                                                      \
  }
