// SPDX-License-Identifier: MIT
// Detectors of credentials that no single service issues: private keys, signed tokens, passwords in
// addresses and in assignments. These look for a form of text, so they say more about what is none.
#include "sluice/inspect/builtin.h"

namespace sluice::inspect {
namespace {

Rule rule(const char* id, const char* description, const char* regex,
          std::vector<std::string> keywords) {
  Rule one;
  one.id = id;
  one.description = description;
  one.regex = regex;
  one.keywords = std::move(keywords);
  return one;
}

// What people write where a secret would stand.
Allowlist placeholders() {
  Allowlist allowlist;
  allowlist.regexes = {
      R"(^[A-Za-z_.-]+$)",                              // a word, as code has it
      R"(^\$|^%[A-Za-z_]+%$|\$\{|\{\{|^<.*>$|^@.*@$)",  // a variable
      R"(^(?:\d{1,3}\.){3}\d{1,3}$)",
      R"(^(?i:https?|file)://)",
      R"(^[A-Za-z_]\w*(?:[.(\[]|::|->))",  // an expression
  };
  allowlist.stopwords = {"example", "changeme", "change-me", "change_me", "placeholder",
                         "your-",   "your_",    "dummy",     "xxxx",      "****",
                         "....",    "sample",   "todo"};
  return allowlist;
}

// What follows a beginning is hidden as far as it looks like a key in base64, its end included: a
// block that was cut off is still a key.
void add_private_keys(std::vector<Rule>& rules) {
  // RFC 7468 (PEM), RFC 4716 and openssh-portable PROTOCOL.key, RFC 9580 (OpenPGP); also as one
  // text with `\n` in it, as JSON has it
  Rule key = rule("private-key", "private key",
                  R"(-----BEGIN[ A-Z0-9]{0,30}PRIVATE KEY(?: BLOCK)?-----)"
                  R"(((?:\s{0,4}[A-Za-z-]{4,20}: [^\n]{0,100}\n){0,4}[A-Za-z0-9+/=\s\\"',-]{16,}))",
                  {"private key"});
  key.max_length = 32'768;
  rules.push_back(std::move(key));
  // the.earth.li/~sgtatham/putty: appendix C, PPK file format
  Rule putty = rule("putty-key", "PuTTY private key",
                    R"(Private-Lines: \d{1,4}\s{1,2}([A-Za-z0-9+/=\s]{32,}))", {"private-lines:"});
  putty.max_length = 16'384;
  rules.push_back(std::move(putty));
  // age-encryption.org/v1
  rules.push_back(rule("age-key", "age secret key", R"(\b(AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58})\b)",
                       {"age-secret-key-1"}));
}

void add_tokens(std::vector<Rule>& rules) {
  // RFC 7519; both parts are JSON in base64, which begins with `{"`
  Rule jwt =
      rule("jwt", "JSON web token", R"(\b(eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}))", {"eyj"});
  jwt.max_length = 8'192;
  rules.push_back(std::move(jwt));
  // RFC 6750, RFC 7617
  Rule header = rule(
      "authorization-header", "HTTP authorization",
      R"((?i:authorization)["']?\s{0,4}[:=,]\s{0,4}["'`]?(?i:bearer|basic|token)\s{1,4})"
      R"(([\w.~+/=-]{16,500}))",
      {"authorization"});
  header.entropy = 3;
  header.allowlists.push_back(placeholders());
  rules.push_back(std::move(header));
}

void add_addresses(std::vector<Rule>& rules) {
  // RFC 3986, 3.2.1: user:password@; the schemes are those of databases, brokers and web servers
  Rule url = rule(
      "url-password", "password in an address",
      R"(\b(?i:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver)"
      R"(|oracle|clickhouse|ftps?|sftp|ldaps?|smtps?|https?|ssh|git))"
      R"((?i:\+[a-z0-9]{1,20})?://[^\s:/@"'`<>]{0,100}:([^\s/@"'`<>]{3,200})@)",
      {"://"});
  Allowlist none;
  none.regexes = {R"(^\$|\$\{|\{\{|^<|^\[|^%[sdv(]|^\{[\w.]*\}$)",
                  R"(^\]?(?i:(?:my|the)?(?:pass(?:w(?:or)?d)?|pw|pwd|secret))\\?$)"};
  none.stopwords = {"****", "xxxx", "placeholder", "changeme"};
  url.allowlists.push_back(std::move(none));
  rules.push_back(std::move(url));
  // .netrc(5)
  Rule netrc = rule(
      "netrc-password", "password in netrc form",
      R"(\bmachine\s{1,8}[\w.-]{1,100}\s{1,8}login\s{1,8}[^\s]{1,100}\s{1,8}password\s{1,8})"
      R"(([^\s]{3,200}))",
      {"machine"});
  rules.push_back(std::move(netrc));
}

// What code has after a name that means a secret: other names, parts of them, types, and whatever
// has no digit in it.
Allowlist expressions() {
  Allowlist code;
  code.regexes = {R"(^[^0-9]*$)",
                  R"(::|->|^[&*.:]|[|]{2})",
                  R"(^[A-Za-z_$][A-Za-z_$]*[0-9]{0,3}$)",
                  R"(^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$)",
                  R"(^_*[A-Za-z]+[0-9]{0,3}(?:_[A-Za-z0-9]{1,16})+_*$)",
                  R"(^[A-Za-z_]\w*[+*][0-9]{1,5}$)"};
  return code;
}

void add_assignments(std::vector<Rule>& rules) {
  Rule generic = rule(
      "generic-assignment", "assignment to a name that means a secret",
      R"((?i)[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_.-]?key|access[_.-]?key)"
      R"(|auth[_.-]?key|private[_.-]?key|encryption[_.-]?key|credential)[\w.-]{0,40}["'`]?\s{0,4)"
      R"(}(?:=|:=|:|=>)\s{0,4}["'`]?([^\s"'`,;<>{}()\[\]]{8,150}))",
      {"passwd", "password", "passphrase", "secret", "token", "key", "credential"});
  generic.entropy = 3.2;
  generic.allowlists.push_back(placeholders());
  generic.allowlists.push_back(expressions());
  rules.push_back(std::move(generic));
  // A quoted password may be any text, in a place where code has no expression.
  Rule quoted = rule(
      "quoted-password", "quoted password",
      R"re((?i)(?:passw(?:or)?d|passphrase|pwd)["']?\s{0,4}(?:=|:=|:|=>)\s{0,4}["'])re"
      R"re(([^"'\n]{6,100})["'])re",
      {"passwd", "password", "passphrase", "pwd"});
  quoted.entropy = 2.8;
  Allowlist none;
  none.regexes = {R"(\s.*\s)", R"(^[a-z_]+$)", R"(^\$|\$\{|\{\{|^%|^<|^/[\w./-]*$)"};
  none.stopwords = placeholders().stopwords;
  none.stopwords.emplace_back("password");
  quoted.allowlists.push_back(std::move(none));
  rules.push_back(std::move(quoted));
}

}  // namespace

std::vector<Rule> builtin_credentials() {
  std::vector<Rule> rules;
  add_private_keys(rules);
  add_tokens(rules);
  add_addresses(rules);
  add_assignments(rules);
  return rules;
}

}  // namespace sluice::inspect
