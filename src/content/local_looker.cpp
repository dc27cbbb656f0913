// SPDX-License-Identifier: MIT
#include "sluice/content/local_looker.h"

#include "sluice/content/examiners.h"

namespace sluice::content {

LocalLooker::LocalLooker(std::shared_ptr<const Detection> detection, const policy::Program& program)
    : detection_{std::move(detection)}, too_big_over_{program.document().content.too_big_over} {}

Result<std::vector<const Engine*>, Error> LocalLooker::engines() const {
  std::vector<const Engine*> all;
  for (std::uint32_t i = 0; i < detection_->sets(); ++i)
    all.push_back(TRY(detection_->engine(SetIndex{i})));
  return all;
}

Result<policy::ContentSet, Error> LocalLooker::find(std::string_view path, Bytes file) {
  Examiners examiners{TRY(engines())};
  const Input input{file};
  policy::ContentSet contents;
  for (std::uint32_t i = 0; i < detection_->sets(); ++i) {
    const SetIndex set{i};
    const bool too_big =
        detection_->reads_all(set) && too_big_over_ != 0 && file.size() > too_big_over_;
    const Findings findings = too_big ? nothing_known(Outcome::too_big, {})
                                      : examiners.find(set, input, path).value_or(Findings{});
    contents = contents | detection_->contents_of(set, findings);
  }
  return contents;
}

Result<std::vector<std::byte>, Error> LocalLooker::redacted(std::string_view path, Bytes file,
                                                            policy::ContentSet contents,
                                                            policy::With with) {
  Examiners examiners{TRY(engines())};
  const auto answer = examiners.redact(detection_->wanted(contents), with, Input{file}, path);
  if (answer.outcome != Outcome::whole)
    return fail(Error{"the test's file cannot be redacted: " +
                      (answer.why.empty() ? std::string{"no memory"} : answer.why)});
  std::vector<std::byte> bytes{file.begin(), file.end()};
  answer.redaction.apply(0, bytes);
  return bytes;
}

}  // namespace sluice::content
