// SPDX-License-Identifier: MIT
// The version, and what can be expected of it on this machine.
#include <fmt/format.h>
#include <sys/utsname.h>

#include "commands.h"
#include "kernel_offer.h"
#include "sluice/backing/abi.h"
#include "sluice/daemon/version.h"

namespace sluice::cli {
namespace {

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? fmt::format("{} {}", names.sysname, names.release) : "this kernel";
}

// Where an offer has two meanings only a mounted device can tell; nothing here needs to know.
class NoControl final : public backing::Control {
  Result<int> ioctl(unsigned long, void*) noexcept override { return fail(ENOTTY); }
};

std::string passthrough_text(const wire::InitOffer& offer) {
  NoControl control;
  const backing::Choice choice = backing::choose(offer, control);
  if (choice.abi == backing::Abi::none) return "not available: " + choice.why_not;
  if (choice.abi == backing::Abi::mainline) return "available";
  return fmt::format("available ({})", backing::name(choice.abi));
}

}  // namespace

int version_command(const Arguments& arguments) {
  static_cast<void>(arguments);
  fmt::print("sluice {}\n", daemon::version());
  fmt::print("FUSE protocol   {}.{} to {}.{}", wire::kMajor, wire::kMinMinor, wire::kMajor,
             wire::kMinor);
  const auto offer = ask_kernel();
  if (offer) {
    fmt::print("; {} speaks {}.{}\n", kernel_release(), offer->major, offer->minor);
    fmt::print("passthrough     {}\n", passthrough_text(*offer));
    return kDone;
  }
  fmt::print("\npassthrough     unknown: {}\n", offer.error().line());
  return kDone;
}

}  // namespace sluice::cli
