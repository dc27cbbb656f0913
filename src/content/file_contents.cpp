// SPDX-License-Identifier: MIT
#include "sluice/content/file_contents.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sluice/content/piece_reader.h"
#include "sluice/inspect/magic.h"

namespace sluice::content {

using policy::ContentSet;

namespace {

bool must_redact(const policy::Grant& grant) noexcept {
  return grant.read == policy::Read::redact || grant.execute == policy::Read::redact;
}

bool shows_nothing(const policy::Grant& grant) noexcept {
  return grant.read == policy::Read::deny && grant.execute == policy::Read::deny;
}

std::uint64_t size_of(int fd) noexcept {
  struct stat stat {};
  return ::fstat(fd, &stat) == 0 ? static_cast<std::uint64_t>(stat.st_size) : 0;
}

std::string proc_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Tells whether the file packs others, so that what is in it cannot be seen in its bytes.
bool is_packed(int fd) noexcept {
  std::array<std::byte, inspect::kMagicLength> head{};
  const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
  if (got < 0) return true;
  switch (inspect::kind_of(Bytes{head}.first(static_cast<std::size_t>(got)))) {
    case inspect::Kind::gzip:
    case inspect::Kind::zip:
    case inspect::Kind::zlib:
    case inspect::Kind::git_pack: return true;
    default: return false;
  }
}

// Gives why there is no answer, where that says nothing of the file.
std::optional<Errno> unanswered(const Ask& ask, Outcome outcome) {
  if (outcome == Outcome::busy) return Errno{EAGAIN};
  if (outcome == Outcome::failed && ask.interrupted && ask.interrupted()) return Errno{EINTR};
  return std::nullopt;
}

ContentSet failed() noexcept {
  ContentSet set;
  set.add(policy::kFailed);
  return set;
}

}  // namespace

class FileContents::Starter final : public Finder {
 public:
  Starter(std::shared_ptr<const policy::Program> program,
          std::shared_ptr<const Detection> detection, InspectorOptions options)
      : program_{std::move(program)},
        detection_{std::move(detection)},
        options_{std::move(options)} {}

  Findings find(SetIndex set, int fd, std::uint64_t size, std::string_view path,
                const Interrupted& interrupted) override {
    const auto inspector = started();
    if (!inspector) return nothing_known(Outcome::failed, inspector.error().line());
    return (*inspector)->find(set, fd, size, path, interrupted);
  }

  Redacted redact(ContentSet contents, policy::With with, int fd, std::uint64_t size,
                  std::string_view path, const Interrupted& interrupted) override {
    const auto inspector = started();
    if (!inspector) return {.why = inspector.error().line()};
    return (*inspector)->redact(contents, with, fd, size, path, interrupted);
  }

  Result<Inspector*, Error> started() {
    const std::lock_guard lock{mutex_};
    if (inspector_) return inspector_.get();
    // What could not be started a moment ago is not tried with every file.
    const auto now = std::chrono::steady_clock::now();
    if (failure_ && now - tried_ < kRest) return fail(*failure_);
    tried_ = now;
    auto made = Inspector::start(detection_, *program_, options_);
    if (!made) {
      failure_ = made.error();
      return fail(std::move(made).error());
    }
    failure_.reset();
    inspector_ = std::move(*made);
    return inspector_.get();
  }

  std::string trouble() const {
    const std::lock_guard lock{mutex_};
    return failure_ ? failure_->line() : std::string{};
  }

 private:
  static constexpr std::chrono::seconds kRest{1};

