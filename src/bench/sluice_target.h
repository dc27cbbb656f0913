// SPDX-License-Identifier: MIT
// A mount made by the `sluice` command: `sluice mount`, `sluice status --json`, `sluice unmount`.
#pragma once

#include <string_view>

#include "sluice/bench/target.h"

namespace sluice::bench {

class SluiceTarget final : public Target {
 public:
  // Mounts `source` on `mount_point`, both existing directories, with the command `program` and
  // these options of `sluice mount`.
  SluiceTarget(std::string name, std::string program, std::string source, std::string mount_point,
               std::vector<std::string> options, std::string why_read_only = {});
  ~SluiceTarget() override { static_cast<void>(teardown()); }

  Result<void, Error> setup() override;
  Result<void, Error> teardown() override;
  Result<Status, Error> status() override;
  bool counts_requests() const noexcept override { return true; }
  std::string why_read_only() const override { return why_read_only_; }

 private:
  std::string program_;
  std::string source_;
  std::vector<std::string> options_;
  std::string why_read_only_;
};

// Reads what `sluice status MNT --json` prints: an object with at least `requests`, itself an
// object of numbers; `open_descriptors`, `nodes` and `node_bytes` where they are known. errors
// EPROTO it is no such object.
Result<Status, Error> parse_status(std::string_view text);

}  // namespace sluice::bench
