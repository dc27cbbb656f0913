// SPDX-License-Identifier: MIT
// Other mounts of the same files, made before the start: none may show what the view does not.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(OtherWays);

void must(bool done) {
  if (!done) ::_exit(97);
}

// Not `bind`: with strings as arguments, std::bind would be found, and do nothing.
void bind_mount(const std::string& source, const std::string& target) {
  must(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0);
}

// Runs `mounts` in a mount namespace of the caller's process, before it gives up root.
Setting with_mounts(Who who, const std::function<void()>& mounts) {
  Setting setting{.who = who};
  setting.before_as_root = [=] {
    must(::unshare(CLONE_NEWNS) == 0);
    must(::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) == 0);
    mounts();
  };
  setting.starting = [](const Report& report) {
    for (const std::string& line : report.covered)
      static_cast<void>(!::write(2, (line + "\n").data(), line.size() + 1));
  };
  return setting;
}

std::string folder(const Scratch& scratch, std::string_view name) {
  std::filesystem::create_directories(scratch.path(name));
  ::chmod(scratch.path(name).c_str(), 0755);
  return scratch.path(name);
}

TEST_P(OtherWays, a_bind_of_the_tree_shows_the_view) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  const auto setting = with_mounts(GetParam(), [&] { bind_mount(scratch.tree(), other); });
  const Ran ran = shell(scratch, "cat " + other + "/shown.txt; cat " + other + "/secret.txt", setting);
  EXPECT_EQ(ran.out, "shown") << ran.error;
  EXPECT_NE(ran.err.find("`" + other + "` shows the view of `" + scratch.tree() + "`"),
            std::string::npos) << ran.err;
}

TEST_P(OtherWays, a_bind_of_what_is_above_the_tree_shows_the_view_in_its_place) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  const auto setting = with_mounts(GetParam(), [&] { bind_mount(scratch.path(), other); });
  const Ran ran = shell(scratch, "cat " + other + "/tree/*.txt; ls " + other, setting);
  EXPECT_EQ(ran.out, "shownother\ntree\n") << ran.error;
}

TEST_P(OtherWays, a_bind_of_a_part_of_the_tree_shows_that_part_of_the_view) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  const auto setting = with_mounts(GetParam(), [&] { bind_mount(scratch.tree("in"), other); });
  const Ran ran = shell(scratch, "ls " + other, setting);
  EXPECT_EQ(ran.out, "") << ran.error;
  EXPECT_EQ(ran.status, 0);
}

TEST_P(OtherWays, a_bind_of_a_hidden_file_or_folder_is_empty) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  const std::string hidden = scratch.tree("hidden");
  std::filesystem::create_directories(hidden);
  write_file(hidden + "/x", "secret");
  write_file(scratch.path("file"), "");
  const auto setting = with_mounts(GetParam(), [&] {
    bind_mount(hidden, other);
    bind_mount(scratch.tree("secret.txt"), scratch.path("file"));
  });
  const Ran ran = shell(scratch, "ls " + other + "; cat " + scratch.path("file"), setting);
  EXPECT_EQ(ran.out, "") << ran.error;
  EXPECT_EQ(ran.status, 0);
}

TEST_P(OtherWays, the_whole_file_system_mounted_again_shows_the_view_in_its_place) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  const auto setting = with_mounts(GetParam(), [&] { bind_mount("/", other); });
  const Ran ran = shell(scratch, "cat " + other + scratch.tree() + "/*.txt", setting);
  EXPECT_EQ(ran.out, "shown") << ran.error;
}

TEST_P(OtherWays, a_mount_that_another_one_hides_needs_no_cover) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  const auto setting = with_mounts(GetParam(), [&] {
    bind_mount(scratch.tree(), other);
    must(::mount("none", other.c_str(), "tmpfs", 0, "mode=755") == 0);
    write_file(other + "/top", "top");
  });
  EXPECT_EQ(shell(scratch, "cat " + other + "/*", setting).out, "top");
}

TEST_P(OtherWays, an_overlay_whose_lower_layer_is_the_tree_is_empty) {
  const Scratch scratch{GetParam()};
  const std::string merged = folder(scratch, "merged");
  for (const char* name : {"upper", "work"}) folder(scratch, name);
  const auto setting = with_mounts(GetParam(), [&] {
    const std::string options = "lowerdir=" + scratch.tree() + ",upperdir=" + scratch.path("upper") +
                                ",workdir=" + scratch.path("work");
    // Overlays want a file system of their own kind below; where this one does not do, no upper.
    const std::string two = "lowerdir=" + scratch.tree() + ":" + scratch.path("upper");
    must(::mount("o", merged.c_str(), "overlay", 0, options.c_str()) == 0 ||
         ::mount("o", merged.c_str(), "overlay", 0, two.c_str()) == 0);
  });
  const Ran ran = shell(scratch, "ls " + merged, setting);
  EXPECT_EQ(ran.out, "") << ran.error;
  EXPECT_EQ(ran.status, 0) << ran.error;
}

