// SPDX-License-Identifier: MIT
#include "sluice/channel/serve_mount.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <thread>

#include "sluice/mount/connection.h"

namespace sluice::channel {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// There is nothing to wait on for "INIT is settled", which takes less than a millisecond.
constexpr milliseconds kSettleStep = 1ms;
// How long workers may take to end once their connection is cut off.
constexpr milliseconds kEndLimit = 5s;

enum class Event { ended, stop, time };

class Server {
 public:
  explicit Server(const Served& served) noexcept : s_{served} {}

  Result<void, Error> run() {
    auto event = own(::eventfd(0, EFD_CLOEXEC));
    if (!event) return fail(Error::of("cannot start to serve", event.error()));
    ended_ = std::move(*event);
    TRY(start());
    Result<void, Error> result = attend();
    end();
    thread_.join();
    if (result && !outcome_) return fail(Error::of("serving ended", outcome_.error()));
    return result;
  }

 private:
  Result<void, Error> start() {
    try {
      thread_ = std::thread{[this] {
        outcome_ = fuse::serve(s_.session, s_.connection, s_.workers);
        static_cast<void>(::eventfd_write(ended_.get(), 1));
      }};
    } catch (const std::system_error& error) {
      return fail(Error::of("cannot start a thread to serve", Errno::from(error.code().value())));
    }
    return {};
  }

  // Waits for whichever comes first; without a limit where none is given.
  Event wait(std::optional<milliseconds> limit) {
    std::array<pollfd, 2> watched{{{ended_.get(), POLLIN, 0}, {s_.stop.descriptor(), POLLIN, 0}}};
    const int timeout = limit ? static_cast<int>(limit->count()) : -1;
    const int ready =
        retry_interrupted([&] { return ::poll(watched.data(), watched.size(), timeout); });
    if (ready <= 0) return Event::time;
    if (watched[0].revents != 0) return Event::ended;
    return s_.stop.take() ? Event::stop : Event::time;
  }

  Result<void, Error> attend() {
    Event event = TRY(settle());
    if (event == Event::time && s_.settled) TRY(s_.settled());
    while (event == Event::time) event = wait(std::nullopt);
    over_ = event == Event::ended;
    return {};
  }

  // Gives Event::time once INIT is settled, or what came before.
  Result<Event, Error> settle() {
    const auto until = Clock::now() + kSettleLimit;
    while (!s_.session.initialized()) {
      if (auto refusal = s_.session.refusal()) return fail(std::move(*refusal));
      if (Clock::now() > until) return fail(Error{"the kernel did not begin to speak", ETIMEDOUT});
      if (const Event event = wait(kSettleStep); event != Event::time) return event;
    }
    return Event::time;
  }

  // Unmounts, and sees to it that the workers end.
  void end() {
    if (over_) {
      // Nobody serves any more; this only takes a connection that was aborted out of the tree.
      static_cast<void>(s_.mounted.unmount(mount::Detach::yes));
      return;
    }
    if (s_.mounted.unmount(mount::Detach::no)) {
      if (wait(kGrace) == Event::ended) return;
    } else {
      report("the mount is in use; its users are cut off in " + std::to_string(kGrace.count()) +
             " seconds");
      if (const auto detached = s_.mounted.unmount(mount::Detach::yes); !detached) {
        report(detached.error().line());
      }
      if (wait(kGrace) == Event::ended) return;
    }
    const auto aborted = mount::abort_connection(s_.mounted.connection());
    const auto until = Clock::now() + kEndLimit;
    while (Clock::now() < until) {
      if (wait(50ms) == Event::ended) return;
    }
    report(aborted ? "a worker does not end, stuck in the lower file system; exiting without it"
                   : aborted.error().line());
    ::_exit(EXIT_FAILURE);
  }

  void report(std::string line) const {
    if (s_.report) s_.report(Error{std::move(line), EBUSY});
  }

  const Served& s_;
  Fd ended_;              // an event: the workers have ended
  std::thread thread_;    // the first worker, which waits for the others
  Result<void> outcome_;  // written by that thread before `ended_`
  bool over_ = false;
};

}  // namespace

Result<void, Error> serve_mount(const Served& served) { return Server{served}.run(); }

}  // namespace sluice::channel
