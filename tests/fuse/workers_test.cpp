// SPDX-License-Identifier: MIT
// The threads of a connection: as many as are needed, no more than allowed, and all gone at its
// end.
#include "support.h"

#include <future>

#include "sluice/fuse/workers.h"

namespace sluice::fuse::test {
namespace {

using namespace std::chrono_literals;

// Holds each READ until as many as `together` are inside.
struct Meets {
  std::mutex mutex;
  std::condition_variable all_here;
  int inside = 0;
  int most = 0;
  int together = 1;

  Result<Data> read(const Read&, ReadBuffer&) {
    std::unique_lock lock{mutex};
    most = std::max(most, ++inside);
    all_here.notify_all();
    const bool met = all_here.wait_for(lock, 5s, [this] { return most >= together; });
    --inside;
    return met ? Result<Data>{Data{0}} : fail(ETIMEDOUT);
  }
};

Read a_read() {
  Read op;
  op.node = kRoot;
  op.size = 10;
  return op;
}

TEST(Workers, as_many_requests_are_served_at_once_as_there_may_be_threads) {
  Mounted<Meets> mounted{{.threads = 8}};
  mounted.fs.together = 8;
  std::vector<testkit::Started<Read>> started;
  for (int i = 0; i < 8; ++i) started.push_back(mounted.kernel.start(a_read()));
  for (auto& one : started) EXPECT_TRUE(mounted.kernel.wait(one));
  EXPECT_EQ(mounted.fs.most, 8);
  mounted.kernel.unmount();
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Workers, a_limit_of_one_serves_one_after_the_other) {
  Mounted<Meets> mounted{{.threads = 1}};
  std::vector<testkit::Started<Read>> started;
  for (int i = 0; i < 8; ++i) started.push_back(mounted.kernel.start(a_read()));
  for (auto& one : started) EXPECT_TRUE(mounted.kernel.wait(one));
  EXPECT_EQ(mounted.fs.most, 1);
}

// The same, saying that it is held up by that.
struct HoldsUp : Meets {
  Result<Data> read(const Read& r, ReadBuffer& buffer) {
    const HeldUp held;
    return Meets::read(r, buffer);
  }
};

TEST(Workers, threads_that_are_held_up_do_not_count) {
  Mounted<HoldsUp> mounted{{.threads = 2}};
  mounted.fs.together = 20;
  std::vector<testkit::Started<Read>> started;
  for (int i = 0; i < 20; ++i) started.push_back(mounted.kernel.start(a_read()));
  for (auto& one : started) EXPECT_TRUE(mounted.kernel.wait(one));
  EXPECT_EQ(mounted.fs.most, 20);
  mounted.kernel.unmount();
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Workers, not_all_threads_that_are_held_up_are_not_counted) {
  Mounted<HoldsUp> mounted{{.threads = 2, .held_up = 3}};
  mounted.fs.together = 5;
  std::vector<testkit::Started<Read>> started;
  for (int i = 0; i < 20; ++i) started.push_back(mounted.kernel.start(a_read()));
  for (auto& one : started) EXPECT_TRUE(mounted.kernel.wait(one));
  EXPECT_EQ(mounted.fs.most, 5);
}

// A connection whose channels say what a test wants.
class Scripted final : public Connection {
 public:
  explicit Scripted(Errno end) : end_{end} {}
  Result<std::unique_ptr<Channel>> open_channel() noexcept override {
    ++opened;
    return std::make_unique<One>(*this);
  }
  Result<void> notify(std::int32_t, std::span<const Bytes>) noexcept override { return {}; }
  std::atomic<int> opened{0};

 private:
  class One final : public Channel {
   public:
    explicit One(Scripted& all) : all_{all} {}
    Result<Exchange*> next() noexcept override { return fail(all_.end_); }
    Delivery commit(Exchange&, int, std::size_t) noexcept override { return Delivery::taken; }
    void drop(Exchange&) noexcept override {}
    Result<std::unique_ptr<Pending>> detach(Exchange&) noexcept override { return fail(ENOMEM); }

   private:
    Scripted& all_;
  };
  Errno end_;
};

Result<void> serve_within(std::chrono::seconds patience, Connection& connection,
                          const WorkerOptions& options) {
  Nothing fs;
  Session session{file_system_of(fs)};
  auto served = std::async(std::launch::async, [&] { return serve(session, connection, options); });
  if (served.wait_for(patience) != std::future_status::ready) {
    ADD_FAILURE() << "the workers did not end";
    std::abort();  // nothing else ends a thread that does not
  }
  return served.get();
}

TEST(Workers, all_end_when_the_mount_is_gone) {
  for (Errno end : {Errno{ENODEV}, Errno{ECONNABORTED}}) {
    Scripted connection{end};
    EXPECT_TRUE(serve_within(10s, connection, {.limit = 16, .start = {}}));
    EXPECT_LE(connection.opened, 16);
  }
}

TEST(Workers, an_unusual_end_is_told) {
  Scripted connection{EPERM};
  auto served = serve_within(10s, connection, {.limit = 4, .start = {}});
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error(), Errno{EPERM});
}

TEST(Workers, a_thread_that_cannot_start_ends_the_serving_with_its_reason) {
  Scripted connection{ENODEV};
  WorkerOptions options;
  options.start = []() -> Result<void> { return fail(EMFILE); };
  auto served = serve_within(10s, connection, options);
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error(), Errno{EMFILE});
  EXPECT_EQ(connection.opened, 0);
}

TEST(Workers, mounting_and_unmounting_many_times_leaves_nothing_behind) {
  for (int i = 0; i < 50; ++i) {
    Mounted<Everything> mounted{{.threads = 3}};
    EXPECT_EQ(mounted.kernel.raw_request(Opcode::statfs, kRoot, {}, 0), 0);
    mounted.kernel.unmount();
    testkit::expect_no_breach(mounted.kernel);
  }
}

TEST(Workers, an_abort_ends_callers_and_workers) {
  Mounted<Meets> mounted{{.threads = 2}};
  mounted.fs.together = 2;
  auto waiting = mounted.kernel.start(a_read());
  std::this_thread::sleep_for(20ms);
  {
    std::lock_guard lock{mounted.fs.mutex};
    mounted.fs.together = 1;
  }
  mounted.fs.all_here.notify_all();
  mounted.kernel.abort();
  const auto result = mounted.kernel.wait(waiting);
  EXPECT_TRUE(result || result.error() == Errno{ENOTCONN});
  EXPECT_EQ(mounted.kernel.call(a_read()).error(), Errno{ENOTCONN});
}

}  // namespace
}  // namespace sluice::fuse::test
