// SPDX-License-Identifier: MIT
// The tables and keys of gitleaks' format, one function for each kind of table.
#include "sluice/inspect/gitleaks_fields.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace sluice::inspect {
namespace {

using toml_text::Member;
using toml_text::Type;
using toml_text::Value;

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The members of one table, each to be asked for once; the rest is unknown.
class Table {
 public:
  // `what` stands in messages: "rule `x`" or "[extend]".
  Table(const Value& value, std::string what, const Notes& notes)
      : value_{value}, what_{std::move(what)}, notes_{notes}, used_(value.members.size()) {}

  toml_text::Position at() const noexcept { return value_.at; }
  void name(std::string what) { what_ = std::move(what); }
  void wrong(toml_text::Position at, std::string_view text) const {
    notes_.error(at, fmt::format("{}: {}", what_, text));
  }
  void warn(toml_text::Position at, std::string_view text) const {
    notes_.warn(at, fmt::format("{}: {}", what_, text));
  }

  // Keys are compared without regard to case; `key` is given in lower case.
  const Member* get(std::string_view key) {
    const Member* found = nullptr;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (lower(value_.members[i].key) != key) continue;
      used_[i] = true;
      if (found != nullptr) wrong(value_.members[i].at, fmt::format("`{}` is there twice", key));
      found = &value_.members[i];
    }
    return found;
  }

  std::string text(std::string_view key) {
    const Member* member = get(key);
    if (member == nullptr || !is(*member, Type::string, "text")) return {};
    return member->value.text;
  }

  // A list of texts; one text is a list with commas, as it is for gitleaks.
  std::vector<std::string> texts(std::string_view key) {
    const Member* member = get(key);
    std::vector<std::string> all;
    if (member == nullptr) return all;
    if (member->value.type == Type::string) return split(member->value.text);
    if (!is(*member, Type::array, "a list of texts")) return all;
    for (const Value& element : member->value.elements) {
      if (element.type == Type::string) {
        all.push_back(element.text);
      } else {
        wrong(element.at, fmt::format("`{}` must be a list of texts", member->key));
      }
    }
    return all;
  }

  std::optional<std::uint64_t> count(std::string_view key) {
    const Member* member = get(key);
    if (member == nullptr || !is(*member, Type::integer, "a whole number")) return std::nullopt;
    if (member->value.integer >= 0) return static_cast<std::uint64_t>(member->value.integer);
    wrong(member->at, fmt::format("`{}` must not be negative", member->key));
    return std::nullopt;
  }

  double number(std::string_view key) {
    const Member* member = get(key);
    if (member == nullptr) return 0;
    if (member->value.type == Type::integer) return static_cast<double>(member->value.integer);
    return is(*member, Type::real, "a number") ? member->value.real : 0;
  }

  bool flag(std::string_view key) {
    const Member* member = get(key);
    return member != nullptr && is(*member, Type::boolean, "true or false") &&
           member->value.boolean;
  }

  // The tables under `key`: one, or a list of them.
  std::vector<const Value*> tables(std::string_view key) {
    const Member* member = get(key);
    std::vector<const Value*> all;
    if (member == nullptr) return all;
    if (member->value.type == Type::table) return {&member->value};
    if (!is(*member, Type::array, "a list of tables")) return all;
    for (const Value& element : member->value.elements) {
      if (element.type == Type::table) {
        all.push_back(&element);
      } else {
        wrong(element.at, fmt::format("`{}` must be a list of tables", member->key));
      }
    }
    return all;
  }

  void refuse_the_rest() const {
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) continue;
      wrong(value_.members[i].at,
            fmt::format("unknown key `{}`, which cannot be honoured; remove it, "
                        "or the rule",
                        value_.members[i].key));
    }
  }

 private:
  bool is(const Member& member, Type type, std::string_view wanted) const {
    if (member.value.type == type) return true;
    wrong(member.at, fmt::format("`{}` must be {}, not {}", member.key, wanted,
                                 toml_text::name(member.value.type)));
    return false;
  }

  static std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> all;
    while (!text.empty()) {
      const auto comma = std::min(text.find(','), text.size());
      all.emplace_back(text.substr(0, comma));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return all;
  }

  const Value& value_;
  std::string what_;
  const Notes& notes_;
  std::vector<bool> used_;
};

Condition read_condition(Table& table) {
  const std::string word = lower(table.text("condition"));
  if (word == "and" || word == "&&") return Condition::all;
  if (!word.empty() && word != "or" && word != "||") {
    table.wrong(table.at(), fmt::format("unknown condition `{}`; there are `AND` and `OR`", word));
  }
  return Condition::any;
}

Target read_target(Table& table) {
  const std::string word = table.text("regextarget");
  if (word == "match") return Target::match;
  if (word == "line") return Target::line;
  if (!word.empty() && word != "secret") {
    table.wrong(
        table.at(),
        fmt::format("unknown regexTarget `{}`; there are `secret`, `match` and `line`", word));
  }
  return Target::secret;
}

