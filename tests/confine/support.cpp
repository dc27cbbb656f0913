// SPDX-License-Identifier: MIT
#include "support.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace sluice::confine::test {
namespace {

using Clock = std::chrono::steady_clock;

bool can_unshare(Who who) {
  const pid_t child = ::fork();
  if (child == 0) {
    become(who);
    ::_exit(::unshare(who == Who::root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

Result<void, Error> mount_shown(const std::string& tree) {
  if (::mount("none", tree.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
    return fail(Error::of("test view", Errno::last()));
  write_file(tree + "/shown.txt", "shown");
  ::mkdir((tree + "/in").c_str(), 0755);
  return {};
}

// What run() gave goes to the test as lines: the status, the error, the reason.
void report(int fd, const Result<Ended, Error>& ended) {
  std::string text;
  if (ended) {
    text = std::to_string(ended->status) + "\n\n" + ended->why + "\n";
  } else {
    text = "-2\n" + ended.error().line() + "\n\n";
  }
  static_cast<void>(!::write(fd, text.data(), text.size()));
}

Fd pipe_to(Fd& writer) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  writer = Fd{ends[1]};
  return Fd{ends[0]};
}

}  // namespace

std::string cannot_test(Who who) {
  if (::geteuid() != 0) return "needs root";
  if (!can_unshare(who)) return "needs namespaces";
  return "";
}

void become(Who who) {
  if (who == Who::root) return;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(kUser, kUser, kUser) != 0 ||
      ::setresuid(kUser, kUser, kUser) != 0)
    ::_exit(99);
  ::prctl(PR_SET_DUMPABLE, 1);
}

Scratch::Scratch(Who who) {
  std::string pattern = "/tmp/sluice-test-confine-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  root_ = pattern;
  std::filesystem::create_directories(tree("in"));
  write_file(tree("secret.txt"), "secret");
  write_file(tree("in/deep.txt"), "secret");
  const uid_t owner = who == Who::root ? 0 : kUser;
  for (const std::string& each : {path(), tree(), tree("in"), tree("secret.txt"), tree("in/deep.txt")})
    if (::chown(each.c_str(), owner, owner) != 0) std::abort();
  ::chmod(root_.c_str(), 0755);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string Scratch::path(std::string_view below) const {
  return below.empty() ? root_ : root_ + "/" + std::string{below};
}
std::string Scratch::tree(std::string_view below) const {
  return below.empty() ? path("tree") : path("tree/" + std::string{below});
}

Running::Running(const Scratch& scratch, const Words& command, const Setting& setting)
    : limit_{setting.limit} {
  Fd out;
  Fd err;
  Fd result;
  out_ = pipe_to(out);
  err_ = pipe_to(err);
  result_ = pipe_to(result);
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  ::dup2(null.get(), 0);
  ::dup2(out.get(), 1);
  ::dup2(err.get(), 2);
  if (::chdir("/") != 0) ::_exit(98);
  if (setting.before_as_root) setting.before_as_root();
  become(setting.who);
  if (setting.before) setting.before();
  Plan plan;
  plan.command = command;
  plan.views = {scratch.tree()};
  plan.directory = "/tmp";
  if (setting.plan) setting.plan(plan);
  Hooks hooks;
  hooks.mount_views = setting.mount_views;
  if (!hooks.mount_views) hooks.mount_views = [&] { return mount_shown(scratch.tree()); };
  hooks.starting = setting.starting;
  report(result.get(), confine::run(plan, hooks));
  ::_exit(0);
}

Running::~Running() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Running::read_some(Clock::time_point until) {
  std::array<pollfd, 3> watched{
      {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {result_.get(), POLLIN, 0}}};
  const std::array<Fd*, 3> ends{&out_, &err_, &result_};
  const std::array<std::string*, 3> texts{&ran_.out, &ran_.err, &told_};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  if (left <= 0 || ::poll(watched.data(), 3, static_cast<int>(left)) <= 0) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    if (watched[i].fd < 0 || watched[i].revents == 0) continue;
    std::array<char, 4096> piece;
    const ssize_t size = ::read(watched[i].fd, piece.data(), piece.size());
    if (size <= 0) {
      ends[i]->reset();
    } else {
      texts[i]->append(piece.data(), static_cast<std::size_t>(size));
    }
  }
  return true;
}

bool Running::says(std::string_view text) {
  const auto until = Clock::now() + 20s;
  while (ran_.out.find(text) == std::string::npos) {
    if (!out_ || !read_some(until)) return false;
  }
  return true;
}

Ran Running::finish() {
  const auto until = Clock::now() + limit_;
  while (out_ || err_ || result_) {
    if (!read_some(until)) return ran_;
  }
  const auto first = told_.find('\n');
  const auto second = told_.find('\n', first + 1);
  if (second == std::string::npos) return ran_;
  ran_.status = std::stoi(told_);
  ran_.error = told_.substr(first + 1, second - first - 1);
  ran_.why = told_.substr(second + 1, told_.size() - second - 2);
  return ran_;
}

Ran confined(const Scratch& scratch, const Words& command, const Setting& setting) {
  return Running{scratch, command, setting}.finish();
}

Ran shell(const Scratch& scratch, const std::string& command, const Setting& setting) {
  return confined(scratch, {"/bin/sh", "-c", command}, setting);
}

Ran escape(const Scratch& scratch, Words words, const Setting& setting) {
  words.insert(words.begin(), SLUICE_ESCAPE);
  return confined(scratch, words, setting);
}

void write_file(const std::string& path, std::string_view text, mode_t mode) {
  const Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  static_cast<void>(!::write(file.get(), text.data(), text.size()));
}

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

Outsider::Outsider(const Scratch& scratch, Who who) {
  Fd writer;
  const Fd ready = pipe_to(writer);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    become(who);
    if (::chdir(scratch.tree().c_str()) != 0) ::_exit(1);
    ::dup2(::open(".", O_RDONLY | O_DIRECTORY), 9);
    writer.reset();
    for (;;) ::pause();
  }
  writer.reset();
  char byte;
  static_cast<void>(!::read(ready.get(), &byte, 1));
}

Outsider::~Outsider() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Outsider::is_alive() const {
  return ::waitpid(pid_, nullptr, WNOHANG) == 0;
}

std::string name_of(const testing::TestParamInfo<Who>& info) {
  return info.param == Who::root ? "root" : "user";
}

}  // namespace sluice::confine::test
