// SPDX-License-Identifier: MIT
// The whole of it for one policy: detectors, the workers that run them, what they found before, and
// the faces that are made of it. What serves under a policy asks this and nothing else of the room.
//
// The workers are started when somebody first asks something that is not known yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "sluice/content/contents.h"
#include "sluice/content/faces.h"
#include "sluice/content/inspector.h"
#include "sluice/content/verdicts.h"

namespace sluice::content {

struct FileContentsOptions {
  InspectorOptions inspector{};
  VerdictsOptions verdicts{};
  FacesLimits faces{};
};

class FileContents final : public Contents {
 public:
  // detection  that of the program
  FileContents(std::shared_ptr<const policy::Program> program,
               std::shared_ptr<const Detection> detection, FileContentsOptions options);
  ~FileContents() override;

  bool by_path(policy::ContentSet asked) const noexcept override;
  Result<Opening> open(const Ask& ask) noexcept override;
  Result<policy::ContentSet> found(int fd, std::string_view path,
                                   policy::ContentSet asked) noexcept override;
  std::optional<policy::ContentSet> known(int fd, std::string_view path,
                                          policy::ContentSet asked) noexcept override;
  void later(Fd fd, std::string_view path, policy::ContentSet asked) noexcept override;

  const Detection& detection() const noexcept { return *detection_; }
  Verdicts& verdicts() noexcept { return *verdicts_; }
  const Faces& faces() const noexcept { return faces_; }
  // Gives the workers' part, starting it where it is not yet.
  // errors  those of Inspector::start().
  Result<Finder*, Error> finder();
  // Gives why there are no workers, if starting them failed; else an empty text.
  std::string trouble() const;

 private:
  // Asks the workers, who are started by the first question.
  class Starter;
  // What a face shows that is made as it is read: a version's key, the contents that are hidden,
  // and the path where it matters to what is found.
  using AsRead = std::tuple<std::vector<std::byte>, std::uint64_t, std::string>;

  Result<Opening> show(const Ask& ask, Verdicts::Known known) noexcept;
  Result<Opening> show_snapshot(const Ask& ask) noexcept;
  Opening show_as_read(const Ask& ask, const Verdicts::Known& known) noexcept;
  Result<Opening> redact(const Ask& ask, int fd, const Version& version,
                         policy::ContentSet found) noexcept;

  std::shared_ptr<const policy::Program> program_;
  std::shared_ptr<const Detection> detection_;
  std::shared_ptr<Starter> starter_;  // faces have it, too
  Faces faces_;
  std::mutex as_read_mutex_;  // guards as_read_
  std::map<AsRead, std::weak_ptr<const Face>> as_read_;
  std::unique_ptr<Verdicts> verdicts_;
};

}  // namespace sluice::content
