// SPDX-License-Identifier: MIT
#include "sluice/mirror/mirror.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/statfs.h>

#include <algorithm>

namespace sluice::mirror {
namespace {

using fuse::InitFlag;

// How many descriptors open files may keep beyond what correctness asks for: a quarter of what the
// process may have, the cache of descriptors taking half.
int kept_limit() noexcept {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 4, 1U << 20));
}

bool is_stacked(int fd) noexcept {
  struct statfs stat {};
  return ::fstatfs(fd, &stat) == 0 && stat.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace

Mirror::Mirror(std::unique_ptr<LowerTree> tree, backing::Control& control, const Options& options)
    : options_{options},
      tree_{std::move(tree)},
      control_{control},
      ledger_{*tree_},
      most_kept_{kept_limit()} {
  if (options_.locks == Locks::shared) {
    locks_ = std::make_unique<LockService>([this](NodeId node) {
      auto fd = tree_->open(node, O_RDWR | O_NONBLOCK);
      return fd ? std::move(fd) : tree_->open(node, O_RDONLY | O_NONBLOCK);
    });
  }
}

Mirror::~Mirror() = default;

Result<std::unique_ptr<Mirror>> Mirror::make(Fd source, backing::Control& control,
                                             const Options& options) {
  auto tree = TRY(LowerTree::make(std::move(source), options.submounts));
  return std::unique_ptr<Mirror>{new Mirror{std::move(tree), control, options}};
}

Result<void, Error> Mirror::init(fuse::Terms& terms) {
  for (InitFlag flag :
       {InitFlag::atomic_o_trunc, InitFlag::dont_mask, InitFlag::handle_killpriv_v2,
        InitFlag::posix_acl, InitFlag::create_supp_group, InitFlag::security_ctx,
        InitFlag::no_export_support, InitFlag::direct_io_allow_mmap, InitFlag::cache_symlinks}) {
    terms.want(flag);
  }
  // Taking these hides the caller's uid, or keeps the kernel from passing data through.
  terms.refuse(InitFlag::allow_idmap);
  terms.refuse(InitFlag::writeback_cache);
  if (options_.locks == Locks::shared) {
    terms.want(InitFlag::posix_locks);
    terms.want(InitFlag::flock_locks);
  }

  Feature passthrough{"passthrough", false, "switched off by --no-passthrough",
                      "reads and writes go through the daemon"};
  if (options_.passthrough == Passthrough::wanted) {
    const backing::Choice choice = backing::choose(terms.offered, control_);
    if (choice.abi == backing::Abi::none) {
      passthrough.why = choice.why_not;
    } else {
      passthrough.on = true;
      terms.wanted = terms.wanted | choice.take;
      terms.foreign = choice.foreign;
      terms.max_stack_depth = is_stacked(tree_->source()) ? 2 : choice.max_stack_depth;
      registrar_.emplace(control_, choice.abi, backing::Credentials::unprivileged);
      shares_.emplace(*registrar_, ledger_);
    }
  }
  features_.all.push_back(std::move(passthrough));
  return {};
}

void Mirror::ready(const fuse::Negotiated& negotiated) {
  negotiated_ = negotiated;
  const auto note = [&](const char* name, InitFlag flag, const char* why, const char* cost) {
    const bool on = negotiated.has(flag);
    features_.all.push_back({name, on, on ? "" : why, on ? "" : cost});
  };
  note("free writes", InitFlag::handle_killpriv_v2, "the kernel is older than Linux 5.11",
       "every write asks the daemon for file capabilities first");
  note("parallel directories", InitFlag::parallel_dirops, "the kernel is older than Linux 4.7",
       "one lookup at a time in each directory");
  note("supplementary groups", InitFlag::create_supp_group, "the kernel is older than Linux 6.3",
       "files made in a setgid directory by a member of its group lose setgid");

  Feature handles{"lower handles", true, "", ""};
  auto root = tree_->table().read(kRoot);
  auto mount = root ? tree_->mounts().read(root->handle.mount())
                    : Result<LowerMounts::Ref>{std::unexpected{root.error()}};
  if (mount && (*mount)->support != HandleSupport::openable) {
    handles.on = false;
    handles.why = (*mount)->support == HandleSupport::held_only
                      ? "opening files by handle needs CAP_DAC_READ_SEARCH"
                      : "the lower file system has no file handles that can be opened";
    handles.cost = "each file the kernel knows keeps a descriptor open";
  }
  features_.all.push_back(std::move(handles));
}

Mirror::Stats Mirror::stats() const {
  Stats stats;
  stats.passed_through = counts_.passed_through.load(std::memory_order_relaxed);
  stats.served = counts_.served.load(std::memory_order_relaxed);
  stats.refused = counts_.refused.load(std::memory_order_relaxed);
  stats.last_refusal = counts_.last_refusal.load(std::memory_order_relaxed);
  stats.open_files = files_.open();
  stats.open_directories = directories_.open();
  return stats;
}

}  // namespace sluice::mirror
