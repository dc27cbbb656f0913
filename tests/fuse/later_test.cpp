// SPDX-License-Identifier: MIT
// Replies that are given later, and callers that do not wait for them.
#include "support.h"

#include <future>

namespace sluice::fuse::test {
namespace {

using namespace std::chrono_literals;
using testkit::Interrupted;

// Keeps the replies it is handed until a test asks for them.
struct Keeps {
  std::mutex mutex;
  std::vector<Reply<Done>> kept;
  std::atomic<int> interrupts{0};
  bool watch = true;

  void set_lock_wait(const SetLockWait&, Reply<Done> reply) {
    if (watch) reply.on_interrupt([this] { ++interrupts; });
    std::lock_guard lock{mutex};
    kept.push_back(std::move(reply));
  }
  std::optional<Reply<Done>> take() {
    std::lock_guard lock{mutex};
    if (kept.empty()) return std::nullopt;
    Reply<Done> reply = std::move(kept.back());
    kept.pop_back();
    return reply;
  }
};

SetLockWait a_wait() {
  SetLockWait op;
  op.node = kRoot;
  return op;
}

TEST(Later, a_reply_is_taken_when_it_is_given) {
  Mounted<Keeps> mounted;
  auto started = mounted.kernel.start(a_wait());
  EXPECT_EQ(mounted.session.waiting(), 1U);
  EXPECT_TRUE(mounted.kernel.traffic().in_flight(raw(started.unique())));
  EXPECT_EQ(mounted.fs.take()->answer(), Delivery::taken);
  EXPECT_TRUE(mounted.kernel.wait(started));
  EXPECT_EQ(mounted.session.waiting(), 0U);
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Later, a_reply_can_come_from_any_thread) {
  Mounted<Keeps> mounted{{.threads = 2}};
  auto caller = std::async(std::launch::async, [&] { return mounted.kernel.call(a_wait()); });
  std::optional<Reply<Done>> reply;
  while (!reply) {
    reply = mounted.fs.take();
    std::this_thread::yield();
  }
  EXPECT_EQ(caller.wait_for(20ms), std::future_status::timeout);
  EXPECT_EQ(reply->fail(EDEADLK), Delivery::taken);
  EXPECT_EQ(caller.get().error(), Errno{EDEADLK});
  mounted.kernel.unmount();
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Later, no_thread_is_held_by_those_who_wait) {
  Mounted<Keeps> mounted{{.threads = 1}};
  std::vector<testkit::Started<SetLockWait>> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(mounted.kernel.start(a_wait()));
  EXPECT_EQ(mounted.kernel.raw_request(Opcode::getattr, kRoot, {}, 0), ENOSYS) << "still served";
  EXPECT_EQ(mounted.session.waiting(), 50U);
  while (auto reply = mounted.fs.take()) EXPECT_EQ(reply->answer(), Delivery::taken);
  for (auto& one : waiting) EXPECT_TRUE(mounted.kernel.wait(one));
}

TEST(Later, a_reply_that_is_dropped_is_eio) {
  Mounted<Keeps> mounted;
  auto started = mounted.kernel.start(a_wait());
  mounted.fs.take();
  EXPECT_EQ(mounted.kernel.wait(started).error(), Errno{EIO});
  EXPECT_EQ(mounted.session.later().abandoned(), 1U);
  EXPECT_EQ(mounted.session.waiting(), 0U);
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Later, a_reply_is_given_once) {
  Mounted<Keeps> mounted;
  auto started = mounted.kernel.start(a_wait());
  auto reply = mounted.fs.take();
  EXPECT_EQ(reply->answer(), Delivery::taken);
  EXPECT_EQ(reply->answer(), Delivery::malformed);
  EXPECT_EQ(reply->fail(EIO), Delivery::malformed);
  reply.reset();
  EXPECT_TRUE(mounted.kernel.wait(started));
  EXPECT_EQ(mounted.session.later().abandoned(), 0U);
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Later, an_interrupt_calls_back_and_the_handler_answers_eintr) {
  Mounted<Keeps> mounted;
  auto started = mounted.kernel.start(a_wait());
  EXPECT_EQ(mounted.kernel.interrupt(started.unique()), Interrupted::delivered);
  EXPECT_EQ(mounted.fs.interrupts, 1);
  EXPECT_TRUE(mounted.kernel.traffic().in_flight(raw(started.unique()))) << "the handler answers";
  auto reply = mounted.fs.take();
  EXPECT_TRUE(reply->interrupted());
  EXPECT_EQ(reply->fail(EINTR), Delivery::taken);
  EXPECT_EQ(mounted.kernel.wait(started).error(), Errno{EINTR});
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Later, a_second_interrupt_does_not_call_back_again) {
  Mounted<Keeps> mounted;
  auto started = mounted.kernel.start(a_wait());
  mounted.kernel.interrupt(started.unique());
  mounted.kernel.interrupt(started.unique());
  EXPECT_EQ(mounted.fs.interrupts, 1);
  static_cast<void>(mounted.fs.take()->fail(EINTR));
  EXPECT_EQ(mounted.kernel.wait(started).error(), Errno{EINTR});
}

TEST(Later, a_callback_set_after_the_interrupt_is_called_at_once) {
  Mounted<Keeps> mounted;
  mounted.fs.watch = false;
  auto started = mounted.kernel.start(a_wait());
  mounted.kernel.interrupt(started.unique());
  auto reply = mounted.fs.take();
  int called = 0;
  reply->on_interrupt([&] { ++called; });
  EXPECT_EQ(called, 1);
  static_cast<void>(reply->fail(EINTR));
  static_cast<void>(mounted.kernel.wait(started));
}

TEST(Later, an_interrupt_of_nothing_known_is_eagain) {
  Mounted<Keeps> mounted;
  wire::InterruptIn in{};
  in.unique = 4242;
  auto started = mounted.kernel.start(a_wait());
  mounted.kernel.raw_request(Opcode::interrupt, NodeId{0}, bytes_of(in), sizeof(in));
  EXPECT_EQ(mounted.fs.interrupts, 0);
  static_cast<void>(mounted.fs.take()->answer());
  EXPECT_TRUE(mounted.kernel.wait(started));
  EXPECT_EQ(mounted.kernel.interrupt(started.unique()), Interrupted::too_late);
}

// Interrupted while its handler is still running, before and after the reply has gone elsewhere.
struct Slow {
  std::atomic<bool> entered{false};
  std::atomic<bool> go_on{false};
  std::atomic<bool> saw{false};
  std::atomic<int> called_back{0};
  std::optional<Reply<Done>> kept;

