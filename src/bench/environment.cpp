// SPDX-License-Identifier: MIT
#include "sluice/bench/environment.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>

#include "sluice/bench/mounts.h"

namespace sluice::bench {
namespace {

// Gives the processor's name as the kernel tells it; its key differs between architectures.
std::string cpu_name() {
  std::ifstream file{"/proc/cpuinfo"};
  std::string line;
  while (std::getline(file, line)) {
    bool named = line.starts_with("model name") || line.starts_with("cpu model") ||
                 line.starts_with("Model");
    std::size_t colon = line.find(": ");
    if (named && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::string utc_now() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> room{};
  std::strftime(room.data(), room.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return room.data();
}

}  // namespace

Environment look_around(const std::string& lower_path) {
  Environment where;
  struct utsname system {};
  where.kernel = ::uname(&system) == 0 ? system.release : "unknown";
  where.cpu = cpu_name();
  long cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
  where.cpus = cpus > 0 ? static_cast<unsigned>(cpus) : 0;
  struct sysinfo memory {};
  if (::sysinfo(&memory) == 0)
    where.memory_bytes = std::uint64_t{memory.totalram} * memory.mem_unit;
  where.date = utc_now();
  where.lower_path = lower_path;
  where.lower_type = type_of_filesystem(lower_path);
  if (where.lower_type.empty()) where.lower_type = "unknown";
  return where;
}

}  // namespace sluice::bench
