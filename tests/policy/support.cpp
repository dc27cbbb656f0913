// SPDX-License-Identifier: MIT
#include "support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

namespace sluice::policy {

Program program_of(std::string_view text, const CompileOptions& options) {
  auto document = load({"p.toml", std::string{text}});
  if (!document) {
    ADD_FAILURE() << text_of(document.error());
    std::abort();
  }
  auto program = compile(std::move(*document), options);
  if (!program) {
    ADD_FAILURE() << text_of(program.error());
    std::abort();
  }
  return std::move(*program);
}

std::string wrong_with(std::string_view text, const Resolver& resolver) {
  auto document = load({"p.toml", std::string{text}}, resolver);
  if (!document) return text_of(document.error());
  const auto program = compile(std::move(*document));
  return program ? "" : text_of(program.error());
}

Terms terms_at(const Program& program, std::string_view path, std::string_view subject) {
  const auto index = program.subject(subject);
  EXPECT_TRUE(index.has_value()) << subject;
  return program.terms(walk(program, path).place, index.value_or(kUnknown));
}

namespace {

std::string words_of(const Grant& grant) {
  return fmt::format("{} {} {} {}", name(grant.see), name(grant.read), name(grant.execute),
                     name(grant.write));
}

}  // namespace

std::string grant_at(const Program& program, std::string_view path, std::string_view subject) {
  return words_of(terms_at(program, path, subject).grant);
}

ContentId content_of(const Program& program, std::string_view name) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(kFailed); ++i) {
    if (program.content_name(ContentId{i}) == name) return ContentId{i};
  }
  ADD_FAILURE() << "no rule speaks of " << name;
  return kFailed;
}

std::string grant_if(const Program& program, std::string_view path, std::string_view subject,
                     std::string_view content) {
  const Terms terms = terms_at(program, path, subject);
  if (content.empty()) return words_of(resolve(terms, {}).grant);
  return words_of(resolve(terms, {content_of(program, content)}).grant);
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string hiding(const std::vector<std::string>& globs) {
  std::string list;
  for (const std::string& glob : globs) list += toml_string(glob) + ",";
  return fmt::format("version = 1\n[[rule]]\nid = \"hide\"\nverdict = \"hide\"\npath = [{}]\n",
                     list);
}

bool hides(const Program& program, std::string_view path) {
  return terms_at(program, path).grant.see == See::no;
}

}  // namespace sluice::policy
