// SPDX-License-Identifier: MIT
// What is read about contents from a policy's text, and what is wrong with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support.h"

namespace sluice::policy {
namespace {

const std::string kHead = "version = 1\n";
std::string rule(const std::string& rest) { return "[[rule]]\nid = \"r\"\n" + rest + "\n"; }

Resolver files(const std::map<std::string, std::string>& texts) {
  return [texts](std::string_view, std::string_view file) -> Result<Source, Error> {
    const auto found = texts.find(std::string{file});
    if (found == texts.end())
      return fail(Error::of("cannot read `" + std::string{file} + "`", ENOENT));
    return Source{"dir/" + found->first, found->second};
  };
}

Document document_of(const std::string& text,
                     const std::map<std::string, std::string>& texts = {}) {
  auto document = load({"p.toml", text}, files(texts));
  EXPECT_TRUE(document.has_value()) << text_of(document.error());
  return document ? std::move(*document) : Document{};
}

TEST(ContentLoad, takes_imports_with_their_text) {
  const Document document = document_of(
      kHead +
          "[[import]]\ngitleaks = \"s.toml\"\nas = \"secrets\"\ndisable = [\"x\", \"y\"]\n"
          "paths = \"ignore\"\n" +
          rule("content = [\"secrets\", \"secrets:aws\"]\nverdict = \"redact\""),
      {{"s.toml", "[[rules]]"}});
  ASSERT_EQ(document.imports.size(), 1u);
  EXPECT_EQ(document.imports[0].as, "secrets");
  EXPECT_EQ(document.imports[0].file, "dir/s.toml");
  EXPECT_EQ(document.imports[0].text, "[[rules]]");
  EXPECT_EQ(document.imports[0].disable, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(document.imports[0].paths, ImportPaths::ignore);
  EXPECT_EQ(document.rules[0].contents, (std::vector<std::string>{"secrets", "secrets:aws"}));
}

TEST(ContentLoad, what_an_import_says_is_part_of_the_hash) {
  const std::string text = kHead + "[[import]]\ngitleaks = \"s.toml\"\nas = \"s\"\n";
  EXPECT_NE(document_of(text, {{"s.toml", "a"}}).content_hash,
            document_of(text, {{"s.toml", "b"}}).content_hash);
}

TEST(ContentLoad, reads_what_an_import_extends_from_its_folder) {
  std::string asked;
  const Resolver resolver = [&](std::string_view beside,
                                std::string_view file) -> Result<Source, Error> {
    asked += std::string{beside} + ">" + std::string{file} + " ";
    if (file == "s.toml") return Source{"d/s.toml", "[Extend]\nPath = \"b.toml\"\n"};
    if (file == "b.toml") return Source{"d/b.toml", "[extend]\npath = \"s.toml\"\n"};
    return fail(Error::of("cannot read", ENOENT));
  };
  const auto document =
      load({"p.toml", kHead + "[[import]]\ngitleaks = \"s.toml\"\nas = \"s\"\n"}, resolver);
  ASSERT_TRUE(document.has_value()) << text_of(document.error());
  EXPECT_EQ(asked, "p.toml>s.toml d/s.toml>b.toml d/s.toml>s.toml ") << "circles end";
  ASSERT_EQ(document->imports[0].extended.size(), 2u);
  EXPECT_EQ(document->imports[0].extended[0].path, "b.toml");
  EXPECT_EQ(wrong_with(kHead + "[[import]]\ngitleaks = \"s\"\nas = \"s\"\n",
                       files({{"s", "[extend]\npath = \"gone\"\n"}})),
            "p.toml:3:12: cannot read `gone`: no such file or directory\n");
}

TEST(ContentLoad, takes_detectors_of_all_kinds) {
  const Document document = document_of(
      kHead +
          "[detector.card]\nregex = '\\d{16}'\nvalidate = \"luhn\"\nentropy = 1\nkeywords = \"4\"\n"
          "group = 1\nmax_length = 40\n[detector.iban]\nregex = \"x\"\nvalidate = "
          "\"mod97\"\nentropy = 2.5\n"
          "[detector.listed]\nmanifest = \"m.tsv\"\n[detector.here]\nranges = \"a\\t0\\t1\\n\"\n"
          "[detector.photo]\ntype = [\"jpeg\", \"png\"]\n[detector.huge]\nlarger = \"1GiB\"\n",
      {{"m.tsv", "\xff\t0\t1\n"}});
  ASSERT_EQ(document.detectors.size(), 6u);
  const auto find = [&](std::string_view name) {
    return *std::ranges::find(document.detectors, name, &DetectorSpec::name);
  };
  EXPECT_EQ(find("card").regex, "\\d{16}");
  EXPECT_EQ(find("card").validate, DetectorSpec::Validate::luhn);
  EXPECT_EQ(find("card").entropy, 1);
  EXPECT_EQ(find("card").keywords, std::vector<std::string>{"4"});
  EXPECT_EQ(find("card").group, 1u);
  EXPECT_EQ(find("card").max_length, 40u);
  EXPECT_EQ(find("iban").entropy, 2.5);
  EXPECT_EQ(find("listed").manifest_file, "dir/m.tsv");
  EXPECT_EQ(find("listed").manifest_text, "\xff\t0\t1\n") << "paths may be any bytes";
  EXPECT_EQ(find("here").manifest_file, "p.toml");
  EXPECT_EQ(find("here").kind, DetectorSpec::Kind::manifest);
  EXPECT_EQ(find("photo").types, (std::vector<std::string>{"jpeg", "png"}));
  EXPECT_EQ(find("huge").larger, std::uint64_t{1} << 30);
}

TEST(ContentLoad, tells_what_is_wrong_with_imports_and_detectors) {
  struct Case {
    std::string text, wrong;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"[[import]]\nas = \"s\"",
            "p.toml:2:1: an import needs `gitleaks`, a file with rules in gitleaks' format\n"},
           {"[[import]]\ngitleaks = \"s\"",
            "p.toml:2:1: an import needs `as`, the name by which rules speak of it\n"},
           {"[[import]]\ngitleaks = \"gone\"\nas = \"s\"",
            "p.toml:3:12: cannot read `gone`: no such file or directory\n"},
           {"[[import]]\ngitleaks = \"s\"\nas = \"builtin\"",
            "p.toml:4:6: the name `builtin` is taken: it comes with the program\n"},
           {"[[import]]\ngitleaks = \"s\"\nas = \"s\"\npaths = \"no\"",
            "p.toml:5:9: `paths` cannot be `no`; it is `honour` or `ignore`\n"},
           {"[[import]]\ngitleaks = \"s\"\nas = \"d\"\n[detector.d]\nregex = \"x\"",
            "p.toml:5:11: the name `d` is taken by other detectors\n"},
           {"[detector.d]\nvalidate = \"luhn\"",
            "p.toml:2:11: the detector `d` must have one of `regex`, `manifest`, `ranges`, `type`"
            " and `larger`\n"},
           {"[detector.d]\nregex = \"x\"\ntype = \"jpeg\"",
            "p.toml:2:11: the detector `d` must have one of `regex`, `manifest`, `ranges`, `type`"
            " and `larger`\n"},
           {"[detector.d]\ntype = \"jpeg\"\ngroup = 1",
            "p.toml:4:1: `group` belongs to a `regex`\n"},
           {"[detector.d]\nregex = \"x\"\nvalidate = \"lhun\"",
            "p.toml:4:12: `validate` cannot be `lhun`; it is `luhn` or `mod97`\n"},
           {"[detector.d]\nregex = \"x\"\nentropy = 9",
            "p.toml:4:11: `entropy` must be a number from 0 to 8: bits a byte\n"},
           {"[detector.d]\nregex = \"x\"\nentropy = nan",
            "p.toml:4:11: `entropy` must be a number from 0 to 8: bits a byte\n"},
           {"[detector.d]\nregex = \"x\"\nmax_length = 0",
            "p.toml:4:14: `max_length` must be a number from 1 to 1048576\n"},
           {"[detector.d]\nlarger = \"big\"",
            "p.toml:3:10: `big` is no size; write one like `64MiB`\n"},
           {"[detector.positions]\nregex = \"x\"",
            "p.toml:2:11: the name `positions` is taken: it comes with the program\n"}}) {
    EXPECT_EQ(wrong_with(kHead + each.text + "\n", files({{"s", ""}})), each.wrong) << each.text;
  }
}

TEST(ContentLoad, tells_what_is_wrong_with_rules_about_contents) {
  struct Case {
    std::string text, wrong;
  };
  const std::string unseen =
      "whether a file is seen cannot depend on `content`: that it is there is known before it is "
      "looked into\n";
  for (
      const Case& each : std::initializer_list<Case>{
          {rule("content = \"secrts\"\nverdict = \"deny\"") + "[detector.secrets]\nregex = \"x\"\n",
           "p.toml:4:11: there are no detectors `secrts`; did you mean `secrets`?\n"},
          {rule("content = \"cards\"\nverdict = \"deny\""),
           "p.toml:4:11: there are no detectors `cards`; bring them by [[import]] or define them by"
           " [detector.cards]\n"},
          {rule("content = \"positions:gps\"\nverdict = \"deny\""),
           "p.toml:4:11: `positions` has no detectors of its own; write `content = "
           "\"positions\"`\n"},
          {rule("content = \":x\"\nverdict = \"deny\""),
           "p.toml:4:11: `content` cannot be `:x`; it is SET or SET:DETECTOR\n"},
          {rule("content = []\nverdict = \"deny\""),
           "p.toml:4:11: `content` is empty; leave it out to mean whatever a file contains\n"},
          {rule("content = \"builtin\"\nverdict = \"hide\""), "p.toml:5:11: " + unseen},
          {rule("content = \"builtin\"\nread = \"deny\"\nsee = \"yes\""), "p.toml:6:7: " + unseen},
          {rule("content = \"builtin\"\nverdict = \"native\""),
           "p.toml:4:1: with `content` the rule says nothing: what is found in a file can only make"
           " its verdict stricter\n"},
          {rule("content = \"builtin\"\nverdict = \"redact\"\nwith = \"all\""),
           "p.toml:6:1: `with` cannot stand beside `content`: what is found is what is redacted\n"},
          {rule("verdict = \"deny\"\nwith = \"all\""),
           "p.toml:5:1: `with` says what is redacted, and this rule redacts nothing\n"},
          {rule("verdict = \"redact\"\nmode = \"w\"\nwith = \"all\""),
           "p.toml:6:1: `with` says what is redacted, and this rule redacts nothing\n"},
          {rule("verdict = \"redact\"\nwith = \"vlaues\""),
           "p.toml:5:8: `with` cannot be `vlaues`; it is `values` or `all`; did you mean"
           " `values`?\n"},
          {rule("read = \"redact\"\nwrite = \"native\""),
           "p.toml:5:9: what is redacted cannot be written to: what it hides would be lost\n"},
          {"[[never]]\ncontent = \"builtin\"\nsee = \"yes\"\n", "p.toml:4:1: " + unseen},
          {"[[never]]\ncontent = \"x\"\nread = \"native\"\n",
           "p.toml:2:1: there are no detectors `x`; bring them by [[import]] or define them by"
           " [detector.x]\n"}}) {
    EXPECT_EQ(wrong_with(kHead + each.text), each.wrong) << each.text;
  }
}

TEST(ContentLoad, takes_sixty_contents_and_no_more) {
  const auto with = [](int count) {
    std::string list;
    for (int i = 0; i < count; ++i) list += "\"builtin:" + std::to_string(i) + "\",";
    return wrong_with(kHead + rule("verdict = \"deny\"\ncontent = [" + list + "]"));
  };
  EXPECT_EQ(with(60), "");
  EXPECT_EQ(with(61), "p.toml: rules speak of more than 60 different contents; name whole sets\n");
}

TEST(ContentLoad, tells_what_is_wrong_with_tests_of_files) {
  struct Case {
    std::string test, wrong;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"path = \"a\"\nexpect = { has = \"x\" }",
            "p.toml:4:10: `has`, `lacks`, `same_size` and `content` are about what is in a `file`,"
            " and this test has none\n"},
           {"path = \"a\"\nmode = \"w\"\nfile = \"\"\nexpect = { lacks = \"x\" }",
            "p.toml:6:10: `has`, `lacks` and `same_size` are about what a reader gets\n"},
           {"path = \"a\"\nfile = \"\"\nexpect = { content = \"builtin\" }",
            "p.toml:2:1: a test expects the content `builtin`, of which no rule speaks\n"},
           {"path = \"a\"\nfile = \"\"\nfile_base64 = \"\"\nexpect = { see = \"yes\" }",
            "p.toml:5:1: a test has either `file` or `file_base64`\n"},
           {"path = \"a\"\nfile_base64 = \"a-b\"\nexpect = { see = \"yes\" }",
            "p.toml:4:15: `file_base64` is not base64\n"},
           {"path = \"a/\"\nfile = \"\"\nexpect = { see = \"yes\" }",
            "p.toml:2:1: a test with a `file` needs the path of a file\n"},
           {"path = \"a\"\nfile = \"\"\nexpect = { same_size = 1 }",
            "p.toml:5:24: `same_size` must be true or false, not a number\n"}}) {
    EXPECT_EQ(wrong_with(kHead + "[[test]]\n" + each.test + "\n"), each.wrong) << each.test;
  }
}

