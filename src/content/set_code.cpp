// SPDX-License-Identifier: MIT
// Sets as bytes: field by field, in the order in which rules.h has them.
#include "sluice/content/code.h"
#include "sluice/content/set_spec.h"

namespace sluice::content {
namespace {

using inspect::Allowlist;
using inspect::Required;
using inspect::Rule;
using Texts = std::vector<std::string>;

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMostThings = 65536;  // of any list
constexpr std::size_t kLongestText = std::size_t{1} << 20;
constexpr std::size_t kLongestManifest = std::size_t{64} << 20;
constexpr std::size_t kLargestDatabase = std::size_t{512} << 20;

class Encoder {
 public:
  void add(const SetJob& job) {
    const SetSpec& spec = job.spec;
    out_.word(spec.kind);
    out_.text(spec.name);
    out_.text(spec.rules.name);
    list(spec.rules.rules);
    list(spec.rules.allowlists);
    out_.text(spec.file);
    out_.bytes(bytes_of(std::string_view{spec.text}));
    out_.number(static_cast<std::uint32_t>(spec.types.size()));
    for (const inspect::Kind type : spec.types) out_.word(type);
    out_.number(spec.size);
    out_.bytes(job.saved);
  }
  template <class T>
  void list(const std::vector<T>& things) {
    out_.number(static_cast<std::uint32_t>(things.size()));
    for (const T& thing : things) add(thing);
  }
  std::vector<std::byte> finish() && { return std::move(out_).finish(); }
  void number(std::uint32_t value) { out_.number(value); }

 private:
  void add(const std::string& text) { out_.text(text); }
  void add(const std::optional<std::uint64_t>& number) {
    out_.number(static_cast<std::uint8_t>(number.has_value()));
    out_.number(number.value_or(0));
  }
  void add(const Allowlist& allowlist) {
    out_.word(allowlist.condition);
    out_.word(allowlist.target);
    list(allowlist.commits);
    list(allowlist.paths);
    list(allowlist.regexes);
    list(allowlist.stopwords);
  }
  void add(const Required& required) {
    out_.text(required.id);
    add(required.within_lines);
    add(required.within_columns);
  }
  void add(const Rule& rule) {
    out_.text(rule.id);
    out_.text(rule.description);
    out_.text(rule.regex);
    out_.text(rule.path);
    out_.number(rule.group);
    out_.number(rule.entropy);
    list(rule.keywords);
    list(rule.tags);
    list(rule.allowlists);
    list(rule.required);
    out_.word(rule.reported);
    out_.word(rule.validator);
    out_.number(rule.max_length);
  }

  CodeWriter out_;
};

class Decoder {
 public:
  explicit Decoder(Bytes code) noexcept : in_{code} {}

  SetJob job() {
    SetJob job;
    SetSpec& spec = job.spec;
    spec.kind = in_.word(SetSpec::Kind::larger);
    read(spec.name);
    read(spec.rules.name);
    list(spec.rules.rules);
    list(spec.rules.allowlists);
    read(spec.file);
    spec.text = text_of(in_.bytes(kLongestManifest));
    const std::size_t types = in_.count(kMostThings, 1);
    for (std::size_t i = 0; i < types && in_.ok(); ++i) {
      spec.types.push_back(in_.word(inspect::Kind::utf16));
    }
    spec.size = in_.number<std::uint64_t>();
    const Bytes saved = in_.bytes(kLargestDatabase);
    job.saved.assign(saved.begin(), saved.end());
    return job;
  }
  CodeReader& in() noexcept { return in_; }

 private:
  template <class T>
  void list(std::vector<T>& things) {
    const std::size_t count = in_.count(kMostThings, 4);
    for (std::size_t i = 0; i < count && in_.ok(); ++i) read(things.emplace_back());
  }
  void read(std::string& text) { text = in_.text(kLongestText); }
  void read(std::optional<std::uint64_t>& number) {
    const bool there = in_.flag();
    const auto value = in_.number<std::uint64_t>();
    if (there) number = value;
    if (!there && value != 0) in_.refuse();
  }
  void read(Allowlist& allowlist) {
    allowlist.condition = in_.word(inspect::Condition::all);
    allowlist.target = in_.word(inspect::Target::line);
    list(allowlist.commits);
    list(allowlist.paths);
    list(allowlist.regexes);
    list(allowlist.stopwords);
  }
  void read(Required& required) {
    read(required.id);
    read(required.within_lines);
    read(required.within_columns);
  }
  void read(Rule& rule) {
    read(rule.id);
    read(rule.description);
    read(rule.regex);
    read(rule.path);
    rule.group = in_.number<unsigned>();
    rule.entropy = in_.number<double>();
    list(rule.keywords);
    list(rule.tags);
    list(rule.allowlists);
    list(rule.required);
    rule.reported = in_.word(inspect::Reported::no);
    rule.validator = in_.word(inspect::Validator::mod97);
    rule.max_length = in_.number<std::uint64_t>();
  }

  CodeReader in_;
};

}  // namespace

std::vector<std::byte> encode(const std::vector<SetJob>& jobs) {
  Encoder out;
  out.number(kFormat);
  out.number(static_cast<std::uint32_t>(jobs.size()));
  for (const SetJob& job : jobs) out.add(job);
  return std::move(out).finish();
}

std::optional<std::vector<SetJob>> decode_jobs(Bytes code) {
  Decoder decoder{code};
  if (decoder.in().number<std::uint32_t>() != kFormat) return std::nullopt;
  const std::size_t count = decoder.in().count(kMostSets, 16);
  std::vector<SetJob> jobs;
  for (std::size_t i = 0; i < count && decoder.in().ok(); ++i) jobs.push_back(decoder.job());
  if (!decoder.in().done()) return std::nullopt;
  return jobs;
}

}  // namespace sluice::content
