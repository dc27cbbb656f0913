// SPDX-License-Identifier: MIT
// From the request to mount to the last unmount. The order matters: the source is opened before
// anything may be mounted over it, signals are blocked before there are threads, and the waiting
// command hears of success only once the kernel and we have agreed on terms.
#include "sluice/daemon/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "background.h"
#include "decision_log.h"
#include "hang_ups.h"
#include "live_policy.h"
#include "messages.h"
#include "process.h"
#include "sluice/channel/serve_mount.h"
#include "sluice/control/place.h"
#include "sluice/control/server.h"
#include "sluice/daemon/announce.h"
#include "sluice/daemon/mount_plan.h"
#include "sluice/daemon/source.h"
#include "sluice/daemon/usable_policy.h"
#include "sluice/guard/guard.h"
#include "sluice/mirror/caller_identity.h"
#include "sluice/mirror/mirror.h"
#include "sluice/mount/hand_over.h"
#include "status.h"

namespace sluice::daemon {
namespace {

using channel::DevConnection;
using mirror::Feature;

std::string words_of(Flags<mount::MountFlag> flags) {
  std::string words{flags.has(mount::MountFlag::read_only) ? "ro" : "rw"};
  for (std::uint32_t bit = 2; bit != 0 && bit <= flags.word(); bit <<= 1) {
    if (const auto flag = mount::MountFlag{bit}; flags.has(flag)) {
      words += ',';
      words += mount::word(flag);
    }
  }
  return words;
}

class Daemon {
 public:
  explicit Daemon(const Config& config) : config_{config} {}
  Daemon(const Daemon&) = delete;

  ~Daemon() {
    // Nobody asks any more; then the file system goes, while the session it answers late replies
    // to is still there.
    server_.reset();
    hang_ups_.reset();
    live_.reset();
    if (decisions_) decisions_->stop();
    guard_.reset();
    mirror_.reset();
  }

  // Opens, reads and mounts as the configuration says, and serves.
  Result<void, Error> run(Background& background) {
    raise_descriptor_limit();
    auto stop = channel::StopSignals::make();
    if (!stop) return fail(Error::of("cannot wait for signals", stop.error()));
    Source source = TRY(open_source(config_.source));
    source_path_ = source.path;
    TRY(read_rules());
    TRY(mount_it(source));
    return serve(std::move(source.fd), *stop, background);
  }

  // Serves what is handed in.
  Result<void, Error> run(Handed& handed) {
    raise_descriptor_limit();
    auto stop = channel::StopSignals::make();
    if (!stop) return fail(Error::of("cannot wait for signals", stop.error()));
    handed_ = true;
    source_path_ = handed.source.path;
    TRY(rule_by(std::move(handed.policy)));
    mounted_ = TRY(mount::receive(handed.parent));
    TRY(end_with(handed.parent));
    allow_other_ = ::geteuid() == 0;
    auto waiting = handed.parent.duplicate();
    if (!waiting) return fail(Error::of("cannot answer who mounted", waiting.error()));
    Background background = Background::of(std::move(*waiting));
    const auto served = serve(std::move(handed.source.fd), *stop, background);
    report(handed.parent);
    return served;
  }

  bool was_ready() const noexcept { return ready_; }

 private:
  Result<void, Error> serve(Fd source, channel::StopSignals& stop, Background& background) {
    const int wake = prepare_signals();
    // From here on no path is relative, and no directory is kept from being unmounted.
    if (::chdir("/") != 0) return fail(Error::of("cannot change to `/`", Errno::last()));
    TRY(join(std::move(source), wake));
    fuse::WorkerOptions workers;
    workers.start = mirror::prepare_thread;
    return channel::serve_mount(
        {.session = *session_,
         .connection = *connection_,
         .mounted = *mounted_,
         .stop = stop,
         .workers = workers,
         .settled = [&] { return settled(background); },
         .report = [this](const Error& error) { messages_.say(error.line()); }});
  }

  Result<void, Error> mount_it(const Source& source) {
    MountPlan plan = TRY(plan_mount(config_, source));
    mounted_ = TRY(mount::mount(plan.options));
    allow_other_ = plan.options.allow_other;
    flags_ = words_of(plan.options.flags);
    for (const std::string& note : plan.notes) messages_.say(note);
    return {};
  }