  const std::shared_ptr<const policy::Program> program_;
  const std::shared_ptr<const Detection> detection_;
  const InspectorOptions options_;
  mutable std::mutex mutex_;  // guards all below
  std::unique_ptr<Inspector> inspector_;
  std::optional<Error> failure_;
  std::chrono::steady_clock::time_point tried_{};
};

FileContents::FileContents(std::shared_ptr<const policy::Program> program,
                           std::shared_ptr<const Detection> detection, FileContentsOptions options)
    : program_{std::move(program)},
      detection_{std::move(detection)},
      starter_{std::make_shared<Starter>(program_, detection_, std::move(options.inspector))},
      faces_{std::move(options.faces)},
      verdicts_{std::make_unique<Verdicts>(detection_, *starter_, std::move(options.verdicts))} {}

FileContents::~FileContents() = default;

Result<Finder*, Error> FileContents::finder() { return TRY(starter_->started()); }
std::string FileContents::trouble() const { return starter_->trouble(); }

bool FileContents::by_path(ContentSet asked) const noexcept {
  try {
    return std::ranges::any_of(detection_->sets_for(asked),
                               [&](SetIndex set) { return detection_->by_path(set); });
  } catch (const std::bad_alloc&) {
    return true;
  }
}

Result<ContentSet> FileContents::found(int fd, std::string_view path, ContentSet asked) noexcept {
  const auto known = verdicts_->of(fd, path, asked);
  if (known.unanswered) return fail(*known.unanswered);
  return known.contents;
}

std::optional<ContentSet> FileContents::known(int fd, std::string_view path,
                                              ContentSet asked) noexcept {
  const auto known = verdicts_->known(fd, path, asked);
  if (!known) return std::nullopt;
  return known->contents;
}

void FileContents::later(Fd fd, std::string_view path, ContentSet asked) noexcept try {
  verdicts_->later(std::move(fd), std::string{path}, asked);
} catch (const std::bad_alloc&) {
  // It is found out when somebody asks.
}

Result<Opening> FileContents::open(const Ask& ask) noexcept try {
  auto known = verdicts_->of(ask.fd, ask.path, ask.asked, ask.interrupted);
  if (known.unanswered) return fail(*known.unanswered);
  return show(ask, std::move(known));
} catch (const std::bad_alloc&) {
  return Opening{.found = failed(), .unshowable = true};
}

Result<Opening> FileContents::show(const Ask& ask, Verdicts::Known known) noexcept {
  const policy::Grant grant = policy::at(ask.grant, known.contents);
  if (known.contents.has(policy::kTooBig) && !shows_nothing(grant)) {
    return show_as_read(ask, known);
  }
  // What is written to by somebody else is shown as it was when it was inspected; and what was just
  // written may be written to again without its version showing it.
  const bool changing = known.writers || (must_redact(grant) &&
                                          !known.version.settled(std::chrono::system_clock::now()));
  if (changing && !shows_nothing(grant)) {
    if (ask.access == Access::reads) return show_snapshot(ask);
  }
  if (!must_redact(grant)) return Opening{.found = known.contents};
  return redact(ask, ask.fd, known.version, known.contents);
}

Result<Opening> FileContents::show_snapshot(const Ask& ask) noexcept try {
  Opening outcome;
  const auto version = Version::of(ask.fd);
  if (!version) return Opening{.found = failed(), .unshowable = true};
  const auto copy = faces_.snapshot(ask.fd, *version);
  if (!copy || (*copy)->file() == nullptr) return Opening{.found = failed(), .unshowable = true};
  const int fd = (*copy)->file()->get();
  for (const SetIndex set : detection_->sets_for(ask.asked)) {
    const Findings findings = starter_->find(set, fd, (*copy)->size(), ask.path, ask.interrupted);
    if (const auto why = unanswered(ask, findings.outcome)) return fail(*why);
    outcome.found = outcome.found | detection_->contents_of(set, findings);
  }
  const policy::Grant grant = policy::at(ask.grant, outcome.found);
  if (must_redact(grant)) {
    auto own = Version::of(fd);
    if (!own) return Opening{.found = failed(), .unshowable = true};
    return redact(ask, fd, *own, outcome.found);
  }
  outcome.face = *copy;
  return outcome;
} catch (const std::bad_alloc&) {
  return Opening{.found = failed(), .unshowable = true};
}

// What is too large to be looked into at once is looked into as it is read. It cannot be where a
// find would take the whole file away, or may be longer than a piece; nor in what is packed.
Opening FileContents::show_as_read(const Ask& ask, const Verdicts::Known& known) noexcept try {
  Opening outcome{.found = known.contents};
  ContentSet hidden;
  // What is redacted by its path is so as a whole.
  bool takes_all = must_redact(ask.grant.nothing_found);
  for (const policy::GrantIfFound& each : ask.grant.if_found) {
    ContentSet one;
    one.add(each.content);
    const auto sets = detection_->sets_for(one);
    const bool in_text = !sets.empty() && detection_->reads_all(sets.front());
    if (!in_text) continue;
    takes_all = takes_all || shows_nothing(each.grant);
    if (must_redact(each.grant)) hidden.add(each.content);
  }
  if (hidden.empty() && !takes_all) return outcome;
  const auto around = detection_->reach(hidden);
  outcome.unshowable = true;
  if (takes_all || !around || !*around || is_packed(ask.fd)) return outcome;
  outcome.unshowable = false;
  const std::string_view path = by_path(hidden) ? ask.path : std::string_view{};
  const std::lock_guard lock{as_read_mutex_};
  std::erase_if(as_read_, [](const auto& each) { return each.second.expired(); });
  auto& shared = as_read_[{known.version.key(), hidden.bits(), std::string{path}}];
  outcome.face = shared.lock();
  if (outcome.face) return outcome;
  Fd lower{::open(proc_path(ask.fd).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!lower) return Opening{.found = failed(), .unshowable = true};
  auto reader = std::make_shared<const PieceReader>(
      std::move(lower), starter_, PieceReader::What{hidden, std::string{ask.path}, **around});
  outcome.face = std::make_shared<const Face>(
      known.version.size(),
      [reader](std::uint64_t offset, MutableBytes into) { return reader->read(offset, into); });
  shared = outcome.face;
  return outcome;
} catch (const std::bad_alloc&) {
  return Opening{.found = failed(), .unshowable = true};
}

Result<Opening> FileContents::redact(const Ask& ask, int fd, const Version& version,
                                     ContentSet found) noexcept try {
  Opening outcome{.found = found};
  const ContentSet contents = policy::redacted_for(ask.grant, found);
  const policy::With with = policy::at(ask.grant, found).with;
  // Another name of the same file may have other bytes of it redacted.
  const bool named = with == policy::With::values || by_path(contents);
  const std::string_view path = named ? ask.path : std::string_view{};
  outcome.face = faces_.find(version, contents, with, path);
  if (outcome.face) return outcome;
  Redacted redacted = starter_->redact(contents, with, fd, size_of(fd), ask.path, ask.interrupted);
  if (const auto why = unanswered(ask, redacted.outcome)) return fail(*why);
  if (redacted.outcome != Outcome::whole) {
    outcome.unshowable = true;
    return outcome;
  }
  auto face = faces_.redacted(fd, version, contents, with, std::move(redacted.redaction), path);
  if (!face) {
    outcome.unshowable = true;
    return outcome;
  }
  outcome.face = std::move(*face);
  return outcome;
} catch (const std::bad_alloc&) {
  return Opening{.found = found, .unshowable = true};
}

}  // namespace sluice::content
