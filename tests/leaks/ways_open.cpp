// SPDX-License-Identifier: MIT
// Ways to the bytes by another name, another path, or a descriptor that somebody has already.
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <vector>

#include "reach.h"

namespace sluice::leaks {
namespace {

template <int kFlags>
Got by_flags(const Target& t) {
  return with(t.path(), kFlags, read_from);
}

// An access mode that is neither; made for ioctls, and what the kernel reads of it is up to it.
Got by_mode_three(const Target& t) {
  return with(t.path(), O_ACCMODE, [&](int fd) {
    Got got = read_from(fd);
    return got.bytes.empty() ? read_path(by_number(fd)) : got;
  });
}

template <unsigned kResolve>
Got by_openat2(const Target& t) {
  const Fd folder{::open(t.folder.c_str(), O_PATH | O_CLOEXEC)};
  if (!folder) return failed();
  struct stat stat {};  // what RESOLVE_CACHED goes by
  ::fstatat(folder.get(), t.name.c_str(), &stat, 0);
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC;
  how.resolve = kResolve;
  const Fd fd{
      static_cast<int>(::syscall(SYS_openat2, folder.get(), t.name.c_str(), &how, sizeof how))};
  return fd ? read_from(fd.get()) : failed();
}

Got by_handle(const Target& t) {
  alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ];
  auto* handle = reinterpret_cast<file_handle*>(room);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  const Fd folder{::open(t.spare.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (::name_to_handle_at(AT_FDCWD, t.path().c_str(), handle, &mount, 0) != 0) {
    if (errno != EOPNOTSUPP || t.passed_path < 0) return failed();
    handle->handle_bytes = MAX_HANDLE_SZ;
    constexpr int kFidOnly = 0x200;  // AT_HANDLE_FID
    if (::name_to_handle_at(t.passed_path, "", handle, &mount, AT_EMPTY_PATH | kFidOnly) != 0)
      return failed();
  }
  const Fd fd{::open_by_handle_at(folder.get(), handle, O_RDONLY | O_CLOEXEC)};
  return fd ? read_from(fd.get()) : failed();
}

// Reads by a name that was made for it, which is then taken away again.
Got by_new_name(const std::string& path, int made) {
  if (made != 0) return failed();
  Got got = read_path(path);
  ::unlink(path.c_str());
  return got;
}

Got by_hard_link(const Target& t) {
  const std::string name = fresh(t.spare);
  return by_new_name(name, ::link(t.path().c_str(), name.c_str()));
}

Got by_link_of_descriptor(const Target& t) {
  return with(t.path(), O_PATH, [&](int fd) {
    const std::string name = fresh(t.spare);
    return by_new_name(name, ::linkat(fd, "", AT_FDCWD, name.c_str(), AT_EMPTY_PATH));
  });
}

Got by_link_of_number(const Target& t) {
  return with(t.path(), O_PATH, [&](int fd) {
    const std::string name = fresh(t.spare);
    const std::string number = by_number(fd);
    return by_new_name(
        name, ::linkat(AT_FDCWD, number.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW));
  });
}

Got by_renaming(const Target& t) {
  const std::string name = fresh(t.spare);
  return by_new_name(name, ::rename(t.path().c_str(), name.c_str()));
}

Got by_exchange(const Target& t) {
  const std::string name = fresh(t.spare);
  make_file(name);
  return by_new_name(
      name, ::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, t.path().c_str(), RENAME_EXCHANGE));
}

Got by_moved_folder(const Target& t) {
  const std::string moved = fresh(t.spare);
  if (::rename(t.folder.c_str(), moved.c_str()) != 0) return failed();
  return read_path(moved + "/" + t.name);
}

// Opens the folder, takes it to another name, and goes on from the descriptor.
Got by_folder_held_and_moved(const Target& t) {
  const Fd folder{::open(t.folder.c_str(), O_PATH | O_CLOEXEC)};
  if (!folder) return failed();
  const std::string moved = fresh(t.spare);
  static_cast<void>(::rename(t.folder.c_str(), moved.c_str()));
  const Fd fd{::openat(folder.get(), t.name.c_str(), O_RDONLY | O_CLOEXEC)};
  return fd ? read_from(fd.get()) : failed();
}

Got by_symlink(const Target& t) {
  const std::string name = fresh(t.spare);
  return by_new_name(name, ::symlink(t.path().c_str(), name.c_str()));
}

Got by_symlink_to_folder(const Target& t) {
  const std::string name = fresh(t.spare);
  if (::symlink(t.folder.c_str(), name.c_str()) != 0) return failed();
  Got got = read_path(name + "/" + t.name);
  ::unlink(name.c_str());
  return got;
}

Got by_dots(const Target& t) {
  return read_path(t.folder + "/.././" + t.folder.substr(t.folder.rfind('/') + 1) + "//" + t.name);
}
Got by_spare_and_back(const Target& t) {
  const std::string top = t.spare.substr(0, t.spare.rfind('/'));
  return read_path(t.spare + "/.." + t.path().substr(top.size()));
}

Got by_directory(const Target& t) {
  const Fd folder{::open(t.folder.c_str(), O_PATH | O_CLOEXEC)};
  if (!folder) return failed();
  const Fd fd{::openat(folder.get(), t.name.c_str(), O_RDONLY | O_CLOEXEC)};
  return fd ? read_from(fd.get()) : failed();
}

Got by_working_directory(const Target& t) {
  if (::chdir(t.folder.c_str()) != 0) return failed();
  return read_path(t.name);
}

Got by_root_link(const Target& t) { return read_path("/proc/self/root" + t.path()); }

Got by_chroot(const Target& t) {
  if (::chroot(t.folder.c_str()) != 0) return failed();
  return read_path("/" + t.name);
}

Got by_reopening(const Target& t) {
  return with_some(t.path(), [](int fd) { return read_path(by_number(fd)); });
}
Got by_reopening_a_path(const Target& t) {
  return with(t.path(), O_PATH, [](int fd) { return read_path(by_number(fd)); });
}
Got by_reopening_again_and_again(const Target& t) {
  return with(t.path(), O_PATH, [](int fd) {
    Got got = read_path(by_number(fd));
    for (int i = 0; i < 4 && got.bytes.empty(); ++i) got = read_path(by_number(fd));
    return got;
  });
}
// A look at any name between makes the next answer another one.
Got by_reopening_with_lookups_between(const Target& t) {
  return with(t.path(), O_PATH, [&](int fd) {
    Got got;
    for (int i = 0; i < 4 && got.bytes.empty(); ++i) {
      static_cast<void>(::access((t.spare + "/nothing").c_str(), F_OK));
      got = read_path(by_number(fd));
    }
    return got;
  });
}

// What others hand over: their descriptors may be read, but not opened anew.
Got by_passed(int fd) {
  if (fd < 0) return {{}, EBADF};
  Got got = read_path(by_number(fd));
  return got.bytes.empty() ? read_path(by_number(fd)) : got;
}
Got by_passed_descriptor(const Target& t) { return by_passed(t.passed); }
Got by_passed_path(const Target& t) { return by_passed(t.passed_path); }
Got by_passed_link(const Target& t) {
  if (t.passed_path < 0) return {{}, EBADF};
  const std::string name = fresh(t.spare);
  return by_new_name(name, ::linkat(t.passed_path, "", AT_FDCWD, name.c_str(), AT_EMPTY_PATH));
}

Got by_descriptor_taken_from_process(const Target& t) {
  if (t.passed_path < 0) return {{}, EBADF};
  const Fd parent{static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0))};
  const Fd fd{static_cast<int>(::syscall(SYS_pidfd_getfd, parent.get(), t.passed_path, 0))};
  return fd ? read_path(by_number(fd.get())) : failed();
}