  // Reads the policy, before anything is mounted and while paths are still the caller's.
  Result<void, Error> read_rules() {
    if (config_.policy.empty()) return {};
    const bool apart = config_.subject.empty();
    auto opened = open_usable(
        {.name = config_.policy, .callers = apart ? Callers::told_apart : Callers::bound});
    if (!opened) {
      for (const policy::Diagnostic& wrong : opened.error()) tell(wrong.line_text());
      return fail(Error{fmt::format("the policy `{}` cannot be used", config_.policy), EINVAL});
    }
    TRY(hear_hang_ups());
    return rule_by(std::make_shared<const UsablePolicy>(std::move(*opened)));
  }

  Result<void, Error> rule_by(std::shared_ptr<const UsablePolicy> opened) {
    policy_ = TRY(LivePolicy::start_of(config_, *opened));
    program_ = {opened, &opened->program};
    contents_ = contents_for(program_, opened->detection);
    LogFile file = config_.log.empty() ? LogFile{} : TRY(LogFile::open(config_.log));
    decisions_ = TRY(DecisionLog::make(std::move(file), source_path_, program_));
    return {};
  }

  // To be called before there are threads.
  Result<void, Error> hear_hang_ups() {
    auto made = HangUps::make();
    if (!made) return fail(Error::of("cannot wait for signals", made.error()));
    hang_ups_ = std::move(*made);
    return {};
  }

  void heed_hang_ups() {
    if (!hang_ups_) return;
    const auto started = hang_ups_->start([this] {
      for (const std::string& line : live_->hang_up()) messages_.say(line);
    });
    if (!started) messages_.say(Error::of("SIGHUP is not heeded", started.error()).line());
  }

  // Puts the guard before the mirror.
  Result<void, Error> guard_it() {
    guard::Options options;
    if (!policy_.subject.empty()) options.subject = policy_.subject;
    options.decisions = decisions_.get();
    options.enforce = config_.observe ? guard::Enforce::no : guard::Enforce::yes;
    guard_ = TRY(guard::Guard::make(*mirror_, {program_, contents_}, options));
    decisions_->set_tree(mirror_->tree());
    live_ = std::make_unique<LivePolicy>(
        policy_, LivePolicy::Mount{.guard = *guard_,
                                   .decisions = *decisions_,
                                   .notifier = *notifier_,
                                   .files = {mounted_->mountpoint(), mirror_->tree().source(),
                                             mounted_->st_dev()},
                                   .names = {mirror_->tree(), source_path_},
                                   .contents = contents_});
    return {};
  }

