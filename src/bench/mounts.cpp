// SPDX-License-Identifier: MIT
#include "sluice/bench/mounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>

#include <array>
#include <charconv>
#include <ranges>
#include <thread>

#include "sluice/bench/process.h"
#include "sluice/bench/worker.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

// Undoes the kernel's \ooo for space, tab, newline and backslash.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 3, code, 8).ptr == &text[i + 1] + 3) {
      plain += static_cast<char>(code & 0xff);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    std::size_t end = line.find(' ');
    if (end != 0) words.push_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

bool parse_number(std::string_view text, unsigned& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// "id parent major:minor root point options [tags...] - type source superoptions"
bool parse_line(std::string_view line, MountEntry& entry) {
  std::vector<std::string_view> words = words_of(line);
  if (words.size() < 9) return false;
  auto dash = std::ranges::find(words, std::string_view{"-"});
  if (dash == words.end() || dash + 1 == words.end()) return false;
  std::size_t colon = words[2].find(':');
  if (colon == std::string_view::npos) return false;
  entry.point = unescaped(words[4]);
  entry.type = dash[1];
  return parse_number(words[2].substr(0, colon), entry.major) &&
         parse_number(words[2].substr(colon + 1), entry.minor);
}

bool lies_in(std::string_view path, std::string_view directory) {
  if (!path.starts_with(directory)) return false;
  return path.size() == directory.size() || directory.ends_with('/') ||
         path[directory.size()] == '/';
}

// Tries once; a busy mount often is free a moment later. The system call and not umount(8), which
// looks at the mount first and would wait for a file system that hangs.
bool ask_to_unmount(const std::string& point) {
  if (::geteuid() == 0) {
    Work work;
    work.timeout = 10s;
    work.heed = Heed::nothing;
    work.body = [&](const Steps&) -> Result<Numbers, Error> {
      if (::umount2(point.c_str(), UMOUNT_NOFOLLOW) == 0) return Numbers{};
      return fail(Error::of("cannot unmount", Errno::last()));
    };
    return run_apart(work).has_value();
  }
  Command command{.arguments = {"fusermount3", "-u", point}, .timeout = 10s, .heed = Heed::nothing};
  auto finished = run_process(command);
  return finished && finished->exit_code == 0;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> mounts;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    MountEntry entry;
    if (parse_line(text.substr(0, end), entry)) mounts.push_back(std::move(entry));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return mounts;
}

std::vector<MountEntry> current_mounts() {
  Fd file{::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)};
  std::string text;
  std::array<char, 16384> room;
  while (file) {
    ssize_t got = retry_interrupted([&] { return ::read(file.get(), room.data(), room.size()); });
    if (got <= 0) break;
    text.append(room.data(), static_cast<std::size_t>(got));
  }
  return parse_mountinfo(text);
}

Result<MountEntry> mount_at(std::string_view point) {
  for (const MountEntry& mount : current_mounts() | std::views::reverse) {
    if (mount.point == point) return mount;
  }
  return fail(ENOENT);
}

Result<std::string> mount_below(std::string_view directory) {
  for (const MountEntry& mount : current_mounts()) {
    if (lies_in(mount.point, directory)) return mount.point;
  }
  return fail(ENOENT);
}

std::string type_of_filesystem(std::string_view path) {
  MountEntry nearest;
  for (MountEntry& mount : current_mounts()) {
    if (lies_in(path, mount.point) && mount.point.size() >= nearest.point.size()) {
      nearest = std::move(mount);
    }
  }
  return nearest.type;
}

Result<void, Error> unmount(const std::string& point) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (!mount_at(point)) return {};
    if (ask_to_unmount(point)) continue;
    std::this_thread::sleep_for(100ms);
  }
  auto mount = mount_at(point);
  if (!mount) return {};
  abort_connection(*mount);
  if (!ask_to_unmount(point)) ::umount2(point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  if (!mount_at(point)) return {};
  return fail(Error{fmt::format("cannot unmount `{}`", point), EBUSY});
}

void abort_connection(const MountEntry& mount) {
  if (!mount.type.starts_with("fuse")) return;
  // The directory's name is the device number as the kernel packs it.
  auto path = fmt::format("/sys/fs/fuse/connections/{}/abort", mount.major << 20 | mount.minor);
  Fd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (file && ::write(file.get(), "1", 1) == 1) return;
  // That directory need not be mounted; a forced unmount aborts too. It may leave the mount.
  ::umount2(mount.point.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW);
}

}  // namespace sluice::bench
