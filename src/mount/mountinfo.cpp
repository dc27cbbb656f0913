// SPDX-License-Identifier: MIT
// Fields are separated by single blanks, and an empty one (a source without a name) is two blanks
// in a row: so split at each blank and never skip a run of them.
#include "sluice/mount/mountinfo.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <ranges>

#include "sluice/base/fd.h"

namespace sluice::mount {
namespace {

// Takes what stands before the next `end` off the front of `text`; all of it when there is none.
std::string_view take_until(std::string_view& text, char end) noexcept {
  const std::size_t size = text.find(end);
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size == std::string_view::npos ? text.size() : size + 1);
  return taken;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) noexcept {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

bool is_octal(char c) noexcept { return c >= '0' && c <= '7'; }

// The kernel writes blanks, tabs, newlines, backslashes and `#` as three octal digits.
// source: linux fs/proc_namespace.c mangle()
std::string unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' &&
                        is_octal(text[i + 1]) && is_octal(text[i + 2]) && is_octal(text[i + 3]);
    if (!escape) {
      plain.push_back(text[i]);
      continue;
    }
    const int byte = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
    plain.push_back(static_cast<char>(byte));
    i += 3;
  }
  return plain;
}

Flags<MountFlag> parse_flags(std::string_view words) noexcept {
  Flags<MountFlag> flags;
  while (!words.empty()) {
    if (const auto flag = flag_of(take_until(words, ','))) flags.set(*flag);
  }
  return flags;
}

// Any number of optional fields, such as "shared:2", stand before a lone "-".
bool skip_optional_fields(std::string_view& line) noexcept {
  while (!line.empty()) {
    if (take_until(line, ' ') == "-") return true;
  }
  return false;
}

std::optional<MountEntry> parse_line(std::string_view line) {
  MountEntry entry;
  if (!parse_number(take_until(line, ' '), entry.id)) return std::nullopt;
  if (!parse_number(take_until(line, ' '), entry.parent_id)) return std::nullopt;
  std::string_view device = take_until(line, ' ');
  if (!parse_number(take_until(device, ':'), entry.major)) return std::nullopt;
  if (!parse_number(device, entry.minor)) return std::nullopt;
  entry.root = unescape(take_until(line, ' '));
  entry.mount_point = unescape(take_until(line, ' '));
  entry.flags = parse_flags(take_until(line, ' '));
  if (!entry.mount_point.starts_with('/') || !skip_optional_fields(line)) return std::nullopt;
  entry.fs_type = unescape(take_until(line, ' '));
  if (entry.fs_type.empty()) return std::nullopt;
  entry.source = unescape(take_until(line, ' '));
  entry.super_options = unescape(line);
  return entry;
}

Result<std::string> read_all(const char* path) {
  const Fd file = TRY(own(::open(path, O_RDONLY | O_CLOEXEC)));
  std::string text;
  // The kernel fills at most a page at a time of such a file.
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t size = TRY(
        checked(retry_interrupted([&] { return ::read(file.get(), piece.data(), piece.size()); })));
    if (size == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

// The root of the tree that we see: its parent is not in the list (it lies outside our root
// directory), or is itself.
bool is_child(const MountEntry& entry, const MountEntry* parent,
              std::span<const MountEntry> mounts) noexcept {
  if (parent != nullptr) return entry.parent_id == parent->id && entry.id != parent->id;
  if (entry.parent_id == entry.id) return true;
  return std::ranges::find(mounts, entry.parent_id, &MountEntry::id) == mounts.end();
}

// Gives the mount that a walk from `parent` towards `path` crosses into first.
const MountEntry* next_mount(std::string_view path, const MountEntry* parent,
                             std::span<const MountEntry> mounts) noexcept {
  const MountEntry* next = nullptr;
  for (const MountEntry& entry : mounts) {
    if (!is_at_or_below(path, entry.mount_point)) continue;
    if (next != nullptr && entry.mount_point.size() > next->mount_point.size()) continue;
    if (is_child(entry, parent, mounts)) next = &entry;
  }
  return next;
}

}  // namespace

dev_t MountEntry::st_dev() const noexcept { return ::makedev(major, minor); }

bool MountEntry::is_fuse() const noexcept {
  return fs_type == "fuse" || fs_type == "fuseblk" || fs_type.starts_with("fuse.") ||
         fs_type.starts_with("fuseblk.");
}

std::uint32_t MountEntry::connection() const noexcept {
  constexpr unsigned kMinorBits = 20;  // the kernel's own dev_t, not that of stat(2)
  return (major << kMinorBits) | minor;
}

std::optional<std::string_view> MountEntry::super_option(std::string_view key) const noexcept {
  std::string_view rest = super_options;
  while (!rest.empty()) {
    std::string_view value = take_until(rest, ',');
    if (take_until(value, '=') == key) return value;
  }
  return std::nullopt;
}

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> mounts;
  while (!text.empty()) {
    if (auto entry = parse_line(take_until(text, '\n'))) mounts.push_back(std::move(*entry));
  }
  return mounts;
}

Result<std::vector<MountEntry>, Error> list_mounts() {
  constexpr const char* kPath = "/proc/self/mountinfo";
  const auto text = read_all(kPath);
  if (!text) return fail(Error::of("cannot read `/proc/self/mountinfo`", text.error()));
  return parse_mountinfo(*text);
}

const MountEntry* mount_of(std::string_view path, std::span<const MountEntry> mounts) noexcept {
  const MountEntry* here = nullptr;
  // Each turn goes one mount further, and no walk crosses one twice; a list that goes in circles
  // (read while it changed) ends here too.
  for (std::size_t turn = 0; turn < mounts.size(); ++turn) {
    const MountEntry* next = next_mount(path, here, mounts);
    if (next == nullptr) break;
    here = next;
  }
  return here;
}

const MountEntry* mount_at_point(std::string_view path,
                                 std::span<const MountEntry> mounts) noexcept {
  const MountEntry* found = mount_of(path, mounts);
  return found != nullptr && found->mount_point == path ? found : nullptr;
}

bool is_at_or_below(std::string_view path, std::string_view ancestor) noexcept {
  if (ancestor == "/") return path.starts_with('/');
  if (!path.starts_with(ancestor)) return false;
  return path.size() == ancestor.size() || path[ancestor.size()] == '/';
}

}  // namespace sluice::mount
