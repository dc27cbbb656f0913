// SPDX-License-Identifier: MIT
// Extended attributes.
#include <sys/xattr.h>

#include <algorithm>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

using Names = std::vector<std::string>;

// Some file systems list attributes of their own; the user's are what is asked here.
Names users(Names names) {
  std::erase_if(names, [](const std::string& name) { return !name.starts_with("user."); });
  std::ranges::sort(names);
  return names;
}

void attributes_are_set_listed_and_removed(World& world) {
  make(world, "a");
  EXPECT_DONE(world.mkdir("d", 0755));
  for (const char* path : {"a", "d"}) {
    MUST_OR_SKIP(world.setxattr(path, "user.one", "first"));
    EXPECT_DONE(world.setxattr(path, "user.two", "second"));
    EXPECT_EQ(MUST(world.getxattr(path, "user.one")), "first");
    EXPECT_EQ(users(MUST(world.listxattr(path))), (Names{"user.one", "user.two"}));
    EXPECT_DONE(world.removexattr(path, "user.one"));
    EXPECT_EQ(users(MUST(world.listxattr(path))), (Names{"user.two"}));
    EXPECT_EQ(MUST(world.getxattr(path, "user.two")), "second");
  }
}

void a_missing_attribute_is_enodata(World& world) {
  make(world, "a");
  MUST_OR_SKIP(world.setxattr("a", "user.other", "x"));
  EXPECT_FAILS(world.getxattr("a", "user.none"), ENODATA);
  EXPECT_FAILS(world.removexattr("a", "user.none"), ENODATA);
}

void attributes_are_created_or_replaced_as_asked(World& world) {
  make(world, "a");
  MUST_OR_SKIP(world.setxattr("a", "user.k", "1", XATTR_CREATE));
  EXPECT_FAILS(world.setxattr("a", "user.k", "2", XATTR_CREATE), EEXIST);
  EXPECT_DONE(world.setxattr("a", "user.k", "3", XATTR_REPLACE));
  EXPECT_FAILS(world.setxattr("a", "user.l", "4", XATTR_REPLACE), ENODATA);
  EXPECT_EQ(MUST(world.getxattr("a", "user.k")), "3");
}

void too_little_room_is_erange_and_none_asks_for_the_size(World& world) {
  make(world, "a");
  MUST_OR_SKIP(world.setxattr("a", "user.k", "twelve bytes"));
  EXPECT_FAILS(world.getxattr("a", "user.k", 11), ERANGE);
  EXPECT_EQ(MUST(world.getxattr("a", "user.k", 12)), "twelve bytes");
  EXPECT_EQ(MUST(world.getxattr("a", "user.k", 0)).size(), 12U);
}

void values_are_bytes_and_may_be_empty(World& world) {
  make(world, "a");
  const std::string bytes{"\0\xff\n\0", 4};
  MUST_OR_SKIP(world.setxattr("a", "user.bytes", bytes));
  EXPECT_DONE(world.setxattr("a", "user.empty", ""));
  EXPECT_EQ(MUST(world.getxattr("a", "user.bytes")), bytes);
  EXPECT_EQ(MUST(world.getxattr("a", "user.empty")), "");
  EXPECT_EQ(MUST(world.getxattr("a", "user.empty", 0)).size(), 0U);
}

void names_of_attributes_have_a_limit(World& world) {
  make(world, "a");
  const std::string longest = "user." + std::string(250, 'n');
  MUST_OR_SKIP(world.setxattr("a", longest, "x"));
  EXPECT_EQ(MUST(world.getxattr("a", longest)), "x");
  EXPECT_FAILS(world.setxattr("a", longest + "n", "x"), ERANGE);
  EXPECT_FAILS(world.getxattr("a", longest + "n"), ERANGE);
  EXPECT_FAILS(world.setxattr("a", "user.k", std::string(65537, 'v')), E2BIG);
}

void large_values_are_kept_whole(World& world) {
  make(world, "a");
  const std::string value(2000, 'v');
  MUST_OR_SKIP(world.setxattr("a", "user.large", value));
  EXPECT_EQ(MUST(world.getxattr("a", "user.large")), value);
  EXPECT_DONE(world.setxattr("a", "user.large", "small"));
  EXPECT_EQ(MUST(world.getxattr("a", "user.large")), "small");
}

void attributes_go_with_the_file(World& world) {
  make(world, "a");
  MUST_OR_SKIP(world.setxattr("a", "user.k", "v"));
  EXPECT_DONE(world.rename("a", "b"));
  EXPECT_EQ(MUST(world.getxattr("b", "user.k")), "v");
  EXPECT_DONE(world.link("b", "c"));
  EXPECT_EQ(MUST(world.getxattr("c", "user.k")), "v");
}

void symlinks_have_no_user_attributes(World& world) {
  make(world, "a");
  MUST_OR_SKIP(world.setxattr("a", "user.k", "v"));
  EXPECT_DONE(world.symlink("a", "s"));
  EXPECT_FAILS(world.setxattr("s", "user.k", "v"), EPERM);
  EXPECT_FAILS(world.getxattr("s", "user.k"), ENODATA);
}

void unknown_namespaces_are_refused(World& world) {
  make(world, "a");
  MUST_OR_SKIP(world.setxattr("a", "user.k", "v"));
  EXPECT_FAILS(world.setxattr("a", "nonsense.k", "v"), EOPNOTSUPP);
}

void attributes_follow_the_files_permissions(World& world) {
  make(world, "a", "", 0600);
  MUST_OR_SKIP(world.setxattr("a", "user.k", "v"));
  world.become({kSomebody, kSomebody, {}});
  EXPECT_FAILS(world.getxattr("a", "user.k"), EACCES);
  EXPECT_FAILS(world.setxattr("a", "user.k", "w"), EACCES);
  EXPECT_FAILS(world.setxattr("a", "trusted.k", "w"), EPERM);
}

constexpr Behaviour kBehaviours[] = {
    {"attributes_are_set_listed_and_removed", attributes_are_set_listed_and_removed},
    {"a_missing_attribute_is_enodata", a_missing_attribute_is_enodata},
    {"attributes_are_created_or_replaced_as_asked", attributes_are_created_or_replaced_as_asked},
    {"too_little_room_is_erange_and_none_asks_for_the_size",
     too_little_room_is_erange_and_none_asks_for_the_size},
    {"values_are_bytes_and_may_be_empty", values_are_bytes_and_may_be_empty},
    {"names_of_attributes_have_a_limit", names_of_attributes_have_a_limit},
    {"large_values_are_kept_whole", large_values_are_kept_whole},
    {"attributes_go_with_the_file", attributes_go_with_the_file},
    {"symlinks_have_no_user_attributes", symlinks_have_no_user_attributes},
    {"unknown_namespaces_are_refused", unknown_namespaces_are_refused},
    {"attributes_follow_the_files_permissions", attributes_follow_the_files_permissions,
     Needs::users},
};

}  // namespace

std::span<const Behaviour> xattr_behaviours() { return kBehaviours; }

}  // namespace conformance
