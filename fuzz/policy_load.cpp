// SPDX-License-Identifier: MIT
// Feeds text to the policy loader. Whatever it says, it ends in a program whose answers explain()
// agrees with and which survives being saved, or in lines for a person.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "sluice/policy/check.h"
#include "sluice/policy/explain.h"
#include "sluice/policy/load.h"
#include "sluice/policy/save.h"

namespace {

using namespace sluice::policy;

void must(bool condition) {
  if (!condition) std::abort();
}

void use(const Program& program) {
  for (const char* path : {"", ".env", "a/b/.ssh/id_rsa", "x/y/"}) {
    for (const SubjectIndex subject : {kAnyone, kUnknown, SubjectIndex{kFirstSubject}}) {
      const Terms& terms = program.terms(walk(program, path).place, subject);
      must(explain(program, path, subject, Mode::read).terms == terms);
    }
  }
  run_tests(program);
  const auto bytes = save(program);
  const auto again = restore(bytes);
  must(again.has_value() && save(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto document = load({"p.toml", std::string(data, data + size)});
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
