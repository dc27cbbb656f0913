// SPDX-License-Identifier: MIT
#include "text_support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sluice/inspect/text_redaction.h"

namespace sluice::inspect {

Detectors detectors_of(std::vector<Rule> rules, std::vector<Allowlist> allowlists) {
  std::vector<RuleSet> sets(1);
  sets[0] = {"t", std::move(rules), std::move(allowlists)};
  auto detectors = Detectors::compile(std::move(sets));
  EXPECT_TRUE(detectors.has_value()) << detectors.error().line();
  return std::move(detectors).value();
}

Detectors gitleaks_of(std::string_view text) {
  auto read = read_gitleaks({"g.toml", std::string{text}, "t", {}});
  if (!read) {
    ADD_FAILURE() << read.error().front().line();
    return detectors_of({});
  }
  std::vector<RuleSet> sets;
  sets.push_back(std::move(read->rules));
  auto detectors = Detectors::compile(std::move(sets));
  EXPECT_TRUE(detectors.has_value()) << detectors.error().line();
  return std::move(detectors).value();
}

std::string wrong_with(std::string_view text, const RuleFile& files) {
  const auto read = read_gitleaks({"g.toml", std::string{text}, "t", {}}, files);
  std::string lines;
  if (read) return lines;
  for (const Error& error : read.error()) lines += error.line() + "\n";
  return lines;
}

Rule rule_of(std::string id, std::string regex) {
  Rule rule;
  rule.id = std::move(id);
  rule.regex = std::move(regex);
  return rule;
}

Budget plenty() { return Budget{std::uint64_t{1} << 40, std::uint64_t{1} << 40}; }

namespace {

Hits hits_in(const Detectors& detectors, std::string_view text, std::string_view path,
             AllowComments comments) {
  Scanner scanner{detectors, comments};
  Budget budget = plenty();
  Hits hits;
  EXPECT_EQ(scanner.scan({bytes_of(text), path}, budget, hits), Scanned::whole);
  hits.settle();
  return hits;
}

}  // namespace

std::vector<std::string> found_in(const Detectors& detectors, std::string_view text,
                                  std::string_view path, AllowComments comments) {
  std::vector<std::string> found;
  const Hits hits = hits_in(detectors, text, path, comments);
  for (const Hit& hit : hits.all()) {
    EXPECT_LE(hit.secret.end(), text.size());
    std::string secret{text.substr(hit.secret.offset, hit.secret.length)};
    if (hit.width == Width::wide) std::erase(secret, '\0');
    found.push_back(
        fmt::format("{}@{}:{}", detectors.name(hit.detector).substr(2), hit.line, secret));
  }
  return found;
}

std::string redacted(const Detectors& detectors, std::string_view text) {
  const Hits hits = hits_in(detectors, text, "file", AllowComments::ignored);
  Redaction redaction{text.size()};
  EXPECT_EQ(redact_hits(BytesSource{bytes_of(text)}, hits, redaction), Added::yes);
  std::string out{text};
  redaction.apply(0, std::as_writable_bytes(std::span{out}));
  return out;
}

std::string without_values(std::string_view text, Format format) {
  Redaction redaction{text.size()};
  Budget budget = plenty();
  EXPECT_EQ(redact_values(bytes_of(text), format, budget, redaction), Redacted::yes);
  std::string out{text};
  redaction.apply(0, std::as_writable_bytes(std::span{out}));
  return out;
}

std::string as_utf16(std::string_view text, ByteOrder order) {
  std::string out;
  for (const char c : text) {
    if (order == ByteOrder::big) out += '\0';
    out += c;
    if (order == ByteOrder::little) out += '\0';
  }
  return out;
}

std::string random_word(std::size_t length, unsigned seed, std::string_view alphabet) {
  std::string word;
  std::uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
  while (word.size() < length) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    word += alphabet[(state >> 33) % alphabet.size()];
  }
  return word;
}

}  // namespace sluice::inspect