  Result<Data> read(const Read& op, ReadBuffer&) {
    entered = true;
    for (int i = 0; i < 2000 && !op.interrupted(); ++i) std::this_thread::sleep_for(1ms);
    saw = op.interrupted();
    if (saw) return fail(EINTR);
    return Data{0};
  }
  void set_lock_wait(const SetLockWait&, Reply<Done> reply) {
    reply.on_interrupt([this] { ++called_back; });
    kept.emplace(std::move(reply));
    entered = true;
    while (!go_on) std::this_thread::sleep_for(1ms);
  }
};

TEST(Later, a_handler_that_runs_sees_that_it_is_interrupted) {
  Mounted<Slow> mounted{{.threads = 2}};
  Read op;
  op.node = kRoot;
  op.size = 10;
  auto started = mounted.kernel.start(op);
  while (!mounted.fs.entered) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(mounted.kernel.interrupt(started.unique()), Interrupted::delivered);
  EXPECT_EQ(mounted.kernel.wait(started).error(), Errno{EINTR});
  EXPECT_TRUE(mounted.fs.saw);
}

TEST(Later, an_interrupt_while_the_handler_still_runs_reaches_its_later_reply) {
  Mounted<Slow> mounted{{.threads = 2}};
  auto started = mounted.kernel.start(a_wait());
  while (!mounted.fs.entered) std::this_thread::sleep_for(1ms);
  mounted.kernel.interrupt(started.unique());
  for (int i = 0; i < 1000 && mounted.fs.called_back == 0; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(mounted.fs.called_back, 1);
  mounted.fs.go_on = true;
  static_cast<void>(mounted.fs.kept->fail(EINTR));
  EXPECT_EQ(mounted.kernel.wait(started).error(), Errno{EINTR});
  mounted.kernel.unmount();
}

TEST(Later, a_refused_reply_tells_the_one_who_gives_it) {
  Mounted<Keeps> mounted;
  mounted.kernel.refuse_next_reply();
  auto started = mounted.kernel.start(a_wait());
  EXPECT_EQ(mounted.fs.take()->answer(), Delivery::refused);
  EXPECT_EQ(mounted.kernel.wait(started).error(), Errno{EINTR});
}

struct LaterStatx {
  void get_statx(const GetStatx&, Reply<StatxReply> reply) {
    StatxReply answer;
    answer.statx.mask = 0x7ff;
    answer.statx.mode = S_IFDIR | 0755;
    static_cast<void>(reply.answer(answer));
  }
};

TEST(Later, the_largest_answer_fits) {
  Mounted<LaterStatx> mounted;
  GetStatx op;
  op.node = kRoot;
  auto answer = mounted.kernel.call(op);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->statx.mode, S_IFDIR | 0755);
}

}  // namespace
}  // namespace sluice::fuse::test
