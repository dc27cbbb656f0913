// SPDX-License-Identifier: MIT
// Scans any bytes with detectors of every kind (with and without a longest match, groups, keywords,
// allowlists, requirements, slow ones) and redacts what was found. Length and line ends stay,
// nothing of a secret is left, and none of the same places is found again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sluice/inspect/builtin.h"
#include "sluice/inspect/scan.h"
#include "sluice/inspect/text_redaction.h"

namespace {

using namespace sluice;
using namespace sluice::inspect;

void must(bool condition) {
  if (!condition) std::abort();
}

Rule rule(const char* id, const char* regex) {
  Rule one;
  one.id = id;
  one.regex = regex;
  return one;
}

std::vector<RuleSet> sets() {
  RuleSet own{"own", {}, {}};
  own.rules = {rule("bounded", R"(\bb[0-9]{2,5}\b)"),
               rule("unbounded", R"(u[a-f]+(?:;|$))"),
               rule("block", "BEGIN(?s:.*?)END"),
               rule("groups", "(k)=([a-z]{3,9})"),
               rule("any", "[^a-z]{4}z"),
               rule("slow", "\\x{3b1}[0-9]+"),
               rule("near", "n[0-9]{3}"),
               rule("generic", "g[a-z0-9]{2,30}")};
  own.rules[3].group = 2;
  own.rules[3].entropy = 1.5;
  own.rules[6].required.push_back({"bounded", 2, 10});
  own.rules[7].keywords = {"key"};
  own.rules[7].allowlists.push_back(
      {.target = Target::line, .regexes = {"^#"}, .stopwords = {"gg"}});
  own.allowlists.push_back({.regexes = {"^b12$"}});
  return {own, builtin_rules()};
}

const Detectors& detectors() {
  static const Detectors all = [] {
    auto compiled = Detectors::compile(sets());
    must(compiled.has_value());
    return std::move(*compiled);
  }();
  return all;
}

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

Hits scan(Scanner& scanner, const std::string& text) {
  Budget budget{std::uint64_t{1} << 40, std::uint64_t{1} << 40};
  Hits hits;
  must(scanner.scan({bytes_of(std::string_view{text}), "a/b"}, budget, hits) == Scanned::whole);
  hits.settle();
  return hits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scanner scanner{detectors()};
  const std::string text(data, data + size);
  const Hits hits = scan(scanner, text);
  Redaction redaction{text.size()};
  must(redact_hits(BytesSource{bytes_of(std::string_view{text})}, hits, redaction) == Added::yes);
  std::string out = text;
  redaction.apply(0, std::as_writable_bytes(std::span{out}));
  for (std::size_t i = 0; i < out.size(); ++i) must(is_line_end(out[i]) == is_line_end(text[i]));
  for (const Hit& hit : hits.all()) {
    must(hit.secret.length > 0 && hit.secret.end() <= text.size() && hit.line > 0);
    const std::uint64_t step = hit.width == Width::wide ? 2 : 1;
    for (std::uint64_t at = hit.secret.offset; at < hit.secret.end(); at += step) {
      must(out[at] == 'x' || is_line_end(out[at]));
    }
  }
  const Hits again = scan(scanner, out);
  for (const Hit& hit : again.all()) must(std::ranges::find(hits.all(), hit) == hits.all().end());
  return 0;
}