Got by_bind_mount(const Target& t) {
  const std::string at = fresh(t.outside);
  make_file(at);
  if (::unshare(CLONE_NEWNS) != 0) return failed();
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed();
  if (::mount(t.path().c_str(), at.c_str(), nullptr, MS_BIND, nullptr) != 0) return failed();
  return read_path(at);
}

Got by_open_tree(const Target& t) {
  if (::unshare(CLONE_NEWNS) != 0) return failed();
  const Fd tree{static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, t.path().c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC))};
  return tree ? read_path(by_number(tree.get())) : failed();
}

// Runs a program; gives what it says on either output.
Got output_of(const std::vector<std::string>& words, int program = -1) {
  const Pipe pipe;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe.in.get(), STDOUT_FILENO);
    ::dup2(pipe.in.get(), STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    if (program >= 0) {
      ::fcntl(program, F_SETFD, 0);
      ::execveat(program, "", argv.data(), environ, AT_EMPTY_PATH);
    } else {
      ::execv(argv[0], argv.data());
    }
    ::_exit(errno);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return failed();
  Got got = drain(pipe.out.get());
  got.error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return got;
}

Got by_running(const Target& t) { return output_of({t.path()}); }
Got by_running_a_descriptor(const Target& t) {
  return with(t.path(), O_PATH, [&](int fd) { return output_of({t.path()}, fd); });
}
Got by_shell(const Target& t) { return output_of({"/bin/sh", t.path()}); }
Got by_interpreter(const Target& t) {
  const std::string script = fresh(t.outside);
  {
    const Fd file = make_file(script);
    const std::string text = "#!" + t.path() + "\n";
    if (::write(file.get(), text.data(), text.size()) < 0 || ::fchmod(file.get(), 0755) != 0)
      return failed();
  }
  Got got = output_of({script});
  ::unlink(script.c_str());
  return got;
}

}  // namespace

