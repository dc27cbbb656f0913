// SPDX-License-Identifier: MIT
// From rules as values to compiled ones: each regex is tried with both engines, and what the fast
// one cannot have is given to it as keywords, or left to the exact one alone.
#include "sluice/inspect/compiled.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <cstring>

namespace sluice::inspect {
namespace {

// To be raised whenever the same rules would find something else.
constexpr std::uint32_t kScanVersion = 2;

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// A running SHA-256 of values whose borders are known.
class Digester {
 public:
  Digester() : context_{EVP_MD_CTX_new()} { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Digester() { EVP_MD_CTX_free(context_); }
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;

  void add(std::uint64_t number) { EVP_DigestUpdate(context_, &number, sizeof number); }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    EVP_DigestUpdate(context_, text.data(), text.size());
  }
  void add(double number) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    add(bits);
  }
  void add(const std::vector<std::string>& texts) {
    add(std::uint64_t{texts.size()});
    for (const std::string& text : texts) add(std::string_view{text});
  }
  void add(const std::vector<Allowlist>& allowlists) {
    add(std::uint64_t{allowlists.size()});
    for (const Allowlist& a : allowlists) {
      add(static_cast<std::uint64_t>(a.condition));
      add(static_cast<std::uint64_t>(a.target));
      add(a.commits);
      add(a.paths);
      add(a.regexes);
      add(a.stopwords);
    }
  }
  void add(const std::optional<std::uint64_t>& number) {
    add(std::uint64_t{number.has_value()});
    add(number.value_or(0));
  }
  void add(const Rule& rule);

