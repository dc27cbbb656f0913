// SPDX-License-Identifier: MIT
// Compiled policies that are kept: they are used where all is as it was, and whatever is odd about
// them leads to a compilation and to nothing worse.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "policy_fixture.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kFolder = "/var/cache/sluice";
constexpr std::string_view kRules = R"([[include]]
file = "more.toml"
[[rule]]
id = "keys"
path = "*.key"
verdict = "hide"
)";

class Cache : public PolicyMounts {
 protected:
  void SetUp() override {
    PolicyMounts::SetUp();
    if (IsSkipped()) return;
    fs::remove_all(kFolder);
    scratch_.file("lower/a.key", "key");
    more("doc");
    file_ = policy(kRules);
  }
  void TearDown() override {
    if (!mnt_.empty()) fs::remove_all(kFolder);
  }
  void more(const std::string& ending) {
    scratch_.file("more.toml", version("[[rule]]\nid = \"more\"\npath = \"*." + ending +
                                       "\"\nverdict = \"deny\"\n"));
  }
  // Mounts, sees that the policy holds, and tells how it came.
  json mounted(const How& how = {}, const std::string& in = "") {
    const std::string at = in.empty() ? mnt_ : in;
    mount(lower_, at, {"--policy", file_, "-q"}, how);
    const json now = status_of(at, how).value("policy", json{});
    const Finished read = run({"cat", at + "/a.key"}, how);
    EXPECT_NE(read.status, 0);
    EXPECT_GE(now.value("milliseconds", -1.0), 0.0);
    unmount(at, how);
    return now;
  }
  std::string how_compiled() { return mounted().value("compiled", ""); }
  static std::vector<fs::path> kept(const std::string& folder = std::string{kFolder}) {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator{folder}) all.push_back(entry.path());
    return all;
  }
  // Keeps the policy, has `spoil` do something to its file, and expects a compilation that puts it
  // right.
  void compiles_after(const std::function<void(const std::string&)>& spoil) {
    fs::remove_all(kFolder);
    EXPECT_EQ(how_compiled(), "cold");
    ASSERT_EQ(kept().size(), 1u);
    spoil(kept().front());
    EXPECT_EQ(how_compiled(), "cold");
  }

  std::string file_;
};

