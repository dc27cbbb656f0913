// SPDX-License-Identifier: MIT
// Feeds text to what reads a thread's facts from /proc, and checks that answers lie in the text.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sluice/guard/proc_facts.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::guard;
  const std::string text(data, data + size);
  if (const auto groups = line_of(text, "Groups:")) {
    must(groups->find('\n') == std::string_view::npos && groups->size() < size);
    must(numbers_in(*groups).size() <= groups->size());
  }
  if (const auto cgroup = line_of(text, "0::")) {
    const std::string_view unit = unit_of(*cgroup);
    must(unit.find('/') == std::string_view::npos);
    must(cgroup->find(unit) != std::string_view::npos);
    must(is_at_or_below(*cgroup, "/"));
    must(cgroup->empty() || cgroup->ends_with('/') || is_at_or_below(*cgroup, *cgroup));
    must(!is_at_or_below(*cgroup, std::string{*cgroup} + "/x"));
  }
  if (is_dying(text)) must(text.find("SigPnd:") != text.npos);
  if (start_ticks(text)) must(text.find(')') != text.npos);
  must(numbers_in(text).size() <= size);
  return 0;
}
