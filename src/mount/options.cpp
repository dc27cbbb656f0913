// SPDX-License-Identifier: MIT
// The words of `-o`, as tables: what each sets or clears, what does nothing here, what is refused.
#include "sluice/mount/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "sluice/mount/words.h"

namespace sluice::mount {
namespace {

using enum MountFlag;

struct FlagWord {
  std::string_view word;
  MountFlag flag;
};
// One word for each flag; mountinfo shows the same ones.
constexpr std::array kFlagWords{
    FlagWord{"ro", read_only},
    FlagWord{"nosuid", no_suid},
    FlagWord{"nodev", no_dev},
    FlagWord{"noexec", no_exec},
    FlagWord{"noatime", no_atime},
    FlagWord{"nodiratime", no_dir_atime},
    FlagWord{"relatime", relatime},
    FlagWord{"strictatime", strict_atime},
    FlagWord{"nosymfollow", no_symfollow},
    FlagWord{"sync", synchronous},
    FlagWord{"dirsync", dir_sync},
};

// Words that only take flags away.
struct ClearWord {
  std::string_view word;
  Flags<MountFlag> cleared;
};
constexpr Flags<MountFlag> kAtime{no_atime, relatime, strict_atime};
constexpr std::array kClearWords{
    ClearWord{"rw", read_only},
    ClearWord{"suid", no_suid},
    ClearWord{"dev", no_dev},
    ClearWord{"exec", no_exec},
    ClearWord{"atime", kAtime},
    ClearWord{"norelatime", relatime},
    ClearWord{"diratime", no_dir_atime},
    ClearWord{"symfollow", no_symfollow},
    ClearWord{"async", synchronous},
    ClearWord{"nostrictatime", strict_atime},
};

// Words for mount(8), which hands them on to the program that mounts.
constexpr std::array<std::string_view, 12> kIgnored{"defaults", "auto",  "noauto", "nofail",
                                                    "_netdev",  "user",  "nouser", "users",
                                                    "owner",    "group", "silent", "loud"};

struct Refusal {
  std::string_view word;
  std::string_view why;
};
constexpr std::string_view kFilledIn = "is filled in by sluice itself";
constexpr std::array kRefused{
    Refusal{"X-mount.idmap",
            "is refused: an idmapped FUSE mount hides the caller's uid and gid"
            " from the daemon, which then could not tell callers apart"},
    Refusal{"allow_root", "is refused: the kernel knows only `allow_other`"},
    Refusal{"auto_unmount", "is refused: use `sluice unmount`, which also frees a dead mount"},
    Refusal{"fd", kFilledIn},
    Refusal{"rootmode", kFilledIn},
    Refusal{"user_id", kFilledIn},
    Refusal{"group_id", kFilledIn},
};

constexpr std::array<std::string_view, 5> kOtherWords{"allow_other", "default_permissions",
                                                      "fsname", "subtype", "max_read"};

struct Word {
  std::string key;
  std::optional<std::string> value;
};

// Splits at commas that no backslash precedes, and each piece at its first `=`.
std::vector<Word> split(std::string_view text) {
  std::vector<Word> words;
  Word word;
  std::string* into = &word.key;
  const auto finish = [&] {
    if (!word.key.empty() || word.value) words.push_back(std::exchange(word, {}));
    into = &word.key;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes =
        c == '\\' && i + 1 < text.size() && (text[i + 1] == ',' || text[i + 1] == '\\');
    if (escapes) {
      into->push_back(text[++i]);
    } else if (c == ',') {
      finish();
    } else if (c == '=' && !word.value) {
      into = &word.value.emplace();
    } else {
      into->push_back(c);
    }
  }
  finish();
  return words;
}

std::unexpected<Error> refuse(std::string_view word, std::string_view why) {
  std::string line{"mount option `"};
  line += word;
  line += "` ";
  line += why;
  return fail(Error{std::move(line), EINVAL});
}

std::unexpected<Error> refuse_unknown(const std::string& key) {
  std::vector<std::string_view> known{kOtherWords.begin(), kOtherWords.end()};
  for (const FlagWord& entry : kFlagWords) known.push_back(entry.word);
  for (const ClearWord& entry : kClearWords) known.push_back(entry.word);
  std::string why{"is unknown"};
  if (const std::string_view meant = nearest(key, known); !meant.empty()) {
    why += "; did you mean `";
    why += meant;
    why += "`?";
  }
  return refuse(key, why);
}

void set_flag(Options& options, MountFlag flag) noexcept {
  if (kAtime.has(flag)) options.flags = options.flags.without(kAtime);
  options.flags.set(flag);
}

// Takes a word without a value; tells whether it is one.
bool take_plain(Options& options, std::string_view key) noexcept {
  if (const auto flag = flag_of(key)) {
    set_flag(options, *flag);
    return true;
  }
  for (const ClearWord& entry : kClearWords) {
    if (entry.word != key) continue;
    options.flags = options.flags.without(entry.cleared);
    return true;
  }
  if (key == "allow_other") return options.allow_other = true;
  if (key == "default_permissions") return options.default_permissions = true;
  return std::ranges::find(kIgnored, key) != kIgnored.end();
}

// The kernel's own file system types are such names; a comma or a blank would break /proc/mounts.
bool is_type_name(std::string_view text) noexcept {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<void, Error> take_valued(Options& options, const Word& word) {
  const std::string& value = *word.value;
  if (word.key == "fsname") {
    const bool named = !value.empty() && value.find('\0') == std::string::npos;
    if (!named) return refuse(word.key, "needs a name");
    options.source = value;
    return {};
  }
  if (word.key == "subtype") {
    if (!is_type_name(value)) return refuse(word.key, "needs a name of letters, digits and `._+-`");
    options.subtype = value;
    return {};
  }
  std::uint32_t bytes = 0;
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, bytes);
  if (parsed.ec != std::errc{} || parsed.ptr != end || bytes < kMinMaxRead) {
    return refuse(word.key, "needs a number of bytes, 4096 or more");
  }
  options.max_read = bytes;
  return {};
}

bool takes_value(std::string_view key) noexcept {
  return key == "fsname" || key == "subtype" || key == "max_read";
}

Result<void, Error> take(Options& options, const Word& word) {
  for (const Refusal& refusal : kRefused) {
    if (word.key == refusal.word) return refuse(word.key, refusal.why);
  }
  if (word.key == "x-mount.idmap") return refuse(word.key, kRefused.front().why);
  if (word.key.starts_with("x-") || word.key == "comment") return {};
  if (takes_value(word.key)) {
    if (!word.value) return refuse(word.key, "needs a value");
    return take_valued(options, word);
  }
  Options tried = options;
  if (!take_plain(tried, word.key)) return refuse_unknown(word.key);
  if (word.value) return refuse(word.key, "takes no value");
  options = std::move(tried);
  return {};
}

}  // namespace

std::string_view word(MountFlag flag) noexcept {
  const auto found = std::ranges::find(kFlagWords, flag, &FlagWord::flag);
  return found != kFlagWords.end() ? found->word : "?";
}

std::optional<MountFlag> flag_of(std::string_view word) noexcept {
  const auto found = std::ranges::find(kFlagWords, word, &FlagWord::word);
  if (found == kFlagWords.end()) return std::nullopt;
  return found->flag;
}

std::string_view name(Method method) noexcept {
  switch (method) {
    case Method::new_api:
      return "fsmount(2)";
    case Method::mount_call:
      return "mount(2)";
    case Method::fusermount:
      return "fusermount3";
  }
  return "?";
}

Result<Options, Error> parse_mount_options(std::string_view text, Options base) {
  for (const Word& word : split(text)) TRY(take(base, word));
  return base;
}

}  // namespace sluice::mount