TEST_F(Cache, the_second_mount_takes_what_the_first_compiled) {
  EXPECT_EQ(how_compiled(), "cold");
  EXPECT_EQ(how_compiled(), "cached");
  EXPECT_EQ(kept().size(), 1u);
  struct stat stat {};
  ASSERT_EQ(::stat(kFolder.data(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(kept().front().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
}

TEST_F(Cache, another_text_of_the_policy_or_of_what_it_includes_is_compiled) {
  EXPECT_EQ(how_compiled(), "cold");
  more("txt");
  EXPECT_EQ(how_compiled(), "cold");
  policy(std::string{kRules} + "# a word\n");
  EXPECT_EQ(how_compiled(), "cold");
  EXPECT_EQ(how_compiled(), "cached");
  fs::remove(scratch_.path("more.toml"));
  EXPECT_TRUE(has(refused({"--policy", file_}), "more.toml"));
}

TEST_F(Cache, another_text_of_an_import_or_a_manifest_is_compiled) {
  scratch_.file("rules.toml", "[extend]\npath = \"base.toml\"\n");
  scratch_.file("base.toml", "# one\n");
  scratch_.file("listed.tsv", "a\t0\t1\n");
  policy(
      "[[import]]\ngitleaks = \"rules.toml\"\nas = \"rules\"\n"
      "[detector.listed]\nmanifest = \"listed.tsv\"\n"
      "[[rule]]\nid = \"keys\"\npath = \"*.key\"\nverdict = \"hide\"\n");
  EXPECT_EQ(how_compiled(), "cold");
  EXPECT_EQ(how_compiled(), "cached");
  for (const char* file : {"base.toml", "listed.tsv", "rules.toml"}) {
    scratch_.file(file, "# two\n");
    EXPECT_EQ(how_compiled(), "cold") << file;
  }
  EXPECT_EQ(how_compiled(), "cached");
}

TEST_F(Cache, presets_are_kept_too_and_reloads_use_it) {
  file_ = "dataset";
  const auto compiled = [&] {
    mount({"--policy", "dataset", "-q"});
    const std::string how = policy_status().value("compiled", "");
    const json answer = json::parse(sluice({"reload", mnt_, "--json"}).out);
    EXPECT_EQ(answer["ok"], true);
    EXPECT_EQ(answer["policy"], "dataset");
    unmount();
    return how;
  };
  EXPECT_EQ(compiled(), "cold");
  EXPECT_EQ(compiled(), "cached");
}

TEST_F(Cache, a_file_that_is_damaged_is_not_used) {
  compiles_after([](const std::string& name) { fs::resize_file(name, 0); });
  compiles_after([](const std::string& name) { fs::resize_file(name, fs::file_size(name) / 2); });
  compiles_after([](const std::string& name) { fs::resize_file(name, fs::file_size(name) - 1); });
  compiles_after([](const std::string& name) { fs::resize_file(name, 1u << 30); });
  const auto flip = [](std::size_t from_end) {
    return [from_end](const std::string& name) {
      std::string bytes = read_file(name);
      bytes[bytes.size() - from_end] = static_cast<char>(~bytes[bytes.size() - from_end]);
      write_file(name, bytes);
    };
  };
  for (const std::size_t at : {1u, 10u, 100u}) compiles_after(flip(at));
  compiles_after(
      [](const std::string& name) { write_file(name, "sluiceC\n" + std::string(4, '\xff')); });
}

TEST_F(Cache, a_file_that_others_could_have_written_is_not_used) {
  compiles_after([](const std::string& name) { ASSERT_EQ(::chown(name.c_str(), kAlice, 0), 0); });
  compiles_after([](const std::string& name) { ASSERT_EQ(::chmod(name.c_str(), 0622), 0); });
  compiles_after([&](const std::string& name) {
    fs::copy_file(name, scratch_.path("elsewhere"));
    fs::remove(name);
    fs::create_symlink(scratch_.path("elsewhere"), name);
  });
  compiles_after([&](const std::string& name) {
    fs::remove(name);
    ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  });
  compiles_after([&](const std::string& name) {
    fs::remove(name);
    ASSERT_EQ(::mkdir(name.c_str(), 0700), 0);
  });
}

TEST_F(Cache, another_policys_file_in_its_place_is_not_used) {
  EXPECT_EQ(how_compiled(), "cold");
  const std::string own = kept().front();
  // The same include, so that what is noted of it fits.
  const std::string loose = policy("[[include]]\nfile = \"more.toml\"\n", "loose.toml");
  file_ = loose;
  mount({"--policy", loose, "-q"});
  unmount();
  ASSERT_EQ(kept().size(), 2u);
  const auto all = kept();
  const std::string other = all.front() == own ? all.back() : all.front();
  fs::copy_file(other, own, fs::copy_options::overwrite_existing);
  file_ = scratch_.path("p.toml");
  EXPECT_EQ(how_compiled(), "cold");
}

TEST_F(Cache, a_folder_that_is_open_to_others_or_theirs_is_not_used_and_status_says_why) {
  EXPECT_EQ(how_compiled(), "cold");
  ASSERT_EQ(::chmod(kFolder.data(), 0755), 0);
  const json open = mounted();
  EXPECT_EQ(open["compiled"], "cold");
  EXPECT_TRUE(has(open["cache_trouble"], "open to others")) << open.dump();
  ASSERT_EQ(::chmod(kFolder.data(), 0700), 0);
  ASSERT_EQ(::chown(kFolder.data(), kAlice, 0), 0);
  EXPECT_EQ(how_compiled(), "cold");
  fs::remove_all(kFolder);
  fs::create_directory(scratch_.path("theirs"));
  fs::create_directory_symlink(scratch_.path("theirs"), kFolder);
  EXPECT_EQ(how_compiled(), "cold");
  EXPECT_TRUE(fs::is_empty(scratch_.path("theirs")));
  fs::remove(kFolder);
  write_file(std::string{kFolder}, "");
  EXPECT_EQ(how_compiled(), "cold");
}

TEST_F(Cache, where_nothing_can_be_written_it_is_compiled) {
  ASSERT_EQ(::mkdir(kFolder.data(), 0700), 0);
  ASSERT_EQ(::mount("none", kFolder.data(), "tmpfs", MS_RDONLY, "mode=700"), 0);
  const json now = mounted();
  EXPECT_EQ(now["compiled"], "cold");
  EXPECT_TRUE(now.contains("cache_trouble"));
  ASSERT_EQ(::umount(kFolder.data()), 0);
}

TEST_F(Cache, only_the_newest_are_kept) {
  for (int i = 0; i < 40; ++i) {
    policy(std::string{kRules} + "# " + std::to_string(i) + "\n");
    // The policy is compiled, and then nothing is mounted.
    refused({"--policy", file_, "--log", "/no/such/log"});
  }
  EXPECT_EQ(kept().size(), 32u);
  EXPECT_EQ(how_compiled(), "cached");
}

TEST_F(Cache, users_have_their_own) {
  const std::string home = scratch_.folder("home", kNobody);
  const std::string at = scratch_.folder("users", kNobody);
  ASSERT_EQ(::chmod(lower_.c_str(), 0755), 0);
  How how;
  how.before = [&] {
    become(kNobody);
    ::setenv("HOME", home.c_str(), 1);
    ::unsetenv("XDG_CACHE_HOME");
  };
  EXPECT_EQ(mounted(how, at).value("compiled", ""), "cold");
  EXPECT_EQ(mounted(how, at).value("compiled", ""), "cached");
  EXPECT_EQ(kept(home + "/.cache/sluice").size(), 1u);
  EXPECT_FALSE(fs::exists(kFolder));
}

}  // namespace
}  // namespace sluice::test