std::vector<Way> ways_to_open() {
  constexpr Can kWork = Can::work;
  constexpr Runs kAlone = Runs::alone;
  return {
      {"open_without_atime", by_flags<O_RDONLY | O_NOATIME>},
      {"open_nofollow", by_flags<O_RDONLY | O_NOFOLLOW>},
      {"open_to_write_too", by_flags<O_RDWR>, Can::where_writable},
      {"open_to_append_too", by_flags<O_RDWR | O_APPEND>, Can::where_writable},
      {"open_or_create", by_flags<O_RDONLY | O_CREAT>},
      {"open_as_if_to_run", by_flags<O_RDONLY | 0x20>},
      {"open_mode_three", by_mode_three, Can::where_writable},
      {"openat2_beneath", by_openat2<RESOLVE_BENEATH>},
      {"openat2_in_root", by_openat2<RESOLVE_IN_ROOT>},
      {"openat2_without_links", by_openat2<RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV>},
      {"openat2_cached", by_openat2<RESOLVE_CACHED>, Can::where_alike},
      {"open_by_handle", by_handle, Can::never},
      {"hard_link", by_hard_link, Can::where_free},
      {"link_of_descriptor", by_link_of_descriptor, Can::where_free},
      {"link_of_number", by_link_of_number, Can::where_free},
      {"rename", by_renaming, Can::where_free},
      {"exchange", by_exchange, Can::where_free},
      {"moved_folder", by_moved_folder},
      {"folder_held_and_moved", by_folder_held_and_moved},
      {"symlink", by_symlink},
      {"symlink_to_folder", by_symlink_to_folder},
      {"dots", by_dots},
      {"spare_and_back", by_spare_and_back},
      {"openat", by_directory},
      {"working_directory", by_working_directory, kWork, kAlone},
      {"proc_self_root", by_root_link},
      {"chroot", by_chroot, kWork, kAlone},
      {"reopen", by_reopening},
      {"reopen_path", by_reopening_a_path},
      {"reopen_again_and_again", by_reopening_again_and_again},
      {"reopen_with_lookups_between", by_reopening_with_lookups_between},
      {"reopen_passed", by_passed_descriptor, Can::where_alike},
      {"reopen_passed_path", by_passed_path, Can::where_alike},
      {"link_passed_path", by_passed_link, Can::where_free},
      {"pidfd_getfd", by_descriptor_taken_from_process, Can::where_alike, kAlone},
      {"bind_mount", by_bind_mount, kWork, kAlone},
      {"open_tree", by_open_tree, kWork, kAlone},
      {"execve", by_running, kWork, kAlone},
      {"execveat", by_running_a_descriptor, kWork, kAlone},
      {"shell", by_shell, kWork, kAlone},
      {"interpreter", by_interpreter, kWork, kAlone},
  };
}

}  // namespace sluice::leaks
