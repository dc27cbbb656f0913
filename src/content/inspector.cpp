// SPDX-License-Identifier: MIT
#include "sluice/content/inspector.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <new>
#include <thread>

#include "sluice/content/find_inspector.h"
#include "sluice/content/patches.h"
#include "sluice/content/pool.h"
#include "sluice/content/set_spec.h"

namespace sluice::content {
namespace {

constexpr unsigned kMostWorkers = 8;
constexpr std::size_t kLongestAnswer = kLongestPatches + 4096;

// Asks what is known here: a server that does not answer must not keep the caller.
bool is_regular(int fd) noexcept {
  struct statx seen {};
  constexpr int kFlags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return ::statx(fd, "", kFlags, STATX_TYPE, &seen) == 0 && S_ISREG(seen.stx_mode);
}

// A worker that has been taken over may say what it likes; only of its own set, though, and only
// what a worker can know.
bool fits(const Findings& findings, const SetSpec& spec) {
  return (findings.outcome == Outcome::whole || findings.outcome == Outcome::failed) &&
         std::ranges::all_of(findings.detectors, [&](const std::string& detector) {
           return spec.find(detector).has_value();
         });
}

Findings findings_of_size(const SetSpec& spec, std::uint64_t size) {
  Findings findings = nothing_known(Outcome::whole, {});
  if (size <= spec.size) return findings;
  findings.detectors = {spec.name};
  findings.spots = {Spot{}};
  findings.spots_in_all = 1;
  findings.wholly = true;
  return findings;
}

std::string too_big(std::uint64_t size, std::uint64_t over) {
  return fmt::format("it has {} bytes, and files of more than {} are not inspected", size, over);
}

Redacted no_redaction(Outcome outcome, std::string why) {
  return {outcome, std::move(why), inspect::Redaction{0}};
}

}  // namespace

Inspector::Inspector(std::unique_ptr<Pool> pool) noexcept : pool_{std::move(pool)} {}
Inspector::~Inspector() = default;

Result<std::unique_ptr<Inspector>, Error> Inspector::start(
    std::shared_ptr<const Detection> detection, const policy::Program& program,
    InspectorOptions options) {
  const policy::ContentDefaults& defaults = program.document().content;
  if (options.program.empty()) options.program = TRY(find_inspector());
  if (options.workers == 0)
    options.workers = std::clamp(std::thread::hardware_concurrency(), 1U, kMostWorkers);
  auto sets = sealed_file("sluice-detectors", detection->encode());
  if (!sets) return fail(Error::of("cannot hand over the detectors", sets.error()));
  const auto deadline = options.deadline.value_or(defaults.deadline);
  auto pool = std::make_unique<Pool>(Pool::Setup{std::move(detection), std::move(options), deadline,
                                                 defaults.too_big_over, std::move(*sets)});
  TRY(pool->start());
  return std::unique_ptr<Inspector>{new Inspector{std::move(pool)}};
}

Findings Inspector::find(SetIndex set, int fd, std::uint64_t size, std::string_view path,
                         const Interrupted& interrupted) try {
  const Pool::Setup& setup = pool_->setup();
  const Detection& sets = *setup.detection;
  if (static_cast<std::size_t>(set) >= sets.sets())
    return nothing_known(Outcome::failed, "there is no such set of detectors");
  const SetSpec& spec = sets.spec(set);
  if (spec.kind == SetSpec::Kind::larger) return findings_of_size(spec, size);
  if (sets.reads_all(set) && setup.too_big_over != 0 && size > setup.too_big_over)
    return nothing_known(Outcome::too_big, too_big(size, setup.too_big_over));
  if (!is_regular(fd)) return nothing_known(Outcome::failed, "it is not a regular file");
  Question question;
  question.asks = Asks::find;
  question.size = size;
  question.set = set;
  question.path = path;
  Findings findings;
  const auto take = [&](Bytes code) {
    auto decoded = Findings::decode(code);
    if (!decoded || !fits(*decoded, spec)) return false;
    findings = std::move(*decoded);
    return true;
  };
  const auto asked = pool_->ask(std::move(question), fd, Findings::kLongestCode, take, interrupted);
  return asked.outcome == Outcome::whole ? findings : nothing_known(asked.outcome, asked.why);
} catch (const std::bad_alloc&) {
  return {};
}

Redacted Inspector::redact(policy::ContentSet contents, policy::With with, int fd,
                           std::uint64_t size, std::string_view path,
                           const Interrupted& interrupted) try {
  const Pool::Setup& setup = pool_->setup();
  const Detection& sets = *setup.detection;
  Question question;
  question.asks = Asks::redact;
  question.size = size;
  question.with = with;
  question.wanted = sets.wanted(contents);
  question.path = path;
  if (question.wanted.empty() && with == policy::With::nothing)
    return {Outcome::whole, {}, inspect::Redaction{size}};
  const bool reads_all = std::ranges::any_of(
      question.wanted, [&](const auto& wanted) { return sets.reads_all(wanted.set); });
  if (reads_all && setup.too_big_over != 0 && size > setup.too_big_over)
    return no_redaction(Outcome::too_big, too_big(size, setup.too_big_over));
  if (!is_regular(fd)) return no_redaction(Outcome::failed, "it is not a regular file");
  RedactionAnswer answer;
  const auto take = [&](Bytes code) {
    auto decoded = decode_answer(code, size);
    if (!decoded || decoded->outcome == Outcome::timed_out || decoded->outcome == Outcome::too_big)
      return false;
    answer = std::move(*decoded);
    return true;
  };
  const auto asked = pool_->ask(std::move(question), fd, kLongestAnswer, take, interrupted);
  if (asked.outcome != Outcome::whole) return no_redaction(asked.outcome, asked.why);
  return {answer.outcome, std::move(answer.why), std::move(answer.redaction)};
} catch (const std::bad_alloc&) {
  return {};
}

const Detection& Inspector::detection() const noexcept { return *pool_->setup().detection; }
Inspector::Stats Inspector::stats() const noexcept { return pool_->stats(); }
std::vector<std::string> Inspector::missing() const { return pool_->missing(); }
Inspector::Processes Inspector::processes() const { return pool_->processes(); }

}  // namespace sluice::content