TEST(ContentLoad, reads_base64_as_it_is_written) {
  const auto file = [](const std::string& base64) {
    const Document document = document_of(kHead + "[[test]]\npath = \"a\"\nfile_base64 = \"\"\"\n" +
                                          base64 + "\"\"\"\nexpect = { see = \"yes\" }\n");
    return document.tests.empty() ? "?" : document.tests[0].file.value_or("none");
  };
  EXPECT_EQ(file(""), "");
  EXPECT_EQ(file("Zg==\n"), "f");
  EXPECT_EQ(file("Zm8="), "fo");
  EXPECT_EQ(file("Zm9v\nYmFy\n"), "foobar");
  EXPECT_EQ(file("AP/+"), std::string("\0\xff\xfe", 3));
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg=v", "=", "Zg==Zg==", "Zm9v="}) {
    EXPECT_NE(wrong_with(kHead + "[[test]]\npath = \"a\"\nfile_base64 = \"" + wrong +
                         "\"\nexpect = { see = \"yes\" }\n"),
              "")
        << wrong;
  }
}

TEST(ContentLoad, takes_defaults_and_detectors_from_what_is_included) {
  const std::string base = kHead +
                           "[default]\ndeadline = \"3s\"\non_error = \"served\"\n"
                           "too_big = { over = \"1MiB\", verdict = \"served\" }\n"
                           "[detector.d]\nregex = \"x\"\n[detector.e]\nregex = \"e\"\n";
  const std::string include = "[[include]]\nfile = \"b.toml\"\n";
  const Document taken = document_of(kHead + include, {{"b.toml", base}});
  EXPECT_EQ(taken.content.deadline, std::chrono::milliseconds{3000});
  EXPECT_EQ(taken.content.too_big_over, 1u << 20);
  EXPECT_EQ(taken.content.on_error.at(Axis::read), 1);
  EXPECT_EQ(taken.content.on_timeout.at(Axis::read), 3) << "nobody said";
  EXPECT_EQ(taken.detectors.size(), 2u);

  const Document own =
      document_of(kHead + "[default]\ndeadline = \"1s\"\n[detector.d]\nregex = \"own\"\n" + include,
                  {{"b.toml", base}});
  EXPECT_EQ(own.content.deadline, std::chrono::milliseconds{1000});
  EXPECT_EQ(own.content.too_big_over, 1u << 20);
  ASSERT_EQ(own.detectors.size(), 2u);
  EXPECT_EQ(own.detectors[0].regex, "own");

  const auto two = [&](const std::string& other) {
    return wrong_with(kHead + include + "[[include]]\nfile = \"c.toml\"\n",
                      files({{"b.toml", base}, {"c.toml", kHead + other}}));
  };
  EXPECT_EQ(two("[detector.d]\nregex = \"x\"\n"), "");
  EXPECT_EQ(
      two("[detector.d]\nregex = \"y\"\n"),
      "p.toml:4:1: two included files differ about the detectors `d`; say here what they are\n");
  EXPECT_EQ(two("[default]\ndeadline = \"2s\"\n"),
            "p.toml:4:1: two included files differ in [default]; say here what holds\n");
}

}  // namespace
}  // namespace sluice::policy
