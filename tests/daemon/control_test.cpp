// SPDX-License-Identifier: MIT
// The daemon's socket, in one process: what it answers, and what it bears.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "sluice/control/client.h"
#include "sluice/control/place.h"
#include "sluice/control/server.h"
#include "support.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Scratch;

Commands commands() {
  Commands all;
  all["echo"] = [](const json& request) -> Result<json, Error> { return request; };
  all["fail"] = [](const json&) -> Result<json, Error> { return fail(Error{"it `failed`", EIO}); };
  all["bytes"] = [](const json&) -> Result<json, Error> { return json{{"name", "\xff\xfe"}}; };
  return all;
}

class Control : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Server::start(scratch_.path(), "7.sock", commands());
    ASSERT_TRUE(started) << started.error().line();
    server_ = std::move(*started);
  }
  Result<json, Error> ask(const json& request) {
    auto asking = Asking::at(server_->path(), ::getuid());
    if (!asking) return fail(Error::of("connect", asking.error()));
    return asking->ask(request);
  }
  Fd connect() {
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, server_->path().c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }
  // All that comes until the other side closes.
  static std::string drain(const Fd& socket) {
    std::string text;
    char piece[4096];
    for (ssize_t size; (size = ::read(socket.get(), piece, sizeof(piece))) > 0;) {
      text.append(piece, static_cast<std::size_t>(size));
    }
    return text;
  }
  static void send(const Fd& socket, const std::string& text) {
    EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  Scratch scratch_;
  std::unique_ptr<Server> server_;
};

TEST_F(Control, a_question_gets_its_answer_and_the_daemons_pid) {
  auto asking = Asking::at(server_->path(), ::getuid());
  ASSERT_TRUE(asking);
  EXPECT_EQ(asking->pid(), ::getpid());
  const auto answer = asking->ask(json{{"command", "echo"}, {"of", {1, 2}}});
  ASSERT_TRUE(answer) << answer.error().line();
  EXPECT_EQ(answer->at("of"), json({1, 2}));
}

TEST_F(Control, what_a_handler_fails_with_is_told) {
  EXPECT_EQ(ask(json{{"command", "fail"}}).error().line(), "it `failed`");
  EXPECT_EQ(ask(json{{"command", "nope"}}).error().line(), "unknown command `nope`");
}

TEST_F(Control, names_that_are_not_utf8_come_through_replaced) {
  const auto answer = ask(json{{"command", "bytes"}});
  ASSERT_TRUE(answer) << answer.error().line();
  EXPECT_EQ(answer->at("name"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_F(Control, malformed_requests_are_answered_with_what_is_wrong) {
  for (const char* request :
       {"", "x", "[]", "1", "{}", R"({"command":1})", "{\"command\":\"\xff\"}", R"({"command":)"}) {
    const json answered = json::parse(answer(commands(), request), nullptr, false);
    ASSERT_TRUE(answered.is_object()) << request;
    EXPECT_TRUE(answered.contains("error")) << request;
  }
  EXPECT_TRUE(json::parse(answer(commands(), std::string(60'000, '['))).contains("error"));
}

TEST_F(Control, a_request_that_is_too_long_is_refused_and_not_kept) {
  const Fd socket = connect();
  const std::string piece(4096, 'x');
  for (std::size_t sent = 0; sent <= kMaxRequest; sent += piece.size()) send(socket, piece);
  EXPECT_NE(drain(socket).find("too long"), std::string::npos);
  EXPECT_TRUE(ask(json{{"command", "echo"}}));
}

TEST_F(Control, whoever_hangs_up_or_says_nothing_holds_nobody_up_for_long) {
  connect().reset();
  const Fd half = connect();
  send(half, R"({"command")");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(ask(json{{"command", "echo"}}));
  EXPECT_LT(std::chrono::steady_clock::now() - before, kPeerLimit + 2s);
  EXPECT_EQ(drain(half), "");
}

TEST_F(Control, only_its_user_and_root_may_ask) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  struct stat stat {};
  ASSERT_EQ(::stat(server_->path().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
  const auto as_nobody = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      test::become(test::kNobody);
      const auto asking = Asking::at(server_->path(), 0);
      if (!asking) ::_exit(asking.error().value());
      ::_exit(asking->ask(json{{"command", "echo"}}) ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(as_nobody(), EACCES);
  // Even where the socket's mode would let him in.
  ASSERT_EQ(::chmod(server_->path().c_str(), 0666), 0);
  EXPECT_EQ(as_nobody(), 1);
}

TEST_F(Control, a_stranger_in_the_daemons_place_is_not_asked) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  server_.reset();  // a process that forks has one thread
  const std::string folder = scratch_.folder("his", test::kNobody);
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
  const Fd listening{ready[0]};
  Fd telling{ready[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    test::become(test::kNobody);
    const auto server = Server::start(folder, "8.sock", commands());
    static_cast<void>(!::write(telling.get(), server ? "y" : "n", 1));
    ::sleep(30);
    ::_exit(0);
  }
  telling.reset();
  char said = 0;
  EXPECT_EQ(::read(listening.get(), &said, 1), 1);
  EXPECT_EQ(said, 'y');
  EXPECT_EQ(Asking::at(folder + "/8.sock", 0).error(), Errno{EPERM});
  EXPECT_TRUE(Asking::at(folder + "/8.sock", test::kNobody));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(Control, the_socket_goes_with_the_server_unless_it_is_another_ones_by_then) {
  const std::string path = server_->path();
  server_.reset();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);

  auto first = Server::start(scratch_.path(), "7.sock", commands());
  auto second = Server::start(scratch_.path(), "7.sock", commands());
  ASSERT_TRUE(first && second);
  first->reset();
  EXPECT_TRUE(Asking::at(path, ::getuid()));
}

TEST_F(Control, sweeping_removes_what_nobody_listens_on_and_nothing_else) {
  {
    // A daemon that died: bound, and gone without a word.
    const Fd dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, scratch_.path("9.sock").c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(dead.get(), 1), 0);
  }
  scratch_.file("notes.txt", "x");
  sweep(scratch_.path());
  EXPECT_NE(::access(scratch_.path("9.sock").c_str(), F_OK), 0);
  EXPECT_EQ(::access(scratch_.path("notes.txt").c_str(), F_OK), 0);
  EXPECT_TRUE(ask(json{{"command", "echo"}}));
}

TEST_F(Control, many_ask_at_once) {
  std::vector<std::thread> askers;
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&, i] {
      const auto answer = ask(json{{"command", "echo"}, {"number", i}});
      if (answer && answer->at("number") == i) ++answered;
    });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(answered, 8);
}

TEST(Asking, nobody_there_is_no_wait) {
  const Scratch scratch;
  EXPECT_EQ(Asking::at(scratch.path("none.sock"), 0).error(), Errno{ENOENT});
  EXPECT_EQ(Asking::at(scratch.path(std::string(200, 'x')), 0).error(), Errno{ENAMETOOLONG});
}

}  // namespace
}  // namespace sluice::control
