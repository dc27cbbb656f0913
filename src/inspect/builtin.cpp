// SPDX-License-Identifier: MIT
// Detectors of what services issue, one for each form of token. Beside each stands the page on
// which the issuer says what its tokens look like, or from which it can be seen.
#include "sluice/inspect/builtin.h"

#include <initializer_list>
#include <iterator>

namespace sluice::inspect {
namespace {

// A token that begins in a way that nothing else does: the regex alone is enough.
Rule token(const char* id, const char* description, const char* regex,
           std::initializer_list<const char*> keywords, double entropy = 0) {
  Rule rule;
  rule.id = id;
  rule.description = description;
  rule.regex = regex;
  rule.entropy = entropy;
  rule.keywords.assign(keywords.begin(), keywords.end());
  return rule;
}

void add_clouds(std::vector<Rule>& rules) {
  // docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: unique id prefixes
  rules.push_back(token("aws-access-key-id", "AWS access key id",
                        R"(\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b)",
                        {"akia", "asia", "abia", "acca"}, 2.5));
  // The same page and .../security_iam: 40 characters of base64, known by the name they are given.
  rules.push_back(token(
      "aws-secret-access-key", "AWS secret access key",
      R"((?i:secret_?access_?key|aws_?secret(?:_?key)?)["']?\s{0,4}(?:=|:|=>|,)\s{0,4}["'`]?)"
      R"(([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$))",
      {"secret"}, 3.5));
  // cloud.google.com/docs/authentication/api-keys
  rules.push_back(
      token("google-api-key", "Google API key", R"(\b(AIza[\w-]{35})(?:[^\w-]|$))", {"aiza"}, 3));
  // developers.google.com/identity/protocols/oauth2: client secrets
  rules.push_back(token("google-oauth-secret", "Google OAuth client secret",
                        R"(\b(GOCSPX-[\w-]{28})(?:[^\w-]|$))", {"gocspx-"}));
  // learn.microsoft.com/azure/storage/common/storage-account-keys-manage: 64 bytes in base64
  rules.push_back(token("azure-storage-key", "Azure storage account key",
                        R"((?i:AccountKey)\s{0,4}=\s{0,4}([A-Za-z0-9+/]{86}==))", {"accountkey"},
                        4));
  // learn.microsoft.com/entra/identity-platform: secrets of applications have `Q~` in fourth place
  rules.push_back(token("azure-client-secret", "Azure application secret",
                        R"((?:^|[^\w~.-])([\w~.-]{3}\dQ~[\w~.-]{31,34})(?:[^\w~.-]|$))", {"q~"},
                        3.5));
  // docs.digitalocean.com/reference/api/create-personal-access-token
  rules.push_back(token("digitalocean-token", "DigitalOcean token",
                        R"(\b(do[opr]_v1_[a-f0-9]{64})\b)", {"doo_v1_", "dop_v1_", "dor_v1_"}));
  // developer.hashicorp.com/vault/docs/concepts/tokens
  rules.push_back(token("vault-token", "HashiCorp Vault token",
                        R"(\b(hv[sbr]\.[\w-]{24,300})(?:[^\w-]|$))", {"hvs.", "hvb.", "hvr."},
                        3.5));
  // devcenter.heroku.com/articles/authentication: HRKU- tokens
  rules.push_back(
      token("heroku-token", "Heroku token", R"(\b(HRKU-[\w-]{30,100})(?:[^\w-]|$))", {"hrku-"}, 3));
}

void add_code_hosts(std::vector<Rule>& rules) {
  // docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
  rules.push_back(token("github-token", "GitHub token", R"(\b(gh[pousr]_[A-Za-z0-9]{36,251})\b)",
                        {"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}));
  rules.push_back(token("github-fine-grained-token", "GitHub fine-grained token",
                        R"(\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b)", {"github_pat_"}));
  // docs.gitlab.com/security/tokens: prefixes
  rules.push_back(
      token("gitlab-token", "GitLab token",
            R"(\b(gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w.-]{20,300})(?:[^\w.-]|$))",
            {"glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-",
             "gloas-", "glsoat-", "glffct-"},
            2.5));
  // support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account
  rules.push_back(token("atlassian-token", "Atlassian API token",
                        R"(\b(ATATT3[\w=-]{100,400})(?:[^\w=-]|$))", {"atatt3"}, 3.5));
  // docs.npmjs.com/about-access-tokens
  rules.push_back(token("npm-token", "npm token", R"(\b(npm_[A-Za-z0-9]{36})\b)", {"npm_"}));
  // pypi.org/help/#apitoken: a macaroon in base64, which begins with pypi.org or test.pypi.org
  rules.push_back(
      token("pypi-token", "PyPI token",
            R"(\b(pypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)[\w-]{50,500})(?:[^\w-]|$))",
            {"pypi-age"}));
  // guides.rubygems.org/api-key-scopes
  rules.push_back(
      token("rubygems-token", "RubyGems API key", R"(\b(rubygems_[a-f0-9]{48})\b)", {"rubygems_"}));
  // doc.rust-lang.org/cargo/reference/registry-authentication.html; crates.io's tokens begin with
  // cio
  rules.push_back(
      token("crates-io-token", "crates.io token", R"(\b(cio[A-Za-z0-9]{32})\b)", {"cio"}, 3.5));
  // docs.docker.com/security/for-developers/access-tokens
  rules.push_back(token("docker-token", "Docker Hub token",
                        R"(\b(dckr_(?:pat|oat)_[\w-]{24,64})(?:[^\w-]|$))", {"dckr_"}));
}

void add_chat_and_mail(std::vector<Rule>& rules) {
  // docs.slack.dev/authentication/tokens
  rules.push_back(token("slack-token", "Slack token",
                        R"(\b(xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}))", {"xox"}, 2.5));
  rules.push_back(token("slack-app-token", "Slack app token",
                        R"(\b(xapp-\d-[A-Z0-9]{1,20}-\d{1,20}-[a-z0-9]{16,128})\b)", {"xapp-"}));
  // docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
  rules.push_back(
      token("slack-webhook", "Slack incoming webhook",
            R"(hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/]{30,80}))",
            {"hooks.slack.com"}));
  // discord.com/developers/docs/resources/webhook
  rules.push_back(token("discord-webhook", "Discord webhook",
                        R"(discord(?:app)?\.com/api/webhooks/\d{15,22}/([\w-]{60,80}))",
                        {"/api/webhooks/"}));
  // core.telegram.org/bots/features#botfather
  rules.push_back(token("telegram-bot-token", "Telegram bot token",
                        R"((?:^|[^\w:-])(\d{8,10}:AA[\w-]{33})(?:[^\w-]|$))", {":aa"}, 3.5));
  // twilio.com/docs/iam/api-keys: SK and 32 hexadecimal digits
  rules.push_back(token("twilio-api-key", "Twilio API key", R"(\b(SK[0-9a-f]{32})\b)", {"sk"}, 3));
  // twilio.com/docs/glossary/what-is-an-api-key: the account's auth token, known by its name
  rules.push_back(token(
      "twilio-auth-token", "Twilio auth token",
      R"((?i:twilio[\w.-]{0,20}auth[\w.-]{0,20})["']?\s{0,4}[=:]\s{0,4}["']?([0-9a-f]{32})\b)",
      {"twilio"}, 3));
  // twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
  rules.push_back(token("sendgrid-token", "SendGrid API key",
                        R"(\b(SG\.[\w-]{22}\.[\w-]{43})(?:[^\w-]|$))", {"sg."}));
  // documentation.mailgun.com: private API keys
  rules.push_back(
      token("mailgun-key", "Mailgun API key", R"(\b(key-[0-9a-f]{32})\b)", {"key-"}, 3));
}

void add_payment_and_models(std::vector<Rule>& rules) {
  // docs.stripe.com/keys
  rules.push_back(token("stripe-key", "Stripe secret key",
                        R"(\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,250})\b)",
                        {"sk_live_", "sk_test_", "rk_live_", "rk_test_"}, 2.5));
  rules.push_back(token("stripe-webhook-secret", "Stripe webhook secret",
                        R"(\b(whsec_[A-Za-z0-9+/=]{32,128}))", {"whsec_"}));
  // developer.squareup.com/docs/build-basics/access-tokens
  rules.push_back(token("square-token", "Square access token",
                        R"(\b(EAAA[\w-]{60}|sq0(?:atp|csp)-[\w-]{22,43})(?:[^\w-]|$))",
                        {"eaaa", "sq0atp-", "sq0csp-"}, 3.5));
  // platform.openai.com/docs/api-reference/authentication; keys carry T3BlbkFJ, which is "OpenAI"
  rules.push_back(token("openai-key", "OpenAI API key",
                        R"(\b(sk-[\w-]{20,180}T3BlbkFJ[\w-]{20,180})(?:[^\w-]|$))", {"t3blbkfj"}));
  // docs.anthropic.com/en/api/overview
  rules.push_back(token("anthropic-key", "Anthropic API key",
                        R"(\b(sk-ant-[a-z]{2,8}\d{2}-[\w-]{80,120})(?:[^\w-]|$))", {"sk-ant-"}));
  // huggingface.co/docs/hub/security-tokens
  rules.push_back(
      token("huggingface-token", "Hugging Face token", R"(\b(hf_[A-Za-z]{34})\b)", {"hf_"}, 3));
}

}  // namespace

std::vector<Rule> builtin_services() {
  std::vector<Rule> rules;
  add_clouds(rules);
  add_code_hosts(rules);
  add_chat_and_mail(rules);
  add_payment_and_models(rules);
  return rules;
}

RuleSet builtin_rules() {
  RuleSet set;
  set.name = kBuiltin;
  set.rules = builtin_services();
  auto more = builtin_credentials();
  set.rules.insert(set.rules.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  return set;
}

}  // namespace sluice::inspect
