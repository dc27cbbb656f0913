// SPDX-License-Identifier: MIT
// One description of each struct serves both directions: `Out` appends what it is shown, `In`
// fills it in. Numbers are little-endian and of their own width; counts are checked against what is
// left before anything is made room for.
#include "sluice/policy/codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "sluice/policy/whole.h"

namespace sluice::policy {
namespace {

static_assert(std::endian::native == std::endian::little, "the saved form is little-endian");

class Out {
 public:
  static constexpr bool kReads = false;

  template <class T>
  void number(T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
  }
  void text(std::string& value) {
    count(value);
    const Bytes from = bytes_of(std::string_view{value});
    bytes.insert(bytes.end(), from.begin(), from.end());
  }
  template <class T>
  std::size_t count(T& values) {
    auto size = static_cast<std::uint32_t>(values.size());
    number(size);
    return size;
  }

  std::vector<std::byte> bytes;
};

class In {
 public:
  static constexpr bool kReads = true;

  explicit In(Bytes bytes) : left_{bytes} {}

  template <class T>
  void number(T& value) {
    if (left_.size() < sizeof value) return fail();
    std::memcpy(&value, left_.data(), sizeof value);
    left_ = left_.subspan(sizeof value);
  }
  void text(std::string& value) {
    const std::size_t size = take_count();
    value = sluice::text_of(left_.first(size));
    left_ = left_.subspan(size);
  }
  // Each element takes a byte at least; so a count that is larger than what is left is refused.
  std::size_t count() { return take_count(); }

  void fail() noexcept {
    failed_ = true;
    left_ = {};
  }
  bool failed() const noexcept { return failed_; }
  bool ended() const noexcept { return left_.empty() && !failed_; }

 private:
  std::size_t take_count() {
    std::uint32_t size = 0;
    number(size);
    if (size > left_.size()) {
      fail();
      return 0;
    }
    return size;
  }

