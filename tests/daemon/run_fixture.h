// SPDX-License-Identifier: MIT
// A home with a project in it, and `sluice run` over them.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "fixture.h"

namespace sluice::test {

class Run : public testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the sanitizer's own thread keeps a process from entering a user namespace";
#endif
    home_ = scratch_.folder("home", user());
    project_ = scratch_.folder("home/project", user());
    for (const char* folder : {"home/.ssh", "home/project/.git", "home/project/conf"})
      scratch_.folder(folder, user());
    put("home/.ssh/id_rsa", "the key");
    put("home/project/.netrc", "TOKEN=1\n");
    put("home/project/file", "content\n");
  }

  virtual uid_t user() const { return 0; }

  void put(std::string_view below, std::string_view text) const {
    const std::string path = scratch_.file(below, text);
    ASSERT_EQ(::chown(path.c_str(), user(), user()), 0);
  }

  How how() const {
    return {.before =
                [home = home_, user = user()] {
                  ::setenv("HOME", home.c_str(), 1);
                  if (user != 0) become(user);
                },
            .directory = project_};
  }
  Finished run(const Words& options, const Words& command) const {
    Words words{"run"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back("--");
    words.insert(words.end(), command.begin(), command.end());
    return sluice(words, how());
  }
  Finished as_agent(const std::string& script, Words options = {"-q"}) const {
    options.insert(options.end(), {"--policy", "agent"});
    return run(options, {"sh", "-c", script});
  }

  Scratch scratch_;
  std::string home_;
  std::string project_;
};

}  // namespace sluice::test
