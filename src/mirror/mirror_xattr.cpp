// SPDX-License-Identifier: MIT
// Extended attributes, ACLs among them. The kernel has checked who may do what.
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sluice/mirror/mirror.h"
#include "sluice/mirror/proc_path.h"

namespace sluice::mirror {

Result<fuse::XattrData> Mirror::get_xattr(const fuse::GetXattr& r, fuse::ReadBuffer& out) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  const auto size = TRY(checked(::getxattr(ProcPath{path.get()}.c_str(), r.name.data(),
                                           out.room().data(), out.room().size())));
  return fuse::XattrData{static_cast<std::size_t>(size)};
}

Result<fuse::XattrData> Mirror::list_xattr(const fuse::ListXattr& r, fuse::ReadBuffer& out) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  const auto size = TRY(checked(::listxattr(ProcPath{path.get()}.c_str(),
                                            reinterpret_cast<char*>(out.room().data()),
                                            out.room().size())));
  return fuse::XattrData{static_cast<std::size_t>(size)};
}

Result<void> Mirror::set_xattr(const fuse::SetXattr& r) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  const ProcPath proc{path.get()};
  if (::setxattr(proc.c_str(), r.name.data(), r.value.data(), r.value.size(),
                 static_cast<int>(r.flags)) != 0) {
    return fail_last();
  }
  // Setting an access ACL without being in the file's group takes setgid away; the kernel knows
  // whether the caller is. source: linux fs/fuse/acl.c fuse_set_acl()
  if (r.xattr_flags.has(wire::SetxattrFlag::acl_kill_sgid)) {
    const auto stat = TRY(stat_fd(path.get()));
    if ((stat.stx_mode & S_ISGID) != 0 &&
        ::chmod(proc.c_str(), stat.stx_mode & 07777U & ~static_cast<unsigned>(S_ISGID)) != 0) {
      return fail_last();
    }
  }
  return {};
}

Result<void> Mirror::remove_xattr(const fuse::RemoveXattr& r) {
  const LowerTree::Borrowed path = TRY(tree_->path(r.node));
  if (::removexattr(ProcPath{path.get()}.c_str(), r.name.data()) != 0) return fail_last();
  return {};
}

}  // namespace sluice::mirror