  SetDigest finish() {
    SetDigest digest;
    EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

void Digester::add(const Rule& rule) {
  add(std::string_view{rule.id});
  add(std::string_view{rule.regex});
  add(std::string_view{rule.path});
  add(std::uint64_t{rule.group});
  add(rule.entropy);
  add(rule.keywords);
  add(rule.allowlists);
  add(std::uint64_t{rule.required.size()});
  for (const Required& required : rule.required) {
    add(std::string_view{required.id});
    add(required.within_lines);
    add(required.within_columns);
  }
  add(static_cast<std::uint64_t>(rule.reported));
  add(static_cast<std::uint64_t>(rule.validator));
  add(rule.max_length);
}

Result<CompiledAllowlist, Error> compile_allowlist(const Allowlist& allowlist, When when) {
  if (when == When::now) TRY(check(allowlist));
  CompiledAllowlist compiled;
  compiled.condition = allowlist.condition;
  compiled.target = allowlist.target;
  compiled.commits = !allowlist.commits.empty();
  compiled.paths = TRY(compile_any(allowlist.paths, when));
  compiled.regexes = TRY(compile_any(allowlist.regexes, when));
  compiled.stopwords = TRY(compile_words(allowlist.stopwords, when));
  return compiled;
}

Result<std::vector<CompiledAllowlist>, Error> compile_allowlists(
    const std::vector<Allowlist>& all, When when) {
  std::vector<CompiledAllowlist> compiled;
  for (const Allowlist& allowlist : all) compiled.push_back(TRY(compile_allowlist(allowlist, when)));
  return compiled;
}

void choose_tier(CompiledRule& compiled) {
  const Rule& rule = compiled.rule;
  if (rule.regex.empty()) {
    compiled.tier = Tier::path;
    return;
  }
  const std::string regex = with_old_names(rule.regex);
  const auto widest = is_about_runes(regex) ? std::nullopt : widest_match(regex);
  if (!widest) {
    demote(compiled);
    return;
  }
  // One such rule can halve the speed of all; where a keyword is missing it finds nothing anyway.
  const bool gated = !rule.keywords.empty() && !has_words(regex);
  compiled.tier = gated ? Tier::words : Tier::ends;
  compiled.widest = *widest;
  if (rule.max_length != 0 && (*widest == 0 || *widest > rule.max_length)) {
    compiled.widest = rule.max_length;
  }
}

// Of a rule that is compiled later the tier is not chosen: it is known from before.
Result<CompiledRule, Error> compile_rule(Rule rule, When when) {
  if (when == When::now) TRY(check(rule));
  CompiledRule compiled;
  if (!rule.regex.empty()) compiled.regex = TRY(compile_regex(rule.regex, when));
  if (!rule.path.empty()) compiled.path = TRY(compile_regex(rule.path, when));
  compiled.keywords = TRY(compile_words(rule.keywords, when));
  compiled.allowlists = TRY(compile_allowlists(rule.allowlists, when));
  compiled.generic = lower(rule.id).find("generic") != std::string::npos;
  compiled.rule = std::move(rule);
  if (when == When::now) choose_tier(compiled);
  return compiled;
}

// Finds the rules that rules of the same set require, from `first` on.
Result<void, Error> link_required(Compiled& compiled, std::size_t first, const std::string& set) {
  for (std::size_t i = first; i < compiled.rules.size(); ++i) {
    CompiledRule& rule = compiled.rules[i];
    for (const Required& required : rule.rule.required) {
      const auto other = compiled.by_name.find(fmt::format("{}:{}", set, required.id));
      if (other == compiled.by_name.end()) {
        return fail(Error{fmt::format("detector `{}`: it requires `{}`, which is not there",
                                      rule.name, required.id),
                          EINVAL});
      }
      rule.required.emplace_back(static_cast<std::uint32_t>(other->second), required);
    }
  }
  return {};
}

Result<void, Error> add_set(Compiled& compiled, RuleSet set, When when) {
  const auto number = static_cast<std::uint32_t>(compiled.sets.size());
  const std::size_t first = compiled.rules.size();
  auto allowlists = compile_allowlists(set.allowlists, when);
  if (!allowlists)
    return fail(Error{fmt::format("detectors `{}`: {}", set.name, allowlists.error().line())});
  compiled.sets.push_back({set.name, std::move(*allowlists)});
  for (Rule& given : set.rules) {
    const std::string name = fmt::format("{}:{}", set.name, given.id);
    auto rule = compile_rule(std::move(given), when);
    if (!rule)
      return fail(Error{fmt::format("detector `{}`: {}", name, rule.error().line()), EINVAL});
    const auto index = static_cast<DetectorIndex>(compiled.rules.size());
    if (!compiled.by_name.emplace(name, index).second) {
      return fail(
          Error{fmt::format("detector `{}` is there twice; rename or disable one", name), EINVAL});
    }
    rule->name = name;
    rule->set = number;
    compiled.rules.push_back(std::move(*rule));
  }
  return link_required(compiled, first, set.name);
}

}  // namespace

void demote(CompiledRule& rule) noexcept {
  rule.tier = rule.rule.keywords.empty() ? Tier::always : Tier::words;
  rule.widest = rule.rule.max_length;
}

void demote_what_is_too_large(Compiled& compiled) {
  for (CompiledRule& rule : compiled.rules) {
    if (rule.tier != Tier::ends) continue;
    if (!compiles_alone(without_optional_head(with_old_names(rule.rule.regex)))) demote(rule);
  }
}

void summarise(Compiled& compiled) {
  for (std::uint32_t i = 0; i < compiled.rules.size(); ++i) {
    const CompiledRule& rule = compiled.rules[i];
    if (rule.tier == Tier::path) continue;
    if (rule.widest == 0) {
      compiled.unbounded.push_back(DetectorIndex{i});
    } else {
      compiled.reach = std::max(compiled.reach, rule.widest);
    }
    if (rule.tier != Tier::ends) compiled.slow.push_back(DetectorIndex{i});
  }
}

SetDigest digest_of(const std::vector<RuleSet>& sets) {
  Digester digester;
  digester.add(std::uint64_t{kScanVersion});
  digester.add(std::string_view{engine_version()});
  digester.add(std::uint64_t{sets.size()});
  for (const RuleSet& set : sets) {
    digester.add(std::string_view{set.name});
    digester.add(set.allowlists);
    digester.add(std::uint64_t{set.rules.size()});
    for (const Rule& rule : set.rules) digester.add(rule);
  }
  return digester.finish();
}

Result<std::unique_ptr<Compiled>, Error> compile_rules(std::vector<RuleSet> sets, When when) {
  auto compiled = std::make_unique<Compiled>();
  compiled->digest = digest_of(sets);
  for (RuleSet& set : sets) TRY(add_set(*compiled, std::move(set), when));
  return compiled;
}

std::vector<Expression> expressions_of(const Compiled& compiled) {
  std::vector<Expression> expressions;
  for (std::uint32_t i = 0; i < compiled.rules.size(); ++i) {
    const CompiledRule& rule = compiled.rules[i];
    if (rule.tier == Tier::ends) {
      expressions.push_back({without_optional_head(with_old_names(rule.rule.regex)), i});
    } else if (rule.tier == Tier::words) {
      for (const std::string& word : rule.rule.keywords) {
        expressions.push_back({quoted_word(word), i, Expression::Kind::word});
      }
    }
  }
  return expressions;
}

}  // namespace sluice::inspect