  // Writes what was done to whoever made the mount.
  void report(const Fd& parent) {
    if (!session_) return;
    if (decisions_) decisions_->stop();
    const std::string text = status().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::string_view left = text;
    while (!left.empty()) {
      const ssize_t wrote =
          retry_interrupted([&] { return ::write(parent.get(), left.data(), left.size()); });
      if (wrote <= 0) break;  // nobody listens any more
      left.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }

  // Puts connection, mirror and session together.
  Result<void, Error> join(Fd source, int wake) {
    auto connection = DevConnection::make(mounted_->take_device(), {});
    if (!connection) return fail(Error::of("cannot make room for requests", connection.error()));
    connection_ = std::move(*connection);
    control_.emplace(connection_->device());
    notifier_.emplace(*connection_);

    mirror::Options options = config_.mirror;
    if (!mounted_->privileged()) options.passthrough = mirror::Passthrough::off;
    auto made = mirror::Mirror::make(std::move(source), *control_, options);
    if (!made) return fail(Error::of("cannot mirror `" + source_path_ + "`", made.error()));
    mirror_ = std::move(*made);
    mirror_->set_notifier(&*notifier_);
    mirror_->tree().set_own_device(mounted_->st_dev());
    if (program_) TRY(guard_it());
    // What INIT is refused for ends serve_mount(), and is told then.
    session_.emplace(guard_ ? fuse::file_system_of(*guard_) : fuse::file_system_of(*mirror_),
                     fuse::SessionOptions{.interrupt_signal = wake, .report = {}});
    return {};
  }

  // INIT is settled: the mount can be used.
  Result<void, Error> settled(Background& background) {
    features_ = mirror_->features().all;
    add_unprivileged();
    start_server();
    heed_hang_ups();
    for (const Feature& feature : features_) {
      if (!feature.on && !config_.quiet) messages_.say(line_of(feature));
    }
    if (config_.ground == Ground::foreground) {
      tell(fmt::format("`{}` is mounted on `{}`; ^C unmounts", source_path_,
                       mounted_->mountpoint()));
    }
    TRY(background.leave());
    ready_ = true;
    return {};
  }

  // What the mirror cannot know: how much of it is for want of privileges.
  void add_unprivileged() {
    if (mounted_->privileged()) return;
    for (Feature& feature : features_) {
      const bool chosen = config_.mirror.passthrough == mirror::Passthrough::off;
      if (feature.name == "passthrough" && !feature.on && !chosen) {
        feature.why = "the kernel takes backing files from root alone";
      }
    }
    if (mounted_->method() != mount::Method::fusermount) return;
    features_.push_back(
        {"other users' access", allow_other_,
         allow_other_ ? "" : "mounted without privileges, through fusermount3",
         allow_other_ ? "" : "nobody but you, not even root, can look into the mount"});
  }

  // A mount without an ear is as good as any other.
  void start_server() {
    // Once the server runs the list is read by its thread, and not changed any more.
    features_.push_back({"status", true, "", ""});
    if (const auto started = listen(); !started) {
      features_.back() = {"status", false, started.error().line(),
                          "`sluice status` cannot ask this mount"};
    }
  }

  nlohmann::json status() {
    auto object = status_json({.mountpoint = mounted_->mountpoint(),
                               .source = source_path_,
                               .features = features_,
                               .flags = flags_,
                               .since = since_,
                               .session = *session_,
                               .mirror = *mirror_,
                               .messages = messages_});
    if (live_) object["policy"] = live_->status();
    return object;
  }

  Result<void, Error> listen() {
    const std::string folder = TRY(control::own_folder());
    control::sweep(folder);
    control::Commands commands;
    commands["status"] = [this](const nlohmann::json&) -> Result<nlohmann::json, Error> {
      return status();
    };
    commands["reload"] = [this](const nlohmann::json& request) -> Result<nlohmann::json, Error> {
      // Where a command lives in the mount, who may change the policy's file must not be able to
      // change the policy.
      if (live_ && !handed_) return live_->answer(request);
      return fail(Error{live_ ? "what `sluice run` shows keeps its policy to the end"
                              : "it has no policy; mount it with `--policy`",
                        EINVAL});
    };
    server_ = TRY(control::Server::start(folder, control::socket_name(mounted_->connection()),
                                         std::move(commands)));
    return {};
  }

  const Config& config_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  Messages messages_;
  std::string source_path_;
  std::string flags_;
  bool allow_other_ = false;
  bool handed_ = false;
  bool ready_ = false;
  std::vector<Feature> features_;  // not changed while the server runs
  // Each borrows from those above it; but see the destructor.
  std::optional<mount::Mounted> mounted_;
  std::unique_ptr<DevConnection> connection_;
  std::optional<backing::DeviceControl> control_;
  std::optional<fuse::Notifier> notifier_;
  std::optional<fuse::Session> session_;
  std::unique_ptr<mirror::Mirror> mirror_;
  std::shared_ptr<const policy::Program> program_;  // empty without a policy
  std::shared_ptr<content::FileContents> contents_;     // empty where it asks for no content
  std::unique_ptr<DecisionLog> decisions_;
  std::unique_ptr<guard::Guard> guard_;
  LivePolicy::Start policy_;  // how it was when the mount began
  std::unique_ptr<LivePolicy> live_;
  std::unique_ptr<HangUps> hang_ups_;
  std::unique_ptr<control::Server> server_;
};

int tell_outcome(const Config& config, const Daemon& daemon, const Result<void, Error>& done) {
  if (done) return EXIT_SUCCESS;
  tell(fmt::format("{} `{}` on `{}`: {}", daemon.was_ready() ? "served" : "cannot mount",
                   config.source, config.mountpoint, done.error().line()));
  return EXIT_FAILURE;
}

}  // namespace

int run(const Config& config) {
  fill_standard_streams();
  Background background;
  if (config.ground == Ground::background) {
    auto entered = Background::enter();
    if (!entered) {
      tell(entered.error().line());
      return EXIT_FAILURE;
    }
    background = std::move(*entered);
  }
  Daemon daemon{config};
  const auto done = daemon.run(background);
  return tell_outcome(config, daemon, done);
}

int serve(const Config& config, Handed handed) {
  // Keys that end or stop the command are not for its servers.
  ::setsid();
  close_all_but({handed.source.fd.get(), handed.parent.get()});
  Daemon daemon{config};
  const auto done = daemon.run(handed);
  // Whoever was to mount has given up, and has said why.
  if (!done && done.error().cause() == Errno{ECONNRESET}) return EXIT_FAILURE;
  return tell_outcome(config, daemon, done);
}

}  // namespace sluice::daemon
