// SPDX-License-Identifier: MIT
// What the inspector's processes still have, as /proc tells it of the real ones.
#include "sluice/content/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "processes.h"
#include "support.h"

namespace sluice::content {
namespace {

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may look at what others have";
    inspector_ = inspector_of({.contents = {"token"}, .detectors = {token_detector()}});
    const Fd file = file_of("key tok_abcdefgh");
    ASSERT_TRUE(inspector_->find(SetIndex{0}, file.get(), 16, "file").found());
    const auto processes = inspector_->processes();
    all_ = processes.workers;
    all_.push_back(processes.parent);
  }

  std::unique_ptr<Inspector> inspector_;
  std::vector<pid_t> all_;  // workers, then their parent
};

TEST_F(Sandbox, has_no_capabilities_and_can_get_none) {
  for (const pid_t pid : all_) {
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
      EXPECT_EQ(status_of(pid, set), "0000000000000000") << set;
    EXPECT_EQ(status_of(pid, "NoNewPrivs"), "1");
  }
}

TEST_F(Sandbox, is_nobody) {
  for (const pid_t pid : all_) {
    EXPECT_EQ(status_of(pid, "Uid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(status_of(pid, "Gid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(status_of(pid, "Groups"), "");
  }
}

TEST_F(Sandbox, filters_system_calls) {
  if (!filters_system_calls()) GTEST_SKIP() << "sanitizers need system calls of their own";
  for (const pid_t pid : all_) EXPECT_EQ(status_of(pid, "Seccomp"), "2");
  // The worker has one more than the process that forks it.
  EXPECT_EQ(status_of(all_.front(), "Seccomp_filters"), "2");
  EXPECT_EQ(status_of(all_.back(), "Seccomp_filters"), "1");
}

TEST_F(Sandbox, has_no_files) {
  for (const pid_t pid : all_) {
    auto files = files_of(pid);
    std::ranges::sort(files);
    EXPECT_EQ(files, (std::vector<std::string>{"/dev/null", "/dev/null", "/dev/null", "socket"}));
  }
}

TEST_F(Sandbox, has_no_network_and_no_root_directory) {
  if (!inspector_->missing().empty()) GTEST_SKIP() << inspector_->missing().front();
  for (const pid_t pid : all_) {
    const auto link = [&](const char* what) {
      return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + what).string();
    };
    EXPECT_NE(link("/ns/net"), std::filesystem::read_symlink("/proc/self/ns/net").string());
    EXPECT_TRUE(link("/root").ends_with("/fdinfo")) << link("/root");
    EXPECT_EQ(link("/cwd"), link("/root"));
  }
}

TEST_F(Sandbox, leaves_no_core_and_is_bounded) {
  for (const pid_t pid : all_) {
    const auto limits = [&] {
      std::string all;
      const Fd file{::open(("/proc/" + std::to_string(pid) + "/limits").c_str(), O_RDONLY)};
      std::array<char, 4096> buffer{};
      const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
      return std::string{buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    }();
    EXPECT_NE(limits.find("Max core file size        0 "), limits.npos) << limits;
    EXPECT_NE(limits.find("Max file size             0 "), limits.npos) << limits;
    if (filters_system_calls()) {
      EXPECT_EQ(limits.find("Max address space         unlimited"), limits.npos) << limits;
    }
  }
}

// Runs `act` in a process with the worker's filter; gives the signal that ended it, or 0.
template <class Act>
int signal_of(Act act) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!give_up_everything(0) || !give_up_forking()) ::_exit(3);
    act();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

class Filters : public testing::Test {
 protected:
  void SetUp() override {
    if (!filters_system_calls()) GTEST_SKIP() << "sanitizers need system calls of their own";
  }
};

TEST_F(Filters, end_a_worker_that_opens_connects_starts_or_signals) {
  EXPECT_EQ(signal_of([] { ::open("/dev/null", O_RDONLY); }), SIGSYS);
  EXPECT_EQ(signal_of([] { ::socket(AF_INET, SOCK_STREAM, 0); }), SIGSYS);
  EXPECT_EQ(signal_of([] { ::fork(); }), SIGSYS);
  EXPECT_EQ(signal_of([] { ::execl("/bin/true", "true", nullptr); }), SIGSYS);
  EXPECT_EQ(signal_of([] { ::kill(1, 0); }), SIGSYS);
  EXPECT_EQ(signal_of([] { ::fcntl(0, F_SETFL, 0); }), SIGSYS);
  EXPECT_EQ(signal_of([] { static_cast<void>(::write(1, "", 0)); }), SIGSYS);
}

TEST_F(Filters, end_a_worker_that_maps_a_file_or_memory_to_be_executed) {
  const auto map = [](int protection, int flags, int fd) {
    return signal_of([=] { ::mmap(nullptr, 4096, protection, flags, fd, 0); });
  };
  const Fd file = file_of("text");
  EXPECT_EQ(map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), 0);
  EXPECT_EQ(map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1), SIGSYS);
  EXPECT_EQ(map(PROT_READ, MAP_PRIVATE, file.get()), SIGSYS);
  EXPECT_EQ(map(PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1), SIGSYS);
  EXPECT_EQ(signal_of([] {
              void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              ::mprotect(page, 4096, PROT_READ | PROT_EXEC);
            }),
            SIGSYS);
}

}  // namespace
}  // namespace sluice::content
