// SPDX-License-Identifier: MIT
// The daemon's ear: a socket on which it answers questions about itself.
//
// One connection asks one thing: a line of JSON, {"command": NAME, ...}, and gets one line back,
// the answer or {"error": "why"}. Peers are served one after another in a thread of their own, each
// within a time limit, and must be root or the daemon's own user. Nothing here can hold up a
// request of the file system.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sluice/base/result.h"

namespace sluice::control {

// Answers one command; runs in the server's thread, and must neither wait long nor touch the mount
// that its process serves. `request` is the whole object.
using Handler = std::function<Result<nlohmann::json, Error>(const nlohmann::json& request)>;
using Commands = std::map<std::string, Handler, std::less<>>;

inline constexpr std::size_t kMaxRequest = 64 << 10;  // bytes, without the newline
// How long a peer may take to say what it wants, and to take the answer.
inline constexpr std::chrono::seconds kPeerLimit{2};

class Server {
 public:
  // Listens at `folder`/`name`, in place of a socket that is there, and serves from now on.
  // errors   ENAMETOOLONG; those of bind(2); EAGAIN no thread.
  static Result<std::unique_ptr<Server>, Error> start(const std::string& folder,
                                                      const std::string& name, Commands commands);
  // Ends the thread, which takes as long as the handler that runs, and removes the socket.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& path() const noexcept;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

// Gives the answer to one request line, as the server sends it; a line of JSON always.
std::string answer(const Commands& commands, const std::string& request);

}  // namespace sluice::control
