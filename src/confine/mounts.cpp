// SPDX-License-Identifier: MIT
#include "sluice/confine/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>

namespace sluice::confine {

Error cannot(std::string_view what, std::string_view path, Errno cause) {
  std::string line{"cannot "};
  line.append(what).append(" `").append(path).append("`");
  return Error::of(line, cause);
}

Result<void, Error> make_mounts_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return {};
  const Errno cause = Errno::last();
  std::string line{"cannot make the mounts private: "};
  line.append(text(cause)).append("; are user namespaces restricted here");
  line.append(" (kernel.apparmor_restrict_unprivileged_userns)?");
  return fail(Error{std::move(line), cause});
}

Result<void, Error> mount_blank(const std::string& path, const char* options, Access access) {
  const unsigned long read_only = access == Access::read_only ? MS_RDONLY : 0;
  const unsigned long flags = MS_NOSUID | MS_NODEV | read_only;
  if (::mount("none", path.c_str(), "tmpfs", flags, options) == 0) return {};
  return fail(cannot("mount an empty directory over", path, Errno::last()));
}

Result<Fd> clone_tree(const std::string& path, Depth depth) {
  const unsigned deep = depth == Depth::all ? AT_RECURSIVE : 0;
  return own(::open_tree(AT_FDCWD, path.c_str(),
                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | deep));
}

Result<void, Error> attach(const Fd& tree, const std::string& path) {
  if (::move_mount(tree.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0) return {};
  return fail(cannot("mount over", path, Errno::last()));
}

Result<void, Error> restrict_mounts(const std::string& path, std::uint64_t attributes,
                                    Depth depth) {
  mount_attr wanted{};
  wanted.attr_set = attributes;
  const unsigned deep = depth == Depth::all ? AT_RECURSIVE : 0;
  const unsigned flags = deep | AT_SYMLINK_NOFOLLOW;
  if (::mount_setattr(AT_FDCWD, path.c_str(), flags, &wanted, sizeof wanted) == 0) return {};
  return fail(cannot("restrict the mounts below", path, Errno::last()));
}

Result<void, Error> restrict_tree(const Fd& tree, std::uint64_t attributes) {
  mount_attr wanted{};
  wanted.attr_set = attributes;
  const unsigned flags = AT_EMPTY_PATH | AT_RECURSIVE;
  if (::mount_setattr(tree.get(), "", flags, &wanted, sizeof wanted) == 0) return {};
  return fail(Error::of("cannot restrict a copied mount", Errno::last()));
}

Result<void, Error> put_over(const std::string& source, const std::string& path, Depth depth) {
  const auto tree = clone_tree(source, depth);
  if (!tree) return fail(cannot("copy the mount of", source, tree.error()));
  return attach(*tree, path);
}

Result<void, Error> make_read_only(const std::string& path) {
  const auto tree = clone_tree(path, Depth::all);
  if (!tree) return fail(cannot("copy the mount of", path, tree.error()));
  TRY(restrict_tree(*tree, MOUNT_ATTR_RDONLY));
  return attach(*tree, path);
}

}  // namespace sluice::confine