TEST_P(OtherWays, an_overlay_with_a_layer_above_the_tree_is_empty_in_its_place) {
  const Scratch scratch{GetParam()};
  const Scratch elsewhere{GetParam()};
  const std::string merged = folder(elsewhere, "merged");
  folder(elsewhere, "more/shown");
  const auto setting = with_mounts(GetParam(), [&] {
    const std::string two = "lowerdir=" + scratch.path() + ":" + elsewhere.path("more");
    must(::mount("o", merged.c_str(), "overlay", 0, two.c_str()) == 0);
  });
  const Ran ran = shell(scratch, "ls " + merged + " " + merged + "/tree", setting);
  EXPECT_EQ(ran.out, merged + ":\nshown\ntree\n\n" + merged + "/tree:\n") << ran.error;
}

TEST_P(OtherWays, the_layers_below_a_view_on_an_overlay_are_covered) {
  const Scratch scratch{GetParam()};
  const std::string lower = folder(scratch, "lower");
  std::filesystem::create_directories(lower + "/a");
  write_file(lower + "/a/secret.txt", "secret");
  folder(scratch, "more");
  auto setting = with_mounts(GetParam(), [&] {
    const std::string two = "lowerdir=" + lower + ":" + scratch.path("more");
    must(::mount("o", scratch.tree().c_str(), "overlay", 0, two.c_str()) == 0);
  });
  setting.plan = [&](Plan& plan) { plan.views = {scratch.tree("a")}; };
  setting.mount_views = [&]() -> Result<void, Error> {
    if (::mount("none", scratch.tree("a").c_str(), "tmpfs", 0, "mode=755") == 0) return {};
    return fail(Error{"test view", EIO});
  };
  const Ran ran = shell(scratch, "cat " + lower + "/a/secret.txt " + scratch.tree("a/secret.txt"),
                        setting);
  EXPECT_EQ(ran.out, "") << ran.error;
  EXPECT_EQ(ran.status, 1) << ran.error;
}

TEST_P(OtherWays, a_way_that_cannot_be_covered_refuses_the_start) {
  const Scratch scratch{GetParam()};
  // The folder that holds the view is one that the view shows.
  auto setting = with_mounts(GetParam(), [&] { bind_mount(scratch.tree(), scratch.path("around")); });
  folder(scratch, "around");
  std::filesystem::create_directories(scratch.tree("in"));
  setting.plan = [&](Plan& plan) { plan.views = {scratch.tree(), scratch.path("around/in")}; };
  setting.mount_views = [&]() -> Result<void, Error> {
    for (const std::string& view : {scratch.tree(), scratch.path("around/in")}) {
      if (::mount("none", view.c_str(), "tmpfs", 0, "mode=755") != 0)
        return fail(Error{"test view", EIO});
    }
    return {};
  };
  const Ran ran = shell(scratch, "cat " + scratch.path("around/secret.txt"), setting);
  EXPECT_EQ(ran.status, -2) << ran.out;
  EXPECT_NE(ran.error.find("cannot be covered"), std::string::npos) << ran.error;
}

TEST_P(OtherWays, a_mounted_snapshot_of_a_views_subvolume_is_empty) {
  const Scratch scratch{GetParam()};
  const std::string image = scratch.path("image");
  const std::string all = folder(scratch, "all");
  const std::string old = folder(scratch, "old");
  const auto run = [](const std::string& command) { return std::system(command.c_str()) == 0; };
  if (!run("truncate -s 128M " + image + " && mkfs.btrfs -q " + image + " >/dev/null 2>&1"))
    GTEST_SKIP() << "needs mkfs.btrfs";
  // Mounted in the namespace of the caller alone; the loop device ends with its last mount.
  auto setting = with_mounts(GetParam(), [&] {
    must(run("mount -o loop " + image + " " + all));
    must(run("btrfs -q subvolume create " + all + "/now && echo secret > " + all + "/now/file"));
    must(run("btrfs -q subvolume snapshot " + all + "/now " + all + "/then"));
    must(run("d=$(findmnt -no SOURCE " + all + ") && mount -o subvol=now $d " + scratch.tree() +
             " && mount -o subvol=then $d " + old + " && umount " + all));
  });
  const Ran ran = shell(scratch, "cat " + old + "/file " + scratch.tree("shown.txt"), setting);
  if (ran.status == -1) GTEST_SKIP() << "needs loop devices and btrfs: " << ran.err;
  EXPECT_EQ(ran.out, "shown") << ran.error << ran.err;
}

TEST_P(OtherWays, a_mount_made_outside_later_is_not_seen) {
  const Scratch scratch{GetParam()};
  const std::string other = folder(scratch, "other");
  if (::mount(other.c_str(), other.c_str(), nullptr, MS_BIND, nullptr) != 0) GTEST_SKIP();
  ::mount(nullptr, other.c_str(), nullptr, MS_SHARED, nullptr);
  {
    Running running{scratch,
                    {"/bin/sh", "-c",
                     "echo ready; while [ ! -e /tmp/confine-go-$0 ]; do sleep 0.05; done; ls " + other,
                     scratch.path().substr(18)},
                    setting()};
    EXPECT_TRUE(running.says("ready"));
    bind_mount(scratch.tree(), other);
    const std::string go = "/tmp/confine-go-" + scratch.path().substr(18);
    write_file(go, "");
    EXPECT_EQ(running.finish().out, "ready\n");
    ::unlink(go.c_str());
  }
  ::umount2(other.c_str(), MNT_DETACH);
  ::umount2(other.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace sluice::confine::test