Allowlist read_allowlist(Table& table) {
  Allowlist allowlist;
  table.text("description");
  allowlist.condition = read_condition(table);
  allowlist.target = read_target(table);
  allowlist.commits = table.texts("commits");
  allowlist.paths = table.texts("paths");
  allowlist.regexes = table.texts("regexes");
  allowlist.stopwords = table.texts("stopwords");
  if (!allowlist.commits.empty()) {
    table.warn(table.at(),
               "`commits` in an allowlist never applies here: an open file has no commit");
  }
  if (const auto good = check(allowlist); !good) table.wrong(table.at(), good.error().line());
  return allowlist;
}

// The tables of `[allowlist]` or `[[allowlists]]`; the old form and the new exclude each other.
std::vector<const Value*> allowlist_tables(Table& table) {
  auto old = table.tables("allowlist");
  auto all = table.tables("allowlists");
  if (old.empty()) return all;
  if (old.size() > 1)
    table.wrong(old[1]->at, "`allowlist` is one table; use `allowlists` for more");
  if (!all.empty()) {
    table.wrong(old[0]->at,
                "`allowlist` is the older form of `allowlists`; only one of them may be used");
  }
  return old;
}

void read_required(Table& table, Rule& rule, const Notes& notes, const std::string& what) {
  for (const Value* value : table.tables("required")) {
    Table required{*value, what + ", required", notes};
    Required one;
    one.id = required.text("id");
    one.within_lines = required.count("withinlines");
    one.within_columns = required.count("withincolumns");
    required.refuse_the_rest();
    if (one.id.empty()) required.wrong(value->at, "it has no `id`");
    rule.required.push_back(std::move(one));
  }
}

Rule read_rule(const Value& value, const Notes& notes) {
  Table table{value, "a rule", notes};
  Rule rule;
  rule.id = table.text("id");
  const std::string what = fmt::format("rule `{}`", rule.id);
  table.name(what);
  rule.description = table.text("description");
  rule.regex = table.text("regex");
  rule.path = table.text("path");
  const auto group = table.count("secretgroup").value_or(0);
  rule.group =
      static_cast<unsigned>(std::min<std::uint64_t>(group, std::numeric_limits<int>::max()));
  rule.entropy = table.number("entropy");
  rule.keywords = table.texts("keywords");
  rule.tags = table.texts("tags");
  rule.reported = table.flag("skipreport") ? Reported::no : Reported::yes;
  for (const Value* one : allowlist_tables(table)) {
    Table allowlist{*one, what, notes};
    rule.allowlists.push_back(read_allowlist(allowlist));
    allowlist.refuse_the_rest();
  }
  read_required(table, rule, notes, what);
  table.refuse_the_rest();
  return rule;
}

void read_rules(Table& root, const Notes& notes, GitleaksFile& file) {
  for (const Value* value : root.tables("rules")) {
    Rule rule = read_rule(*value, notes);
    const std::string id = rule.id;
    if (file.rules.contains(id)) {
      notes.warn(value->at,
                 fmt::format("rule `{}`: there is another with this id; the last one counts", id));
    } else {
      file.order.push_back(id);
    }
    file.rules.insert_or_assign(id, GitleaksRule{std::move(rule), value->at});
  }
}

void read_extend(Table& root, const Notes& notes, GitleaksFile& file) {
  for (const Value* value : root.tables("extend")) {
    Table table{*value, "[extend]", notes};
    file.extend.at = value->at;
    file.extend.path = table.text("path");
    file.extend.disabled = table.texts("disabledrules");
    if (!table.text("url").empty()) {
      table.wrong(value->at,
                  "`url` cannot be honoured: nothing is fetched; save the file and use `path`");
    }
    if (table.flag("usedefault")) {
      table.wrong(value->at,
                  "`useDefault` means gitleaks' own rules, which do not come with Sluice; save "
                  "gitleaks' config/gitleaks.toml and name it with `path`");
    }
    table.refuse_the_rest();
  }
}

void read_globals(Table& root, const Notes& notes, GitleaksFile& file) {
  for (const Value* value : allowlist_tables(root)) {
    Table table{*value, "global allowlist", notes};
    Allowlist allowlist = read_allowlist(table);
    auto targets = table.texts("targetrules");
    table.refuse_the_rest();
    if (targets.empty()) {
      file.allowlists.push_back(std::move(allowlist));
    } else {
      file.targeted.push_back({std::move(targets), std::move(allowlist), value->at});
    }
  }
}

}  // namespace

GitleaksFile read_tables(const toml_text::Value& root, const Notes& notes) {
  GitleaksFile file;
  Table table{root, "gitleaks rules", notes};
  table.text("title");
  table.text("description");
  // Asks for a version of gitleaks; that what it brought is understood is seen by each key.
  table.text("minversion");
  read_extend(table, notes, file);
  read_rules(table, notes, file);
  read_globals(table, notes, file);
  table.refuse_the_rest();
  return file;
}

}  // namespace sluice::inspect
