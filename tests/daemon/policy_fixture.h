// SPDX-License-Identifier: MIT
// Mounts under a policy, and what callers get there.
#pragma once

#include "fixture.h"

namespace sluice::test {

inline constexpr uid_t kAlice = 1001;
inline constexpr uid_t kBob = 1002;

class PolicyMounts : public Mounts {
 protected:
  static std::string version(std::string_view rules) {
    return "version = 1\n" + std::string{rules};
  }
  std::string policy(std::string_view rules, std::string_view name = "p.toml") {
    return scratch_.file(name, version(rules));
  }
  // Mounts by the policy; more options follow.
  void mount_by(const std::string& policy_file, const Words& more = {}) {
    Words options{"--policy", policy_file, "-q"};
    options.insert(options.end(), more.begin(), more.end());
    mount(options);
  }
  // Gives what is wrong where mounting must fail.
  std::string refused(const Words& more) {
    Words words{"mount", lower_, mnt_, "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished finished = sluice(words);
    EXPECT_EQ(finished.status, 1) << finished.err;
    EXPECT_FALSE(is_mounted(mnt_));
    return finished.err;
  }
  // Gives what `cat` of a file in the mount says: its text, or the errno's words.
  static std::string cat(const std::string& path, uid_t who = 0,
                         const std::string& program = "cat") {
    How how;
    if (who != 0) how.before = [who] { become(who); };
    const Finished finished = run({program, path}, how);
    if (finished.status == 0) return finished.out;
    if (finished.err.find("Permission denied") != std::string::npos) return "EACCES";
    if (finished.err.find("No such file") != std::string::npos) return "ENOENT";
    return finished.err;
  }
  nlohmann::json policy_status() { return status_of(mnt_).value("policy", nlohmann::json{}); }
  // The words of a page, whichever lines they stand on.
  static std::string on_one_line(const std::string& page) {
    std::string line;
    for (const char c : page) {
      const bool space = c == ' ' || c == '\n';
      if (!space || !line.ends_with(' ')) line += space ? ' ' : c;
    }
    return line;
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
};

}  // namespace sluice::test
