// SPDX-License-Identifier: MIT
// The detectors that come with Sluice, each with texts that it finds and texts that it does not.
// The tokens are made up here from their parts, so that no file holds one.
#include "sluice/inspect/builtin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "text_support.h"

namespace sluice::inspect {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Example {
  const char* id;
  std::string secret;
  std::string before = "x = '";
  std::string after = "'\n";
};

std::string word(std::size_t length) { return random_word(length, 11); }
std::string hex(std::size_t length) { return random_word(length, 12, kHex); }

std::vector<Example> services() {
  return {
      {"aws-access-key-id",
       "AK"
       "IA" +
           random_word(16, 3, kUpper)},
      {"aws-secret-access-key", word(40), "aws_secret_access_key = ", "\n"},
      {"google-api-key",
       "AI"
       "za" +
           word(35)},
      {"google-oauth-secret",
       "GOC"
       "SPX-" +
           word(28)},
      {"azure-storage-key", word(86) + "==", "AccountName=a;AccountKey=", ";EndpointSuffix=b"},
      {"azure-client-secret",
       "aB3"
       "8Q~" +
           word(32)},
      {"digitalocean-token",
       "do"
       "p_v1_" +
           hex(64)},
      {"vault-token",
       "hv"
       "s." +
           word(90)},
      {"heroku-token",
       "HR"
       "KU-" +
           word(40)},
      {"github-token",
       "gh"
       "p_" +
           word(36)},
      {"github-token",
       "gh"
       "s_" +
           word(36),
       "https://x-access-token:", "@github.com/a/b\n"},
      {"github-fine-grained-token",
       "github"
       "_pat_" +
           word(22) + "_" + word(59)},
      {"gitlab-token",
       "gl"
       "pat-" +
           word(20)},
      {"atlassian-token",
       "ATA"
       "TT3" +
           word(180) + "=AB12CD34"},
      {"npm-token",
       "np"
       "m_" +
           word(36),
       "//registry.npmjs.org/:_authToken=", "\n"},
      {"pypi-token",
       "py"
       "pi-AgEIcHlwaS5vcmc" +
           word(120)},
      {"rubygems-token",
       "ruby"
       "gems_" +
           hex(48)},
      {"crates-io-token",
       "ci"
       "o" +
           word(32)},
      {"docker-token",
       "dckr"
       "_pat_" +
           word(27)},
      {"slack-token",
       "xo"
       "xb-123456789012-1234567890123-" +
           word(24)},
      {"slack-app-token",
       "xa"
       "pp-1-A012345-123456-" +
           hex(64)},
      {"slack-webhook", "T01234567/B01234567/" + word(24), "https://hooks.slack.com/services/",
       "\n"},
      {"discord-webhook", word(68), "https://discord.com/api/webhooks/123456789012345678/", "\n"},
      {"telegram-bot-token", "123456789:AA" + word(33)},
      {"twilio-api-key",
       "S"
       "K" +
           hex(32)},
      {"twilio-auth-token", hex(32), "TWILIO_AUTH_TOKEN=", "\n"},
      {"sendgrid-token",
       "S"
       "G." +
           word(22) + "." + word(43)},
      {"mailgun-key",
       "ke"
       "y-" +
           hex(32)},
      {"stripe-key",
       "sk"
       "_live_" +
           word(24)},
      {"stripe-webhook-secret",
       "whs"
       "ec_" +
           word(32)},
      {"square-token",
       "sq0"
       "csp-" +
           word(43)},
      {"openai-key",
       "s"
       "k-proj-" +
           word(64) +
           "T3Blbk"
           "FJ" +
           word(64)},
      {"anthropic-key",
       "sk-"
       "ant-api03-" +
           word(93) + "AA"},
      {"huggingface-token",
       "h"
       "f_" +
           random_word(34, 5, kLetters)},
  };
}

std::vector<Example> credentials() {
  const std::string lines =
      word(64) + "\n" + random_word(64, 2) + "\n" + random_word(30, 3) + "==\n";
  return {
      {"private-key", "\n" + lines,
       "-----BEGIN RSA PRIV"
       "ATE KEY-----",
       "-----END"},
      {"private-key", "\n" + lines,
       "-----BEGIN OPENSSH PRIV"
       "ATE KEY-----",
       "-----END"},
      {"private-key", "\n\n" + lines + "=abcd\n",
       "-----BEGIN PGP PRIV"
       "ATE KEY BLOCK-----",
       "-----END"},
      {"putty-key", lines, "Private-Lines: 3\n", "Private-MAC: 12\n"},
      {"age-key",
       "AGE-SEC"
       "RET-KEY-1" +
           random_word(58, 4, "023456789ACDEFGHJKLMNPQRSTUVWXYZ"),
       "", "\n"},
      {"jwt",
       "ey"
       "J" +
           word(30) +
           ".ey"
           "J" +
           word(60) + "." + word(43)},
      {"authorization-header", word(40), "Authorization: Bearer ", "\n"},
      {"url-password", word(12), "DATABASE_URL=postgres://user:", "@db.internal:5432/app\n"},
      {"url-password", "p-4" + word(9), "redis://:", "@cache\n"},
      {"netrc-password", word(12), "machine h login me password ", "\n"},
      {"generic-assignment", word(24), "MY_SECRET = \"", "\"\n"},
      {"generic-assignment", word(24), "{\"apiKey\": \"", "\"}\n"},
      {"quoted-password", "tr0ub4dor&3 zebra", "password: '", "'\n"},
  };
}

const Detectors& builtin() {
  static const Detectors detectors = [] {
    auto compiled = Detectors::compile({builtin_rules()});
    EXPECT_TRUE(compiled.has_value()) << compiled.error().line();
    return std::move(*compiled);
  }();
  return detectors;
}

Hits hits_of(std::string_view text) {
  Scanner scanner{builtin()};
  Budget budget = plenty();
  Hits hits;
  EXPECT_EQ(scanner.scan({bytes_of(text), "a/file"}, budget, hits), Scanned::whole);
  return hits;
}

bool finds(const Example& example) {
  const std::string text = "one\n" + example.before + example.secret + example.after;
  const Range where{4 + example.before.size(), example.secret.size()};
  const auto detector = builtin().find("builtin:" + std::string{example.id});
  if (!detector) return false;
  return std::ranges::any_of(hits_of(text).all(), [&](const Hit& hit) {
    return hit.detector == *detector && hit.secret.offset <= where.offset &&
           hit.secret.end() >= where.end();
  });
}

TEST(Builtin, finds_what_each_detector_is_for) {
  for (const Example& example : services())
    EXPECT_TRUE(finds(example)) << example.id << " " << example.secret;
  for (const Example& example : credentials())
    EXPECT_TRUE(finds(example)) << example.id << " " << example.secret;
}

TEST(Builtin, has_an_example_of_each_detector) {
  std::set<std::string> shown;
  for (const auto& examples : {services(), credentials()}) {
    for (const Example& example : examples) shown.insert(example.id);
  }
  for (const Rule& rule : builtin_rules().rules) EXPECT_TRUE(shown.contains(rule.id)) << rule.id;
}

// What is a little shorter, or stands within a longer word, is no token.
TEST(Builtin, does_not_find_tokens_that_are_cut_short) {
  for (const Example& example : services()) {
    if (std::string_view{example.id}.ends_with("webhook") || example.secret.size() > 200) continue;
    Example cut = example;
    cut.secret = example.secret.substr(0, std::min<std::size_t>(example.secret.size() / 2, 14));
    EXPECT_FALSE(finds(cut)) << cut.id << " " << cut.secret;
  }
}

TEST(Builtin, finds_nothing_in_text_that_only_talks_of_secrets) {
  const char* texts[] = {
      "The password is kept by the token service; see api_key in the docs.\n",
      "password = get_password(user)\n",
      "token = request.headers['X-Token']\n",
      "secret_key: ${SECRET_KEY}\n",
      "api_key = \"{{ vault.api_key }}\"\n",
      "PASSWORD=changeme-please-1234\n",
      "aws_access_key_id = YOUR_ACCESS_KEY\n",
      "access_token = self.client.fetch_access_token()\n",
      "postgres://user:${DB_PASSWORD}@db/app\n",
      "https://example.com:8080/path@x\n",
      "git clone https://github.com/a/b.git\n",
      "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC "
      "KEY-----\n",
      "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END "
      "CERTIFICATE-----\n",
      "commit 3f786850e387550fdab836ed7e6dc881de23001b\n",
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
      "class TokenBucket { static constexpr int kMaxTokens = 100; };\n",
      "if (password.length < MIN_PASSWORD_LENGTH) throw new Error();\n",
      "const tokenizer = createTokenizer(options);\n",
      "PASSWORD_HASHERS = ['django.contrib.auth.hashers.PBKDF2PasswordHasher']\n",
      "scope{credentials_ == Credentials::unprivileged};\n",
      "typedef typename token::token_value_type2 token_value_type;\n",
      "evp_private_key.p = ::d2i_PrivateKey_bio(bio.p, 0);\n",
      "my $token = $self->fetch_v2_token;\n",
      "token = Base64UrlEncoder2.encode(text)\n",
      "private_key: rsa_key_2048_private\n",
      "new URL('https://user:pass@sub.host.test:8080/p')\n",
      "as in http://user:passwd@host:port/\n",
      "redis://[[USERNAME:]PASSWORD@]HOST[:PORT]\n",
      "CURLOPT_KEYPASSWD:=CURLOPTTYPE_STRINGPOINT+26,\n",
      "PWD: '/home/someone/project2',\n",
      "sk_test is the prefix of test keys, npm_ that of npm\n",
  };
  for (const char* text : texts) {
    const Hits hits = hits_of(text);
    for (const Hit& hit : hits.all())
      ADD_FAILURE() << builtin().name(hit.detector) << " in " << text;
  }
}

}  // namespace
}  // namespace sluice::inspect
