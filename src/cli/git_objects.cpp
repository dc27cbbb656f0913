// SPDX-License-Identifier: MIT
#include "git_objects.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <optional>
#include <thread>

#include "findings_text.h"
#include "git_output.h"
#include "sluice/policy/explain.h"

namespace sluice::cli {
namespace {

constexpr unsigned kMostThreads = 8;

Error cannot_read(const std::string& directory) {
  return Error{fmt::format("cannot read what was committed in `{}`: `git -C {} fsck` tells what is"
                           " wrong; mend that, or say by --history what to do",
                           directory, directory),
               EIO};
}

Result<Fd, Error> memory_file(const char* name) {
  Fd file{::memfd_create(name, MFD_CLOEXEC)};
  if (!file) return fail(Error::of("cannot make a file in memory", Errno::last()));
  return file;
}

Result<void, Error> write_all(const Fd& file, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote =
        retry_interrupted([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
    if (wrote <= 0) return fail(Error::of("cannot write to a file in memory", Errno::last()));
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return {};
}

// The objects of a list, one after another, as `git cat-file --batch` gives them.
class Stream {
 public:
  static Result<Stream, Error> of(const std::string& directory,
                                  const std::vector<GitObject>& objects) {
    const Fd list = TRY(memory_file("sluice-objects"));
    std::string text;
    for (const GitObject& object : objects) text += object.hash + "\n";
    TRY(write_all(list, bytes_of(std::string_view{text})));
    ::lseek(list.get(), 0, SEEK_SET);
    return Stream{TRY(GitOutput::of(directory, {"cat-file", "--batch", "--buffer"}, list.get()))};
  }

  // Puts the next one into `file`; gives its length, or nothing where git does not have it.
  std::optional<std::uint64_t> next(const Fd& file) {
    const auto head = git_.line();
    if (!head) return std::nullopt;
    const std::size_t blank = head->rfind(' ');
    std::uint64_t size = 0;
    const char* end = head->data() + head->size();
    const auto number =
        std::from_chars(head->data() + std::min(blank + 1, head->size()), end, size);
    if (number.ec != std::errc{} || number.ptr != end) return std::nullopt;
    if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) {
      return std::nullopt;
    }
    std::array<std::byte, 1 << 16> piece;
    for (std::uint64_t left = size; left > 0;) {
      const auto room = MutableBytes{piece}.first(std::min<std::uint64_t>(left, piece.size()));
      if (!git_.bytes(room) || !write_all(file, room)) return std::nullopt;
      left -= room.size();
    }
    return git_.bytes(MutableBytes{piece}.first(1)) ? std::optional{size} : std::nullopt;
  }

 private:
  explicit Stream(GitOutput git) : git_{std::move(git)} {}
  GitOutput git_;
};

const policy::Terms& terms_of(const ObjectReader& reader, const std::string& path) {
  return reader.program.terms(policy::walk(reader.program, path).place, reader.subject);
}

bool is_kept(const policy::Grant& grant) {
  return grant.see == policy::See::no || grant.read >= policy::Read::redact;
}

// Gives where something was found for which the policy keeps the object; nothing: it does not.
std::optional<std::string> kept_for(const ObjectReader& reader, content::Finder& finder,
                                    const GitObject& object, const Fd& file, std::uint64_t size) {
  const policy::ContentGrant& grant = terms_of(reader, object.path).content;
  const content::Detection& detection = reader.contents.detection();
  for (const content::SetIndex set : detection.sets_for(policy::asked_by(grant))) {
    const content::Findings findings = finder.find(set, file.get(), size, object.path);
    const policy::ContentSet found = detection.contents_of(set, findings);
    // What is too large is looked into as it is read, where it is a file; here nobody does.
    if (!found.has(policy::kTooBig) && !is_kept(policy::at(grant, found))) continue;
    const auto lines = lines_of(detection.set_name(set), findings);
    return lines.empty() ? std::string{detection.set_name(set)} : lines.front();
  }
  return std::nullopt;
}

// What the threads share.
struct Work {
  std::mutex mutex;  // guards all
  Stream stream;
  std::size_t next = 0;
  std::vector<KeptObject> kept;
  std::optional<Error> error;
};

void look(Work& work, const std::vector<GitObject>& objects, const ObjectReader& reader,
          content::Finder& finder, const std::string& directory, ObjectProgress& progress) {
  const auto file = memory_file("sluice-object");
  for (;;) {
    const GitObject* object = nullptr;
    std::optional<std::uint64_t> size;
    {
      const std::lock_guard lock{work.mutex};
      if (!file) work.error = file.error();
      if (work.error || work.next == objects.size()) return;
      object = &objects[work.next++];
      size = work.stream.next(*file);
      if (!size) work.error = cannot_read(directory);
      if (!size) return;
    }
    const auto kept = kept_for(reader, finder, *object, *file, *size);
    progress.objects.fetch_add(1, std::memory_order_relaxed);
    progress.bytes.fetch_add(*size, std::memory_order_relaxed);
    if (!kept) continue;
    const std::lock_guard lock{work.mutex};
    work.kept.push_back({object, *kept});
  }
}

}  // namespace

bool asks_about(const ObjectReader& reader, const std::string& path) {
  return !policy::asked_by(terms_of(reader, path).content).empty();
}

policy::Digest key_of(const ObjectReader& reader, const GitObject& object) {
  const policy::ContentGrant& grant = terms_of(reader, object.path).content;
  const content::Detection& detection = reader.contents.detection();
  const policy::ContentDefaults& defaults = reader.program.document().content;
  std::string all = fmt::format("{}\n{} {}\n", object.hash, defaults.too_big_over,
                                is_kept(policy::at(grant, {policy::kFailed})));
  for (const policy::ContentId content : policy::asked_by(grant)) {
    const bool kept = is_kept(policy::at(grant, policy::ContentSet{content}));
    all += fmt::format("{} {}", reader.program.contents()[static_cast<std::size_t>(content)].name,
                       kept);
    for (const content::SetIndex set : detection.sets_for(policy::ContentSet{content})) {
      all += policy::hex(detection.digest(set));
      if (detection.by_path(set)) all += " " + object.path;
    }
    all += '\n';
  }
  return policy::digest_of(bytes_of(std::string_view{all}));
}

Result<std::vector<KeptObject>, Error> look_into_objects(const std::string& directory,
                                                         const std::vector<GitObject>& objects,
                                                         const ObjectReader& reader,
                                                         ObjectProgress& progress) {
  if (objects.empty()) return std::vector<KeptObject>{};
  content::Finder* finder = TRY(reader.contents.finder());
  Work work{.mutex = {}, .stream = TRY(Stream::of(directory, objects)), .kept = {}, .error = {}};
  {
    const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&] { look(work, objects, reader, *finder, directory, progress); });
    }
  }
  if (work.error) return fail(*work.error);
  std::ranges::sort(work.kept, {}, [](const KeptObject& each) { return each.object; });
  return std::move(work.kept);
}

}  // namespace sluice::cli
