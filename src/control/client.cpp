// SPDX-License-Identifier: MIT
#include "sluice/control/client.h"

#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "line_io.h"
#include "sluice/control/place.h"

namespace sluice::control {

using nlohmann::json;

Result<Asking> Asking::at(const std::string& path, uid_t owner) {
  const sockaddr_un address = TRY(address_of(path));
  Fd socket = TRY(make_socket());
  const int done = retry_interrupted([&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  });
  // A UNIX socket that does not block connects at once, or its queue is full.
  if (done != 0) return errno == EAGAIN ? fail(ETIMEDOUT) : fail_last();
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  TRY(checked(::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size)));
  if (credentials.uid != 0 && credentials.uid != owner) return fail(EPERM);
  return Asking{std::move(socket), credentials.pid};
}

Result<Asking> Asking::mount(std::uint32_t connection, uid_t owner) {
  Errno worst{ENOENT};
  for (const std::string& path : candidates(connection, owner)) {
    auto asking = at(path, owner);
    if (asking) return asking;
    if (asking.error() != Errno{ENOENT}) worst = asking.error();
  }
  return fail(worst);
}

Result<json, Error> Asking::ask(const json& request, std::chrono::milliseconds limit) const {
  const auto failed = [](Errno why) { return fail(Error::of("the daemon did not answer", why)); };
  const Until until{.deadline = Clock::now() + limit};
  const auto sent =
      write_line(socket_, request.dump(-1, ' ', false, json::error_handler_t::replace), until);
  if (!sent) return failed(sent.error());
  const auto line = read_line(socket_, kMaxAnswer, until);
  if (!line) return failed(line.error());
  json answer = json::parse(*line, nullptr, false);
  if (!answer.is_object()) return failed(EPROTO);
  if (const auto error = answer.find("error"); error != answer.end() && error->is_string()) {
    return fail(Error{error->get<std::string>(), EINVAL});
  }
  return answer;
}

}  // namespace sluice::control
