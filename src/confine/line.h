// SPDX-License-Identifier: MIT
// The line between the caller's process and what it started: short messages over a socket pair.
//
// The command never has an end of it. If the caller goes, init reads the end of the line and ends,
// and the namespace with it; if init goes, the caller reads it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/fd.h"
#include "sluice/base/result.h"

namespace sluice::confine {

enum class Kind : std::uint32_t {
  covered,       // text: what was covered
  socket,        // text: a path out of reach
  missing,       // text: a protection that is not there
  starting,      // the command is about to run; init waits for one `go`
  failed,        // text: why it cannot; value: the errno. The last message
  not_executed,  // value: the errno of execve
  stopped,
  continued,
  ended,   // value: the status as waitpid(2) gives it; offsets. The last message
  go,      // to init: run the command
  signal,  // to init: value is for the command
};

struct Message {
  Kind kind = Kind::failed;
  int value = 0;
  std::array<off_t, 3> offsets{-1, -1, -1};
  std::string text = {};
};

class Line {
 public:
  explicit Line(Fd end) noexcept : end_{std::move(end)} {}

  struct Ends;
  // Gives both ends, close-on-exec, with numbers from 3 up. errors: EMFILE, ENFILE.
  static Result<Ends> make();

  // Sends; a text that is too long is cut. Failures are not told: the other end then is gone.
  void send(const Message& message) const noexcept;
  // Waits for a message. None when the other end is gone, or what came is no message.
  std::optional<Message> receive() const;

  int fd() const noexcept { return end_.get(); }
  void close() noexcept { end_.reset(); }

 private:
  Fd end_;
};

struct Line::Ends {
  Line caller;
  Line inside;
};

}  // namespace sluice::confine
