// SPDX-License-Identifier: MIT
#include "sluice/control/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "line_io.h"
#include "sluice/base/fd.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr int kBacklog = 16;

// Bytes that are no UTF-8 (names of files may be anything) are replaced.
std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string refusal(const std::string& why) { return text_of(json{{"error", why}}); }

bool may_ask(const Fd& peer) noexcept {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
  return credentials.uid == 0 || credentials.uid == ::geteuid();
}

struct Listening {
  Fd socket;
  ino_t ino = 0;  // of the socket's name, to know it again
};

// Binds under another name first, so that nobody ever finds a socket of this name that does not
// listen and takes it for a dead one.
Result<Listening> listen_at(const std::string& folder, const std::string& path) {
  const std::string making = folder + "/." + std::to_string(::getpid());
  const sockaddr_un address = TRY(address_of(making));
  TRY(address_of(path));
  Listening listening;
  listening.socket = TRY(make_socket());
  ::unlink(making.c_str());
  TRY(checked(::bind(listening.socket.get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address))));
  struct stat stat {};
  const bool done =
      ::chmod(making.c_str(), 0600) == 0 && ::listen(listening.socket.get(), kBacklog) == 0 &&
      ::stat(making.c_str(), &stat) == 0 && std::rename(making.c_str(), path.c_str()) == 0;
  if (!done) {
    const Errno error = Errno::last();
    ::unlink(making.c_str());
    return fail(error);
  }
  listening.ino = stat.st_ino;
  return listening;
}

}  // namespace

std::string answer(const Commands& commands, const std::string& request) {
  const json parsed = json::parse(request, nullptr, false);
  if (!parsed.is_object()) return refusal("a request is an object of JSON on one line");
  const auto command = parsed.find("command");
  if (command == parsed.end() || !command->is_string()) {
    return refusal("a request names its `command`");
  }
  const auto found = commands.find(command->get_ref<const std::string&>());
  if (found == commands.end()) {
    return refusal("unknown command `" + command->get<std::string>() + "`");
  }
  const auto answered = found->second(parsed);
  return answered ? text_of(*answered) : refusal(answered.error().line());
}

struct Server::State {
  std::string path;
  Commands commands;
  Listening listening;
  Fd wake;
  std::thread thread;

  Until until(std::chrono::milliseconds limit) const {
    return {.deadline = Clock::now() + limit, .wake = wake.get()};
  }

  void serve() noexcept {
    ::prctl(PR_SET_NAME, "sluice-control");
    for (;;) {
      std::array<pollfd, 2> watched{{{listening.socket.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
      if (watched[1].revents != 0) return;
      if (watched[0].revents == 0) continue;
      const Fd peer{
          ::accept4(listening.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (!peer) {
        // Without descriptors to spare the peer stays in the queue: no busy waiting for some.
        if (errno == EMFILE || errno == ENFILE) ::usleep(50'000);
        continue;
      }
      if (may_ask(peer)) serve_guarded(peer);
    }
  }

  // A request costs memory; where there is none, it costs that request alone.
  void serve_guarded(const Fd& peer) noexcept {
    try {
      static_cast<void>(serve_one(peer));
    } catch (const std::exception&) {
    }
  }

  Result<void> serve_one(const Fd& peer) {
    const auto request = read_line(peer, kMaxRequest, until(kPeerLimit));
    if (request) return write_line(peer, answer(commands, *request), until(kPeerLimit));
    if (request.error() != Errno{EMSGSIZE}) return fail(request.error());
    return write_line(peer, refusal("the request is too long"), until(kPeerLimit));
  }
};

Server::Server(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}

Result<std::unique_ptr<Server>, Error> Server::start(const std::string& folder,
                                                     const std::string& name, Commands commands) {
  auto state = std::make_unique<State>();
  state->path = folder + "/" + name;
  state->commands = std::move(commands);
  const auto cannot = [&](Errno why) {
    return fail(Error::of("cannot listen at `" + state->path + "`", why));
  };
  auto wake = own(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return cannot(wake.error());
  state->wake = std::move(*wake);
  auto listening = listen_at(folder, state->path);
  if (!listening) return cannot(listening.error());
  state->listening = std::move(*listening);
  State& served = *state;
  std::unique_ptr<Server> server{new Server{std::move(state)}};
  try {
    served.thread = std::thread{[&served] { served.serve(); }};
  } catch (const std::system_error& error) {
    return fail(Error::of("cannot start the thread that answers `sluice status`",
                          Errno::from(error.code().value())));
  }
  return server;
}

Server::~Server() {
  if (state_->thread.joinable()) {
    static_cast<void>(::eventfd_write(state_->wake.get(), 1));
    state_->thread.join();
  }
  // The connection's number may be another's by now, and this name with it.
  struct stat stat {};
  if (::lstat(state_->path.c_str(), &stat) == 0 && stat.st_ino == state_->listening.ino) {
    ::unlink(state_->path.c_str());
  }
}

const std::string& Server::path() const noexcept { return state_->path; }

}  // namespace sluice::control
