// SPDX-License-Identifier: MIT
// What `sluice mount` makes of its arguments.
#include <gtest/gtest.h>

#include "sluice/daemon/announce.h"
#include "sluice/daemon/config.h"
#include "sluice/wire/opcode_names.h"

namespace sluice::daemon {
namespace {

using namespace std::chrono_literals;

Config parsed(std::vector<std::string> words) {
  auto asked = parse_config(std::move(words));
  EXPECT_TRUE(asked) << asked.error().line();
  return asked ? asked->config : Config{};
}

std::string refusal(std::vector<std::string> words) {
  const auto asked = parse_config(std::move(words));
  return asked ? "taken" : asked.error().line();
}

TEST(Arguments, two_paths_are_enough) {
  const Config config = parsed({"/src", "/mnt"});
  EXPECT_EQ(config.source, "/src");
  EXPECT_EQ(config.mountpoint, "/mnt");
  EXPECT_EQ(config.ground, Ground::background);
  EXPECT_FALSE(config.read_only);
  EXPECT_EQ(config.mirror.passthrough, mirror::Passthrough::wanted);
  EXPECT_EQ(config.mirror.locks, mirror::Locks::local);
  EXPECT_EQ(config.mirror.submounts, mirror::Submounts::follow);
  EXPECT_EQ(config.mirror.entry_timeout, 1s);
}

TEST(Arguments, every_option_is_taken_wherever_it_stands) {
  const Config config =
      parsed({"-o", "noexec", "--locks=shared", "/src", "-f", "--timeout", "0.25", "/mnt",
              "--readonly", "-o", "nosuid,nodev", "--no-passthrough", "--one-file-system"});
  EXPECT_EQ(config.source, "/src");
  EXPECT_EQ(config.mountpoint, "/mnt");
  EXPECT_EQ(config.mount_words, "noexec,nosuid,nodev");
  EXPECT_EQ(config.ground, Ground::foreground);
  EXPECT_TRUE(config.read_only);
  EXPECT_EQ(config.mirror.passthrough, mirror::Passthrough::off);
  EXPECT_EQ(config.mirror.locks, mirror::Locks::shared);
  EXPECT_EQ(config.mirror.submounts, mirror::Submounts::hide);
  EXPECT_EQ(config.mirror.entry_timeout, 250ms);
  EXPECT_EQ(config.mirror.attr_timeout, 250ms);
}

TEST(Arguments, paths_may_begin_with_a_dash_after_two_dashes) {
  const Config config = parsed({"--readonly", "--", "-src", "--mnt"});
  EXPECT_EQ(config.source, "-src");
  EXPECT_EQ(config.mountpoint, "--mnt");
}

TEST(Arguments, the_last_of_several_counts) {
  const Config config =
      parsed({"--timeout=1", "--timeout=3", "--locks", "shared", "--locks", "local", "a", "b"});
  EXPECT_EQ(config.mirror.attr_timeout, 3s);
  EXPECT_EQ(config.mirror.locks, mirror::Locks::local);
}

TEST(Arguments, help_is_asked_for_whatever_else_is_there) {
  for (const char* word : {"-h", "--help"}) {
    const auto asked = parse_config({"a", word});
    ASSERT_TRUE(asked);
    EXPECT_TRUE(asked->help);
  }
  EXPECT_FALSE(parse_config({"a", "b"})->help);
}

TEST(Arguments, what_is_wrong_is_named_with_what_was_probably_meant) {
  EXPECT_EQ(refusal({"a", "b", "--no-passthru"}),
            "unknown option `--no-passthru`; did you mean `--no-passthrough`?");
  EXPECT_EQ(refusal({"a", "b", "--redonly=yes"}),
            "unknown option `--redonly`; did you mean `--readonly`?");
  EXPECT_EQ(refusal({"a", "b", "--zzz"}), "unknown option `--zzz`");
  EXPECT_EQ(refusal({"a", "b", "c"}), "there is an argument too many: `c`");
  EXPECT_EQ(refusal({"a", "b", "--timeout"}), "`--timeout` needs a value");
  EXPECT_EQ(refusal({"a", "b", "--locks=all"}), "`--locks` is `local` or `shared`, not `all`");
  EXPECT_EQ(refusal({"a"}), "say where to mount it: `sluice mount SRC MNT`");
  EXPECT_EQ(refusal({}), "say what to mount and where: `sluice mount SRC MNT`");
  EXPECT_EQ(refusal({"a", "b", "-o", "nosiud"}),
            "mount option `nosiud` is unknown; did you mean `nosuid`?");
}

TEST(Arguments, timeouts_are_seconds_of_this_world) {
  for (const char* text :
       {"", "-1", "x", "1s", "1e3", "nan", "inf", "0x10", "99999999999", " 1", "1,5"}) {
    EXPECT_NE(refusal({"a", "b", std::string{"--timeout="} + text}), "taken") << text;
  }
  EXPECT_EQ(parsed({"a", "b", "--timeout=0"}).mirror.entry_timeout, 0s);
}

TEST(Arguments, an_idmapped_mount_is_refused_in_clear_words) {
  EXPECT_NE(
      refusal({"a", "b", "-o", "X-mount.idmap=/proc/1/ns/user"}).find("hides the caller's uid"),
      std::string::npos);
}

TEST(Announce, control_characters_cannot_reach_the_terminal) {
  EXPECT_EQ(printable("a\033[2Jb\nc\x7f"), "a\\033[2Jb\\012c\\177");
  EXPECT_EQ(printable("plain \xc3\xa4"), "plain \xc3\xa4");
}

TEST(OpcodeNames, are_those_of_the_kernel) {
  EXPECT_EQ(name(wire::Opcode::lookup), "LOOKUP");
  EXPECT_EQ(name(wire::Opcode::batch_forget), "BATCH_FORGET");
  EXPECT_EQ(name(wire::Opcode::rename2), "RENAME2");
  EXPECT_EQ(name(wire::Opcode::copy_file_range_64), "COPY_FILE_RANGE_64");
  EXPECT_EQ(name(wire::Opcode{7}), "");
  EXPECT_EQ(name(wire::Opcode{4096}), "");
}

}  // namespace
}  // namespace sluice::daemon
