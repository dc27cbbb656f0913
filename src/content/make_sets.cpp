// SPDX-License-Identifier: MIT
#include "sluice/content/make_sets.h"

#include <algorithm>
#include <charconv>

#include "sluice/content/detection.h"
#include "sluice/inspect/builtin.h"

namespace sluice::content {
namespace {

using inspect::Allowlist;
using inspect::Rule;

// Gives the number before a colon, and drops both from `text`; 0 if there is none.
std::uint32_t take_number(std::string_view& text) noexcept {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || !text.substr(length).starts_with(':')) return 0;
  text.remove_prefix(length + 1);
  return number;
}

// Makes a diagnostic of a line that begins with its place in `file`.
policy::Diagnostic placed(policy::Severity severity, const std::string& file,
                          std::string_view line) {
  policy::Diagnostic diagnostic{severity, file, 0, 0, {}};
  if (line.starts_with(file + ":")) {
    line.remove_prefix(file.size() + 1);
    diagnostic.line = take_number(line);
    diagnostic.column = take_number(line);
    while (line.starts_with(' ')) line.remove_prefix(1);
  }
  diagnostic.text = line;
  return diagnostic;
}

bool has_checks(const Allowlist& one) noexcept {
  return !one.commits.empty() || !one.paths.empty() || !one.regexes.empty() ||
         !one.stopwords.empty();
}

// Takes the paths out of allowlists. One whose checks must all hold never does without them.
void ignore_paths(std::vector<Allowlist>& allowlists) {
  for (Allowlist& one : allowlists) {
    if (!one.paths.empty() && one.condition == inspect::Condition::all) one = Allowlist{};
    one.paths.clear();
  }
  std::erase_if(allowlists, [](const Allowlist& one) { return !has_checks(one); });
}

// Gives the files that the import extends: those that were read with the policy.
inspect::RuleFile extended_by(const policy::ImportSpec& import) {
  return [&import](std::string_view path) -> Result<std::string, Error> {
    const auto file = std::ranges::find(import.extended, path, &policy::ExtendedFile::path);
    if (file != import.extended.end()) return file->text;
    return fail(Error{"the file was not read with the policy", ENOENT});
  };
}

// A rule with a regex is then for all files; one about nothing but a path stays.
void ignore_paths(Rule& rule) {
  if (!rule.regex.empty()) rule.path.clear();
  ignore_paths(rule.allowlists);
}

inspect::Validator validator_of(policy::DetectorSpec::Validate validate) noexcept {
  switch (validate) {
    case policy::DetectorSpec::Validate::none: break;
    case policy::DetectorSpec::Validate::luhn: return inspect::Validator::luhn;
    case policy::DetectorSpec::Validate::mod97: return inspect::Validator::mod97;
  }
  return inspect::Validator::none;
}

Rule rule_of(const policy::DetectorSpec& detector) {
  Rule rule;
  rule.id = detector.name;
  rule.regex = detector.regex;
  rule.group = detector.group;
  rule.entropy = detector.entropy;
  rule.keywords = detector.keywords;
  rule.validator = validator_of(detector.validate);
  rule.max_length = detector.max_length;
  return rule;
}

}  // namespace

void SetMaker::error(policy::Location at, std::string text) {
  const std::string file =
      at.file < document_.files.size() ? document_.files[at.file] : std::string{};
  errors_.push_back({policy::Severity::error, file, at.line, at.column, std::move(text)});
}

void SetMaker::cannot_compile(const SetSpec& spec, policy::Location at, const Error& why) {
  const auto detector =
      std::ranges::find(document_.detectors, spec.name, &policy::DetectorSpec::name);
  if (detector == document_.detectors.end()) return error(at, why.line());
  // Its full name says the same twice.
  const std::string named = "detector " + policy::quoted(spec.name);
  const std::string twice = "detector `" + spec.name + ":" + spec.name + "`: ";
  std::string_view line = why.line();
  if (line.starts_with(twice)) line.remove_prefix(twice.size());
  error(detector->at, named + ": " + std::string{line});
}

SetSpec SetMaker::make(std::string_view name, policy::Location at) {
  SetSpec spec;
  spec.name = name;
  if (name == inspect::kBuiltin) {
    spec.rules = inspect::builtin_rules();
    return spec;
  }
  if (name == kPositions) {
    spec.kind = SetSpec::Kind::positions;
    return spec;
  }
  if (const auto import = std::ranges::find(document_.imports, name, &policy::ImportSpec::as);
      import != document_.imports.end()) {
    return import_of(*import);
  }
  if (const auto detector =
          std::ranges::find(document_.detectors, name, &policy::DetectorSpec::name);
      detector != document_.detectors.end()) {
    return detector_of(*detector);
  }
  error(at, "there is no set of detectors " + policy::quoted(name));
  return spec;
}

SetSpec SetMaker::import_of(const policy::ImportSpec& import) {
  auto known = read(import, inspect::Regexes::known);
  if (known && is_known_(digest_of(*known))) return std::move(*known);
  errors_.resize(before_.errors);
  warnings_.resize(before_.warnings);
  if (auto spec = read(import, inspect::Regexes::tried)) return std::move(*spec);
  SetSpec none;
  none.name = none.rules.name = import.as;
  return none;
}

std::optional<SetSpec> SetMaker::read(const policy::ImportSpec& import, inspect::Regexes regexes) {
  before_ = {errors_.size(), warnings_.size()};
  auto rules = inspect::read_gitleaks(
      {import.file, import.text, import.as, import.disable, regexes}, extended_by(import));
  if (!rules) {
    for (const Error& wrong : rules.error())
      errors_.push_back(placed(policy::Severity::error, import.file, wrong.line()));
    return std::nullopt;
  }
  for (const std::string& line : rules->warnings)
    warnings_.push_back(placed(policy::Severity::warning, import.file, line));
  SetSpec spec;
  spec.name = import.as;
  spec.rules = std::move(rules->rules);
  if (import.paths == policy::ImportPaths::ignore) {
    ignore_paths(spec.rules.allowlists);
    for (Rule& rule : spec.rules.rules) ignore_paths(rule);
  }
  return spec;
}

SetSpec SetMaker::detector_of(const policy::DetectorSpec& detector) {
  SetSpec spec;
  spec.name = detector.name;
  switch (detector.kind) {
    case policy::DetectorSpec::Kind::manifest:
      spec.kind = SetSpec::Kind::manifest;
      spec.file = detector.manifest_file;
      spec.text = detector.manifest_text;
      return spec;
    case policy::DetectorSpec::Kind::larger:
      spec.kind = SetSpec::Kind::larger;
      spec.size = detector.larger;
      return spec;
    case policy::DetectorSpec::Kind::type:
      spec.kind = SetSpec::Kind::type;
      add_types(detector, spec);
      return spec;
    case policy::DetectorSpec::Kind::regex: break;
  }
  spec.rules.name = detector.name;
  spec.rules.rules = {rule_of(detector)};
  return spec;
}

void SetMaker::add_types(const policy::DetectorSpec& detector, SetSpec& spec) {
  for (const std::string& word : detector.types) {
    if (const auto kind = inspect::kind_named(word)) {
      spec.types.push_back(*kind);
    } else {
      error(detector.at, "there is no type of files " + policy::quoted(word));
    }
  }
}

}  // namespace sluice::content
