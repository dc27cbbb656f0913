// SPDX-License-Identifier: MIT
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace sluice::leaks {
namespace {

constexpr std::string_view kSubjects[] = {"[subject.agent]\nrun_as = true\n",
                                          "[subject.owner]\nuid = [1001]\n"
                                          "[subject.agent]\nuid = [1002]\n"};
// Every rule is for the agent alone.
constexpr std::string_view kRules = R"(
[[rule]]
id = "hidden"
who = "agent"
path = ["*.key", "vault*/", "/p[0-9]*/in"]
verdict = "hide"
[[rule]]
id = "denied"
who = "agent"
path = "*.no"
read = "deny"
[[rule]]
id = "shut"
who = "agent"
path = "*.shut"
verdict = "deny"
[[rule]]
id = "kept"
who = "agent"
path = "*.ro"
verdict = "readonly"
[[rule]]
id = "served"
who = "agent"
path = "*.slow"
verdict = "served"
[[rule]]
id = "audited"
who = "agent"
path = "*.log"
verdict = "audit"
)";

// Becomes a user who may still do all that capabilities allow.
void become_with_capabilities(uid_t uid) {
  ::prctl(PR_SET_KEEPCAPS, 1);
  if (::setgroups(0, nullptr) != 0 || ::setresgid(uid, uid, uid) != 0 ||
      ::setresuid(uid, uid, uid) != 0) {
    ::_exit(125);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) ::_exit(125);
  for (auto& set : sets) set.effective = set.inheritable = set.permitted;
  if (::syscall(SYS_capset, &header, sets.data()) != 0) ::_exit(125);
  for (unsigned long each = 0; each <= CAP_LAST_CAP; ++each) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, each, 0, 0);
  }
  ::prctl(PR_SET_DUMPABLE, 1);
}

void send(int to, const Got& got) {
  const int head[] = {got.error, got.told ? 1 : 0};
  if (::write(to, head, sizeof head) != sizeof head) ::_exit(124);
  for (std::string_view rest = got.bytes; !rest.empty();) {
    const ssize_t size = ::write(to, rest.data(), rest.size());
    if (size <= 0) ::_exit(124);
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
}

// Bounded by the alarm that the child has set.
Got receive(int from) {
  Got got;
  int head[2] = {};
  if (::read(from, head, sizeof head) != sizeof head) return {{}, ECHILD, false};
  got.error = head[0];
  got.told = head[1] != 0;
  std::array<char, 4096> piece;
  for (ssize_t size = 0; (size = ::read(from, piece.data(), piece.size())) > 0;) {
    got.bytes.append(piece.data(), static_cast<std::size_t>(size));
  }
  return got;
}

Got in_child(const std::function<void()>& become, const std::function<Got()>& run) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {{}, errno, false};
  const Fd out{ends[0]};
  Fd in{ends[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    ::umask(0);
    become();
    send(in.get(), run());
    ::_exit(0);
  }
  in.reset();
  Got got = receive(out.get());
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) got.error = -WTERMSIG(status);
  return got;
}

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

const char* name_of(Mode mode) { return mode == Mode::bound ? "bound" : "apart"; }

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
  scratch_.file("policy.toml",
                fmt::format("version = 1\n{}{}", kSubjects[mode == Mode::bound ? 0 : 1], kRules));
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
  put(secret.lower, contents_of(secret.marker), mode_ == Mode::bound ? 0 : kAgent);
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
        if (mode_ == Mode::apart) become_with_capabilities(kAgent);
      },
      run);
}

Got World::as_owner(const std::function<Got()>& run) const {
  return in_child(
      [&] {
        if (mode_ == Mode::apart) become_with_capabilities(kOwner);
      },
      run);
}

Got World::as_agent(const Way& way, const Target& target) const {
  return as_agent([&] { return way.run(target); });
}

std::string random_marker() {
  std::array<unsigned char, 32> noise{};
  EXPECT_EQ(::getrandom(noise.data(), noise.size(), 0), static_cast<ssize_t>(noise.size()));
  std::string marker;
  for (const unsigned char byte : noise) marker += fmt::format("{:02x}", byte);
  return marker;
}

std::string contents_of(std::string_view marker) {
  std::string text{kFirstLine};
  while (text.size() < kFileSize) text += std::string{marker} + "\n";
  text.resize(kFileSize);
  return text;
}

bool has_part_of(std::string_view marker, std::string_view bytes) {
  constexpr std::size_t kWindow = 16;
  for (std::size_t at = 0; at + kWindow <= marker.size(); ++at) {
    if (bytes.find(marker.substr(at, kWindow)) != bytes.npos) return true;
  }
  return false;
}

std::string state_of(const std::string& path) {
  struct stat stat {};
  if (::lstat(path.c_str(), &stat) != 0) return "not there";
  std::string state =
      fmt::format("inode {} mode {:o} owner {}:{} links {} size {} changed {}.{:09}\n", stat.st_ino,
                  stat.st_mode, stat.st_uid, stat.st_gid, stat.st_nlink, stat.st_size,
                  stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec);
  std::array<char, 4096> names{};
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  for (const char* name = names.data(); name < names.data() + std::max<ssize_t>(size, 0);
       name += std::strlen(name) + 1) {
    std::array<char, 256> value{};
    const ssize_t length = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    const std::string_view text{value.data(),
                                static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
    state += fmt::format("{} = {}\n", name, text);
  }
  if (!S_ISREG(stat.st_mode)) return state;
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  int flags = 0;
  ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags);
  return state + fmt::format("flags {:x}\n", flags) + test::read_file(path);
}

}  // namespace sluice::leaks
