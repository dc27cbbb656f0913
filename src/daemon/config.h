// SPDX-License-Identifier: MIT
// What a person asks of one mount, as the arguments of `sluice mount` and of `sluiced` say it.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/mirror/options.h"

namespace sluice::daemon {

enum class Ground {
  background,  // a process of its own serves, and the first one exits once it does
  foreground,
};

struct Config {
  std::string source;
  std::string mountpoint;
  std::string mount_words;  // after `-o`, joined by commas
  bool read_only = false;
  Ground ground = Ground::background;
  mirror::Options mirror;

  std::string policy;   // a file or a preset; empty: everybody may do what they may below
  std::string subject;  // who every caller is; empty: callers are told apart
  bool observe = false;  // decide and tell, but refuse and hide nothing
  bool quiet = false;    // say nothing of features that are off
  std::string log;       // a file to which decisions are appended
};

// What `arguments` were: a mount to be made, or the wish to read the help text.
struct Asked {
  Config config;
  bool help = false;
};

// errors   EINVAL usage: unknown options, missing or malformed arguments.
Result<Asked, Error> parse_config(std::vector<std::string> arguments);

// Gives the help text of `sluice mount`.
std::string_view mount_help() noexcept;

}  // namespace sluice::daemon