  Bytes left_;
  bool failed_ = false;
};

template <class Codec, class Enum>
void choice(Codec& codec, Enum& value, Enum last) {
  auto raw = static_cast<std::underlying_type_t<Enum>>(value);
  codec.number(raw);
  if constexpr (Codec::kReads) {
    if (raw > static_cast<std::underlying_type_t<Enum>>(last)) codec.fail();
  }
  value = static_cast<Enum>(raw);
}

template <class Codec>
void flag(Codec& codec, bool& value) {
  std::uint8_t raw = value ? 1 : 0;
  codec.number(raw);
  if constexpr (Codec::kReads) {
    if (raw > 1) codec.fail();
  }
  value = raw == 1;
}

template <class Codec, class T, class Each>
void list(Codec& codec, std::vector<T>& values, Each each) {
  if constexpr (Codec::kReads) {
    // One by one, so that room is made only for what is really there.
    const std::size_t size = codec.count();
    for (std::size_t i = 0; i < size && !codec.failed(); ++i) each(codec, values.emplace_back());
  } else {
    codec.count(values);
    for (T& value : values) each(codec, value);
  }
}

template <class Codec>
void texts(Codec& codec, std::vector<std::string>& values) {
  list(codec, values, [](Codec& c, std::string& value) { c.text(value); });
}
template <class Codec, class T>
void numbers(Codec& codec, std::vector<T>& values) {
  list(codec, values, [](Codec& c, T& value) { c.number(value); });
}

template <class Codec>
void visit(Codec& codec, Values& values) {
  codec.number(values.set);
  codec.number(values.value);
  if constexpr (Codec::kReads) {
    bool good = values.set >> kAxes == 0;
    for (std::size_t i = 0; i < kAxes; ++i) {
      const auto axis = static_cast<Axis>(i);
      good &= values.has(axis) ? value_name(axis, values.at(axis)) != "?" : values.at(axis) == 0;
    }
    if (!good) codec.fail();
  }
}

template <class Codec>
void visit(Codec& codec, Location& at) {
  codec.number(at.file);
  codec.number(at.line);
  codec.number(at.column);
}

template <class Codec>
void visit(Codec& codec, GlobText& glob) {
  codec.text(glob.text);
  flag(codec, glob.subtracts);
  visit(codec, glob.at);
}

template <class Codec>
void visit(Codec& codec, SubjectSpec& subject) {
  codec.text(subject.name);
  visit(codec, subject.at);
  bool runs = subject.run_as.has_value();
  flag(codec, runs);
  if (runs && !subject.run_as) subject.run_as.emplace();
  if (runs) codec.text(*subject.run_as);
  numbers(codec, subject.uids);
  numbers(codec, subject.gids);
  for (auto* each :
       {&subject.users, &subject.groups, &subject.units, &subject.cgroups, &subject.exes}) {
    texts(codec, *each);
  }
}

template <class Codec, class RuleOrNever>
void visit_paths(Codec& codec, RuleOrNever& rule) {
  codec.text(rule.id);
  visit(codec, rule.at);
  texts(codec, rule.who);
  flag(codec, rule.everywhere);
  list(codec, rule.paths, [](Codec& c, GlobText& glob) { visit(c, glob); });
  texts(codec, rule.contents);
}

template <class Codec, class T, class Each>
void given(Codec& codec, std::optional<T>& value, Each each) {
  bool there = value.has_value();
  flag(codec, there);
  if (there && !value) value.emplace();
  if (there) each(codec, *value);
}

template <class Codec, class Enum>
void maybe(Codec& codec, std::optional<Enum>& value, Enum last) {
  given(codec, value, [last](Codec& c, Enum& each) { choice(c, each, last); });
}

template <class Codec>
void visit(Codec& codec, Test& test) {
  visit(codec, test.at);
  codec.text(test.as);
  codec.text(test.path);
  choice(codec, test.mode, Mode::execute);
  maybe(codec, test.expect.see, See::no);
  maybe(codec, test.expect.read, Read::deny);
  maybe(codec, test.expect.execute, Read::deny);
  maybe(codec, test.expect.write, Write::deny);
  maybe(codec, test.expect.log, Log::alarm);
  texts(codec, test.expect.rules);
  texts(codec, test.expect.has);
  texts(codec, test.expect.lacks);
  given(codec, test.expect.same_size, [](Codec& c, bool& value) { flag(c, value); });
  given(codec, test.expect.contents,
        [](Codec& c, std::vector<std::string>& value) { texts(c, value); });
  given(codec, test.file, [](Codec& c, std::string& value) { c.text(value); });
}

template <class Codec>
void visit(Codec& codec, ImportSpec& import) {
  codec.text(import.as);
  visit(codec, import.at);
  codec.text(import.file);
  codec.text(import.text);
  list(codec, import.extended, [](Codec& c, ExtendedFile& file) {
    c.text(file.path);
    c.text(file.file);
    c.text(file.text);
  });
  texts(codec, import.disable);
  choice(codec, import.paths, ImportPaths::ignore);
}

template <class Codec>
void visit(Codec& codec, DetectorSpec& detector) {
  codec.text(detector.name);
  visit(codec, detector.at);
  choice(codec, detector.kind, DetectorSpec::Kind::larger);
  codec.text(detector.regex);
  choice(codec, detector.validate, DetectorSpec::Validate::mod97);
  codec.number(detector.entropy);
  if constexpr (Codec::kReads) {
    if (!(detector.entropy >= 0 && detector.entropy <= 8)) codec.fail();
  }
  texts(codec, detector.keywords);
  codec.number(detector.group);
  codec.number(detector.max_length);
  codec.text(detector.manifest_file);
  codec.text(detector.manifest_text);
  texts(codec, detector.types);
  codec.number(detector.larger);
}

template <class Codec>
void visit(Codec& codec, Grant& grant) {
  choice(codec, grant.see, See::no);
  choice(codec, grant.read, Read::deny);
  choice(codec, grant.execute, Read::deny);
  choice(codec, grant.write, Write::deny);
  choice(codec, grant.with, With::all);
}

template <class Codec>
void visit(Codec& codec, ContentGrant& grant) {
  visit(codec, grant.nothing_found);
  list(codec, grant.if_found, [](Codec& c, GrantIfFound& each) {
    choice(c, each.content, kFailed);
    visit(c, each.grant);
  });
}

template <class Codec>
void visit(Codec& codec, Document& document) {
  texts(codec, document.files);
  codec.number(document.content_hash);
  visit(codec, document.defaults);
  visit(codec, document.unknown_subject);
  auto deadline = static_cast<std::int64_t>(document.content.deadline.count());
  codec.number(deadline);
  document.content.deadline = std::chrono::milliseconds{deadline};
  visit(codec, document.content.on_error);
  visit(codec, document.content.on_timeout);
  codec.number(document.content.too_big_over);
  visit(codec, document.content.too_big);
  choice(codec, document.hard_links, HardLinks::path);
  RunSpec& run = document.run;
  for (auto* each : {&run.keep_env, &run.drop_env, &run.sockets, &run.writable, &run.devices}) {
    texts(codec, *each);
  }
  list(codec, document.subjects, [](Codec& c, SubjectSpec& subject) { visit(c, subject); });
  list(codec, document.imports, [](Codec& c, ImportSpec& import) { visit(c, import); });
  list(codec, document.detectors, [](Codec& c, DetectorSpec& detector) { visit(c, detector); });
  list(codec, document.rules, [](Codec& c, Rule& rule) {
    visit_paths(c, rule);
    visit(c, rule.contents_at);
    visit(c, rule.values);
    c.text(rule.why);
  });
  list(codec, document.nevers, [](Codec& c, Never& never) {
    visit_paths(c, never);
    visit(c, never.forbidden);
  });
  list(codec, document.tests, [](Codec& c, Test& test) { visit(c, test); });
}

template <class Codec>
void visit(Codec& codec, Saved& saved) {
  visit(codec, saved.document);
  list(codec, saved.grants, [](Codec& c, ContentGrant& grant) { visit(c, grant); });
  list(codec, saved.held, [](Codec& c, Program::Engine::Held& held) {
    auto place = static_cast<std::uint32_t>(held.place);
    c.number(place);
    held.place = static_cast<Place>(place);
    c.number(held.holds);
    numbers(c, held.state.units);
    numbers(c, held.state.items);
  });
}

bool is_whole(Document& document) {
  const std::size_t files = document.files.size();
  const auto known = [&](Location at) { return at.file < files; };
  bool good = document.defaults.set == (1u << kAxes) - 1 && document.unknown_subject.set != 0;
  const ContentDefaults& ends = document.content;
  for (const Values* values : {&ends.on_error, &ends.on_timeout, &ends.too_big}) {
    good &= values->set != 0 && !values->has(Axis::see) && !values->has(Axis::with);
  }
  for (const Rule& rule : document.rules) {
    good &= known(rule.at) && known(rule.contents_at) && !rule.id.empty();
    good &= std::ranges::all_of(rule.paths, [&](const GlobText& glob) { return known(glob.at); });
  }
  good &= std::ranges::all_of(document.nevers, [&](const Never& never) { return known(never.at); });
  good &= std::ranges::all_of(document.subjects, [&](const SubjectSpec& s) { return known(s.at); });
  good &= std::ranges::all_of(document.imports, [&](const ImportSpec& i) { return known(i.at); });
  good &=
      std::ranges::all_of(document.detectors, [&](const DetectorSpec& d) { return known(d.at); });
  good &= std::ranges::all_of(document.tests, [&](const Test& test) { return known(test.at); });
  if (!good) return false;
  Diagnostics wrong;
  complete(document, wrong);
  return wrong.empty();
}

}  // namespace

std::vector<std::byte> encode(const Saved& saved) {
  Out out;
  // The visitors are shared with reading, so they take what they are shown as theirs to change;
  // writing puts back what was there.
  Saved copy = saved;
  visit(out, copy);
  return std::move(out.bytes);
}

std::optional<Saved> decode(Bytes bytes) {
  In in{bytes};
  Saved saved;
  visit(in, saved);
  if (!in.ended() || !is_whole(saved.document)) return std::nullopt;
  return saved;
}

}  // namespace sluice::policy
