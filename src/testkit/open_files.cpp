// SPDX-License-Identifier: MIT
#include "sluice/testkit/open_files.h"

#include <fcntl.h>

namespace sluice::testkit {
namespace {

using wire::OpenOutFlag;

// What may stand beside FOPEN_PASSTHROUGH. source: linux fs/fuse/iomode.c FOPEN_PASSTHROUGH_MASK
constexpr Flags<OpenOutFlag> kBesidePassthrough{OpenOutFlag::passthrough, OpenOutFlag::direct_io,
                                                OpenOutFlag::parallel_direct_writes,
                                                OpenOutFlag::noflush};

// Opens the registered file once more with the client's flags; what open(2) has done already
// (creating, truncating) is not done again.
Result<Fd> open_again(const Backing& backing, std::uint32_t flags) {
  const int kept = static_cast<int>(flags) &
                   ~(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_NOCTTY | O_DIRECTORY | O_TMPFILE);
  const std::string path = "/proc/self/fd/" + std::to_string(backing.fd.get());
  return own(::open(path.c_str(), kept | O_CLOEXEC));
}

}  // namespace

Result<void> OpenFiles::refuse(const std::string& what, const char* why) {
  breaches_.add(what + why);
  return fail(EIO);
}

Result<void> OpenFiles::start_passthrough(const std::string& what, KnownNode& node, OpenFile& file,
                                          BackingId id) {
  if (!passthrough_) return refuse(what, " passes through, which INIT did not settle");
  if (!file.out_flags.without(kBesidePassthrough).none()) {
    return refuse(what, " passes through with flags that cannot stand beside it");
  }
  auto backing = backings_.use(id);
  if (!backing) return refuse(what, " names a backing id that is not registered");
  auto lower = open_again(**backing, file.flags);
  if (!lower) return fail(EIO);  // the lower file's own refusal, no fault of the protocol's
  if (node.backing && node.backing != *backing) {
    return refuse(what, " names another backing than the node's other open files");
  }
  if (node.io > 0) return refuse(what, " passes through while the node is open cached");
  node.io -= 1;
  node.backing = *backing;
  file.io = OpenFile::Io::passthrough;
  file.backing = std::move(*backing);
  file.lower = std::move(*lower);
  return {};
}

// The older interfaces: an id beside any flags, for this open alone.
Result<void> OpenFiles::start_one_shot(const std::string& what, OpenFile& file, BackingId id) {
  if (id == kNoBacking) return {};
  if (!passthrough_) return refuse(what, " passes through, which INIT did not settle");
  auto backing = backings_.use(id);
  if (!backing) return refuse(what, " names a backing id that is not registered");
  auto lower = open_again(**backing, file.flags);
  if (!lower) return fail(EIO);
  file.backing = std::move(*backing);
  file.lower = std::move(*lower);
  return {};
}

Result<void> OpenFiles::start_io(const std::string& what, OpenFile& file, BackingId id) {
  if (!profile_.shares_ids()) {
    if (file.out_flags.has(OpenOutFlag::passthrough)) {
      breaches_.add(what + " has FOPEN_PASSTHROUGH, which this kernel does not know");
    }
    return start_one_shot(what, file, id);
  }
  KnownNode* node = nodes_.find(file.node);
  if (node == nullptr) return {};
  const bool passes = file.out_flags.has(OpenOutFlag::passthrough);
  if (passes) return start_passthrough(what, *node, file, id);
  if (id != kNoBacking) breaches_.add(what + " names a backing id and does not pass through");
  if (node->backing) return refuse(what, " is served while the node is open in passthrough");
  if (file.out_flags.has(OpenOutFlag::direct_io)) return {};
  node->io += 1;
  file.io = OpenFile::Io::cached;
  return {};
}

Result<std::uint64_t> OpenFiles::add(const std::string& what, NodeId node,
                                     const fuse::Opened& opened, std::uint32_t flags,
                                     OpenFile::Kind kind) {
  OpenFile file;
  file.node = node;
  file.handle = opened.handle;
  file.flags = flags;
  file.out_flags = opened.flags;
  file.kind = kind;
  if (kind == OpenFile::Kind::file) {
    TRY(start_io(what, file, opened.backing));
  } else if (opened.flags.has(OpenOutFlag::passthrough) || opened.backing != kNoBacking) {
    breaches_.add(what + " passes a directory through");
  }
  files_.emplace(++last_key_, std::move(file));
  return last_key_;
}

void OpenFiles::remove(std::uint64_t key) {
  OpenFile* file = find(key);
  if (file == nullptr) return;
  KnownNode* node = nodes_.find(file->node);
  if (node != nullptr && file->io == OpenFile::Io::cached) node->io -= 1;
  if (node != nullptr && file->io == OpenFile::Io::passthrough && ++node->io == 0) {
    node->backing.reset();
  }
  files_.erase(key);
}

OpenFile* OpenFiles::find(std::uint64_t key) noexcept {
  auto found = files_.find(key);
  return found == files_.end() ? nullptr : &found->second;
}

const OpenFile* OpenFiles::find(std::uint64_t key) const noexcept {
  auto found = files_.find(key);
  return found == files_.end() ? nullptr : &found->second;
}

std::uint64_t OpenFiles::key_of(NodeId node, FileHandle handle,
                                OpenFile::Kind kind) const noexcept {
  for (const auto& [key, file] : files_) {
    if (file.node == node && file.handle == handle && file.kind == kind) return key;
  }
  return 0;
}

std::vector<std::uint64_t> OpenFiles::keys() const {
  std::vector<std::uint64_t> all;
  for (const auto& [key, file] : files_) all.push_back(key);
  return all;
}

}  // namespace sluice::testkit
