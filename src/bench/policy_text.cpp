// SPDX-License-Identifier: MIT
#include "sluice/bench/policy_text.h"

#include <fmt/format.h>

namespace sluice::bench {
namespace {

std::string pattern(unsigned number) {
  switch (number % 5) {
    case 0: return fmt::format("*.kept-{}", number);
    case 1: return fmt::format("kept-{}/", number);
    case 2: return fmt::format("**/kept-{}/*.key", number);
    case 3: return fmt::format("/kept/{}/**/secret", number);
    default: return fmt::format("kept-{}-[0-9]*", number);
  }
}

}  // namespace

std::string policy_of(unsigned rules) {
  constexpr const char* kVerdicts[] = {"hide", "deny", "readonly", "served"};
  std::string text = "version = 1\n";
  for (unsigned i = 0; i < rules; ++i) {
    text += fmt::format("[[rule]]\nid = \"rule-{}\"\npath = \"{}\"\nverdict = \"{}\"\n", i,
                        pattern(i), kVerdicts[i % 4]);
  }
  return text;
}

std::string contents_policy() {
  return fmt::format(
      "version = 1\n"
      "[default]\ndeadline = \"60s\"\ntoo_big = {{ over = \"1GiB\", verdict = \"served\" }}\n"
      "[detector.ranges]\nmanifest = \"{}\"\n"
      "[[rule]]\nid = \"ranges\"\npath = \"/data\"\ncontent = \"ranges\"\nverdict = \"redact\"\n"
      "[[rule]]\nid = \"secrets\"\ncontent = \"builtin\"\nverdict = \"redact\"\n",
      kManifestName);
}

std::string contents_manifest() { return "data\t4000\t200\ndata\t1000000\t40\n"; }

}  // namespace sluice::bench
