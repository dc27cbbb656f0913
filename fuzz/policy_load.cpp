// SPDX-License-Identifier: MIT
// Feeds text to the policy loader. Whatever it says, it ends in a program whose answers explain()
// agrees with, whose grants depend on contents as its terms do, and which survives being saved, or
// in lines for a person.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "sluice/policy/check.h"
#include "sluice/policy/explain.h"
#include "sluice/policy/load.h"
#include "sluice/policy/save.h"

namespace {

using namespace sluice;
using namespace sluice::policy;

void must(bool condition) {
  if (!condition) std::abort();
}

// Says that everything is in each file.
class Everything : public Looker {
 public:
  Result<ContentSet, Error> find(std::string_view, Bytes) override {
    return ContentSet::from_bits(~std::uint64_t{0} >> 1);
  }
  Result<std::vector<std::byte>, Error> redacted(std::string_view, Bytes file, ContentSet,
                                                 With) override {
    return std::vector<std::byte>(file.size());
  }
};

// What is found only ever makes stricter, and all ways of asking agree.
void ask(const Program& program, const Terms& terms) {
  must(program.content_grant(terms.id) == terms.content);
  must(program.id_of(terms.content) == terms.id);
  ContentSet found;
  Grant before = terms.grant;
  for (const IfFound& each : terms.if_found) {
    found.add(each.content);
    const Grant grant = resolve(terms, found).grant;
    must(grant == at(terms.content, found) && !loosens(before, grant));
    before = grant;
  }
  must(resolve(terms, {}).grant == terms.grant && same_effect(terms, terms));
  must(strictest_of(terms.content, terms.content) == terms.content);
  must(!loosens(terms.content, terms.content));
}

Result<Source, Error> file(std::string_view, std::string_view name) {
  return Source{std::string{name}, "# nothing\n"};
}

void use(const Program& program) {
  for (const char* path : {"", ".env", "a/b/.ssh/id_rsa", "x/y/"}) {
    for (const SubjectIndex subject : {kAnyone, kUnknown, SubjectIndex{kFirstSubject}}) {
      const Terms& terms = program.terms(walk(program, path).place, subject);
      must(explain(program, path, subject, Mode::read).terms == terms);
      const ContentSet all = terms.asks();
      must(explain(program, path, subject, Mode::read, all).terms == resolve(terms, all));
      ask(program, terms);
    }
  }
  Everything everything;
  must(run_tests(program, &everything).size() == run_tests(program).size());
  const auto bytes = save(program);
  const auto again = restore(bytes);
  must(again.has_value() && save(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto document = load({"p.toml", std::string(data, data + size)}, file);
  if (!document) {
    must(!document.error().empty() && !text_of(document.error()).empty());
    return 0;
  }
  auto program = compile(std::move(*document));
  if (program) {
    use(*program);
  } else {
    must(!program.error().empty());
  }
  return 0;
}
