// SPDX-License-Identifier: MIT
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "child.h"

namespace sluice::leaks {
namespace {

// Looks at a file in every way that could leave something behind in the kernel.
void look_at(const Target& target) {
  const std::string path = target.path();
  struct stat stat {};
  std::array<char, kFileSize> room;
  ::stat(path.c_str(), &stat);
  for (const char* space : {"user.", "trusted."}) {
    static_cast<void>(
        ::getxattr(path.c_str(), (space + target.secret).c_str(), room.data(), room.size()));
  }
  if (DIR* dir = ::opendir(target.folder.c_str())) {
    while (::readdir(dir) != nullptr) {
    }
    ::closedir(dir);
  }
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  static_cast<void>(::read(fd.get(), room.data(), room.size()));
  void* map = ::mmap(nullptr, kFileSize, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
  if (map != MAP_FAILED) ::munmap(map, kFileSize);
}

void send_descriptor(int socket, int fd) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> room{};
  char byte = fd >= 0 ? 'y' : 'n';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  static_cast<void>(::sendmsg(socket, &message, 0));
}

Fd receive_descriptor(int socket) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  char byte = 0;
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return {};
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (head != nullptr) std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
  return Fd{fd};
}

void put(const std::string& path, std::string_view bytes, uid_t owner) {
  test::write_file(path, bytes);
  EXPECT_EQ(::chmod(path.c_str(), 0777), 0);
  EXPECT_EQ(::chown(path.c_str(), owner, owner), 0);
}

void make_folder(const std::string& path, uid_t owner) {
  EXPECT_EQ(::mkdir(path.c_str(), 0777), 0) << path;
  EXPECT_EQ(::chmod(path.c_str(), 0777), 0);
  EXPECT_EQ(::chown(path.c_str(), owner, owner), 0);
}

}  // namespace

std::string World::lower(std::string_view below) const {
  return scratch_.path("lower") + (below.empty() ? "" : "/") + std::string{below};
}
std::string World::mnt(std::string_view below) const {
  return scratch_.path("mnt") + (below.empty() ? "" : "/") + std::string{below};
}

void World::start(Mode mode, const test::Words& words) {
  mode_ = mode;
  const uid_t owner = mode == Mode::bound ? 0 : kAgent;
  for (const char* folder : {"lower", "lower/spare", "outside"}) {
    make_folder(scratch_.path(folder), owner);
  }
  scratch_.folder("mnt");
  scratch_.file("policy.toml", "version = 1\n" + policy_for(mode));
  test::Words all{"mount", lower(), mnt(), "--policy", scratch_.path("policy.toml")};
  if (mode == Mode::bound) all.insert(all.end(), {"--as", "agent"});
  all.insert(all.end(), words.begin(), words.end());
  const test::Finished mounted = test::sluice(all);
  ASSERT_EQ(mounted.status, 0) << mounted.err;
  mounted_ = true;
}

void World::unmount() {
  if (!mounted_) return;
  mounted_ = false;
  const test::Finished finished = test::sluice({"unmount", mnt()});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

World::~World() { unmount(); }

Target World::absent(const Axis& axis) {
  const std::string number = std::to_string(++count_);
  const std::string folder = axis.folder + number;
  Target target;
  const bool fixed = axis.suffix[0] == '/';
  target.name = fixed ? axis.suffix + 1 : "f" + number + axis.suffix;
  target.folder = mnt(folder);
  target.spare = mnt("spare");
  target.outside = scratch_.path("outside");
  make_folder(lower(folder), mode_ == Mode::bound ? 0 : kAgent);
  return target;
}

Secret World::make(const Axis& axis) {
  Secret secret;
  secret.target = absent(axis);
  secret.marker = random_marker();
  secret.target.secret = secret.marker.substr(0, 32);
  secret.lower = lower(secret.target.path().substr(mnt().size() + 1));
  put(secret.lower, contents_of(secret.marker, kFileSize), mode_ == Mode::bound ? 0 : kAgent);
  for (const char* space : {"user.", "trusted.", "security."}) {
    const std::string name = space + secret.target.secret;
    EXPECT_EQ(::setxattr(secret.lower.c_str(), name.c_str(), secret.marker.data(),
                         secret.marker.size(), 0),
              0)
        << name << ": " << std::strerror(errno);
  }
  return secret;
}

void World::warm(Secret& secret) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Fd ours{ends[0]};
  Fd theirs{ends[1]};
  as_owner([&] {
    const std::string path = secret.target.path();
    look_at(secret.target);
    const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    const Fd mere{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    send_descriptor(theirs.get(), fd.get());
    send_descriptor(theirs.get(), mere.get());
    return Got{};
  });
  theirs.reset();
  secret.passed = receive_descriptor(ours.get());
  secret.passed_path = receive_descriptor(ours.get());
  secret.target.passed = secret.passed.get();
  secret.target.passed_path = secret.passed_path.get();
}

Got World::as_agent(const std::function<Got()>& run) const {
  return in_child(
      [&] {
        if (mode_ == Mode::apart) become(kAgent);
      },
      run);
}

Got World::as_owner(const std::function<Got()>& run) const {
  return in_child(
      [&] {
        if (mode_ == Mode::apart) become(kOwner);
      },
      run);
}

Got World::as_agent(const Way& way, const Target& target) const {
  return as_agent([&] { return way.run(target); });
}

}  // namespace sluice::leaks
