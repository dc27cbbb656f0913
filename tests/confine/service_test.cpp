// SPDX-License-Identifier: MIT
// Sockets of services outside. Each test has an accomplice there that hands a descriptor of the
// tree to whoever connects.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>

#include "support.h"

namespace sluice::confine::test {
namespace {

SLUICE_FOR_ROOT_AND_USER(Service);

class Accomplice {
 public:
  Accomplice(const Scratch& scratch, Who who, const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const bool abstract = name[0] == '@';
    if (abstract) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() +
                                             (abstract ? 0 : 1));
    const Fd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0) << name;
    EXPECT_EQ(::listen(listener.get(), 8), 0);
    if (!abstract) ::chmod(name.c_str(), 0777);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int folder = ::open(scratch.tree().c_str(), O_RDONLY | O_DIRECTORY);
    become(who);
    for (;;) hand_over(::accept(listener.get(), nullptr, nullptr), folder);
  }
  ~Accomplice() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Accomplice(const Accomplice&) = delete;
  Accomplice& operator=(const Accomplice&) = delete;

 private:
  static void hand_over(int peer, int folder) {
    char byte = 1;
    iovec part{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &folder, sizeof folder);
    ::sendmsg(peer, &message, MSG_NOSIGNAL);
    ::close(peer);
  }

  pid_t pid_ = -1;
};

TEST_P(Service, on_a_path_is_out_of_reach_unless_allowed) {
  const Scratch scratch{GetParam()};
  const std::string path = scratch.path("service");
  const Accomplice accomplice{scratch, GetParam(), path};
  const Ran held = escape(scratch, {"connect", path}, setting());
  EXPECT_EQ(held.out, "connect: ECONNREFUSED\n") << held.error;
  EXPECT_EQ(held.status, kHeld);
  // That it could be reached at all shows that the mask is what kept it away.
  Setting allowed = setting();
  allowed.plan = [&](Plan& plan) { plan.allow_sockets = {path}; };
  EXPECT_EQ(escape(scratch, {"connect", path}, allowed).out, "connect: done\nsecret\n");
}

TEST_P(Service, with_an_abstract_name_is_out_of_reach_unless_allowed) {
  const Scratch scratch{GetParam()};
  const std::string name = "@confine-" + scratch.path().substr(18);
  const Accomplice accomplice{scratch, GetParam(), name};
  bool landlock = true;
  Setting asked = setting();
  asked.starting = [](const Report& report) {
    for (const std::string& line : report.missing)
      static_cast<void>(!::write(2, line.data(), line.size()));
  };
  const Ran held = escape(scratch, {"connect", name}, asked);
  landlock = held.err.empty();
  if (!landlock) GTEST_SKIP() << held.err;
  EXPECT_EQ(held.out, "connect: EPERM\n") << held.error;
  Setting allowed = setting();
  allowed.plan = [&](Plan& plan) { plan.allow_sockets = {name}; };
  EXPECT_EQ(escape(scratch, {"connect", name}, allowed).out, "connect: done\nsecret\n");
}

TEST_P(Service, that_listens_in_a_known_folder_later_is_out_of_reach) {
  const Scratch scratch{GetParam()};
  const std::string folder = "/tmp/tmux-" + scratch.path().substr(18);
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  const uid_t owner = GetParam() == Who::root ? 0 : kUser;
  ASSERT_EQ(::chown(folder.c_str(), owner, owner), 0);
  {
    const std::string go = "/tmp/confine-go-" + scratch.path().substr(18);
    Running running{scratch,
                    {"/bin/sh", "-c",
                     "echo ready; while [ ! -e " + go + " ]; do sleep 0.05; done; exec " +
                         SLUICE_ESCAPE + " connect " + folder + "/default"},
                    setting()};
    EXPECT_TRUE(running.says("ready"));
    const Accomplice accomplice{scratch, GetParam(), folder + "/default"};
    write_file(go, "");
    EXPECT_EQ(running.finish().status, kHeld);
    ::unlink(go.c_str());
  }
  std::filesystem::remove_all(folder);
}

TEST_P(Service, of_the_runtime_folder_is_out_of_reach_and_the_folder_is_empty) {
  const Scratch scratch{GetParam()};
  const std::string folder = scratch.path("runtime");
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  const uid_t owner = GetParam() == Who::root ? 0 : kUser;
  ASSERT_EQ(::chown(folder.c_str(), owner, owner), 0);
  const Accomplice bus{scratch, GetParam(), folder + "/bus"};
  const Accomplice other{scratch, GetParam(), folder + "/other"};
  Setting with = setting();
  with.before = [=] { ::setenv("XDG_RUNTIME_DIR", folder.c_str(), 1); };
  const Ran ran = shell(scratch, "ls $XDG_RUNTIME_DIR; touch $XDG_RUNTIME_DIR/x && ls $XDG_RUNTIME_DIR",
                        with);
  EXPECT_EQ(ran.out, "x\n") << ran.error << ran.err;
  with.plan = [=](Plan& plan) { plan.allow_sockets = {folder + "/bus"}; };
  EXPECT_EQ(escape(scratch, {"connect", folder + "/bus"}, with).out, "connect: done\nsecret\n");
  EXPECT_EQ(escape(scratch, {"connect", folder + "/other"}, with).status, kHeld);
}

TEST_P(Service, folders_that_come_and_go_meanwhile_do_not_keep_a_command_from_starting) {
  const Scratch scratch{GetParam()};
  const uid_t owner = GetParam() == Who::root ? 0 : kUser;
  const std::string folder = "/tmp/tmux-sluice-" + std::to_string(::getpid());
  const pid_t busy = ::fork();
  if (busy == 0) {
    for (;;) {
      ::mkdir(folder.c_str(), 0755);
      static_cast<void>(::chown(folder.c_str(), owner, owner));
      ::usleep(500);
      ::rmdir(folder.c_str());
    }
  }
  for (int i = 0; i < 20; ++i) {
    const Ran ran = shell(scratch, "echo ran", setting());
    EXPECT_EQ(ran.out, "ran\n") << ran.error << ran.err;
  }
  ::kill(busy, SIGKILL);
  ::waitpid(busy, nullptr, 0);
  ::rmdir(folder.c_str());
}

TEST_P(Service, that_was_allowed_and_is_not_there_refuses_the_start) {
  const Scratch scratch{GetParam()};
  Setting with = setting();
  with.plan = [](Plan& plan) { plan.allow_sockets = {"/no/such/socket"}; };
  EXPECT_EQ(shell(scratch, "echo ran", with).error,
            "cannot allow the socket `/no/such/socket`: no such file or directory");
}

}  // namespace
}  // namespace sluice::confine::test
