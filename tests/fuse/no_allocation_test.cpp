// SPDX-License-Identifier: MIT
// The hot requests are served without a single allocation. This program counts every call of
// operator new while a test asks it to, so that none can hide.
#include "support.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local bool counting = false;
thread_local int allocations = 0;

// Counts, and gives null where there is no memory.
void* counted(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) noexcept {
  if (counting) ++allocations;
  const std::size_t whole = (size + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, whole == 0 ? alignment : whole);
}

void* counted_or_throw(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  void* memory = counted(size, alignment);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

std::size_t number(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

}  // namespace

// Every form, so that what one gives another can take.
void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, number(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, number(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace sluice::fuse::test {
namespace {

// A directory with one file, as a server would answer from tables it has.
struct Toy {
  static constexpr std::string_view kText = "some text";
  std::uint64_t forgotten = 0;

  static Attr file() { return Attr::regular(NodeId{2}, Mode{0644}, kText.size()); }
  Result<Entry> lookup(const Lookup& op) {
    if (op.name != "file") return fail(ENOENT);
    return Entry{NodeId{2}, file(), std::chrono::seconds{1}};
  }
  Result<AttrReply> get_attr(const GetAttr&) { return AttrReply{file(), std::chrono::seconds{1}}; }
  Result<Opened> open(const Open&) { return Opened{FileHandle{3}, {}, kNoBacking}; }
  Result<Data> read(const Read& op, ReadBuffer& out) { return out.slice_of(kText, op.offset); }
  Result<void> read_dir(const ReadDir& op, DirWriter& out) {
    return out.list_from(op.offset, {{".", Attr::directory(kRoot, Mode{0755})}, {"file", file()}});
  }
  Result<void> read_dir_plus(const ReadDirPlus&, DirPlusWriter& out) {
    static_cast<void>(out.add("file", Entry{NodeId{2}, file(), std::chrono::seconds{1}}, 1));
    return {};
  }
  Result<Written> write(const Write& op) {
    return Written{static_cast<std::uint32_t>(op.data.size())};
  }
  Result<void> release(const Release&) { return {}; }
  void forget(const Forget& forget) { forgotten += forget.count; }
};

// The least that a session can be served over.
class Buffer final : public Channel {
 public:
  Buffer() : reply_(1U << 20) { exchange_.reply = MutableBytes{reply_}; }
  Result<Exchange*> next() noexcept override { return fail(ENODEV); }
  Delivery commit(Exchange&, int error, std::size_t size) noexcept override {
    last_error = error;
    last_size = size;
    ++commits;
    return Delivery::taken;
  }
  void drop(Exchange&) noexcept override { ++drops; }
  Result<std::unique_ptr<Pending>> detach(Exchange&) noexcept override { return fail(ENOMEM); }

  Exchange& load(Opcode opcode, NodeId node, Bytes body) {
    exchange_.header = {};
    exchange_.header.opcode = raw(opcode);
    exchange_.header.unique = 2;
    exchange_.header.nodeid = raw(node);
    exchange_.payload = body;
    return exchange_;
  }
  int last_error = -1;
  std::size_t last_size = 0;
  int commits = 0;
  int drops = 0;

 private:
  std::vector<std::byte> reply_;
  Exchange exchange_;
};

class NoAllocation : public testing::Test {
 protected:
  NoAllocation() {
    wire::InitIn in{};
    in.major = 7;
    in.minor = 45;
    in.flags = ~0U;
    session_.handle(worker_, buffer_, buffer_.load(Opcode::init, NodeId{0}, bytes_of(in)));
    EXPECT_TRUE(session_.initialized());
  }

  // Serves the request some times and expects that nothing was allocated.
  void expect_none_in(Opcode opcode, NodeId node, Bytes body) {
    Exchange& exchange = buffer_.load(opcode, node, body);
    allocations = 0;
    counting = true;
    for (int i = 0; i < 3; ++i) session_.handle(worker_, buffer_, exchange);
    counting = false;
    EXPECT_EQ(allocations, 0);
  }
  template <class Op>
  void expect_none(Op op, NodeId node, Opcode opcode) {
    op.opcode = opcode;
    const auto body = bytes_of_request(op, session_.negotiated());
    expect_none_in(opcode, node, body);
    EXPECT_EQ(buffer_.last_error, 0);
  }

  Toy fs_;
  Session session_{file_system_of(fs_)};
  Worker& worker_ = session_.add_worker();
  Buffer buffer_;
};

TEST_F(NoAllocation, the_count_sees_an_allocation) {
  allocations = 0;
  counting = true;
  // Called by name: a compiler may leave out a new-expression whose result nobody uses.
  ::operator delete(::operator new(sizeof(int)));
  counting = false;
  EXPECT_EQ(allocations, 1);
}

TEST_F(NoAllocation, lookup_hit) {
  Lookup op;
  op.name = *wire::Name::from("file");
  expect_none(op, kRoot, Opcode::lookup);
  EXPECT_EQ(buffer_.last_size, sizeof(wire::EntryOut));
}

TEST_F(NoAllocation, lookup_miss) {
  Lookup op;
  op.opcode = Opcode::lookup;
  op.name = *wire::Name::from("none");
  expect_none_in(Opcode::lookup, kRoot, bytes_of_request(op, session_.negotiated()));
  EXPECT_EQ(buffer_.last_error, ENOENT);
}

TEST_F(NoAllocation, get_attr) { expect_none(GetAttr{}, NodeId{2}, Opcode::getattr); }

TEST_F(NoAllocation, open) { expect_none(Open{}, NodeId{2}, Opcode::open); }

TEST_F(NoAllocation, read) {
  Read op;
  op.size = 4096;
  expect_none(op, NodeId{2}, Opcode::read);
  EXPECT_EQ(buffer_.last_size, Toy::kText.size());
}

TEST_F(NoAllocation, write) {
  Write op;
  op.data = bytes_of(Toy::kText);
  expect_none(op, NodeId{2}, Opcode::write);
}

TEST_F(NoAllocation, read_dir) {
  ReadDir op;
  op.size = 4096;
  expect_none(op, kRoot, Opcode::readdir);
  EXPECT_GT(buffer_.last_size, 0U);
}

TEST_F(NoAllocation, read_dir_plus) {
  ReadDirPlus op;
  op.size = 4096;
  expect_none(op, kRoot, Opcode::readdirplus);
  EXPECT_GT(buffer_.last_size, 0U);
}

TEST_F(NoAllocation, release) { expect_none(Release{}, NodeId{2}, Opcode::release); }

TEST_F(NoAllocation, forget_and_batch_forget) {
  const wire::ForgetIn one{5};
  expect_none_in(Opcode::forget, NodeId{2}, bytes_of(one));
  EXPECT_EQ(fs_.forgotten, 15U);
  struct {
    wire::BatchForgetIn head;
    wire::ForgetOne all[2];
  } batch{{2, 0}, {{2, 1}, {3, 1}}};
  expect_none_in(Opcode::batch_forget, kRoot, bytes_of(batch));
  EXPECT_EQ(fs_.forgotten, 21U);
  EXPECT_EQ(buffer_.drops, 6);
}

TEST_F(NoAllocation, a_malformed_request) {
  expect_none_in(Opcode::lookup, kRoot, {});
  EXPECT_EQ(buffer_.last_error, EIO);
}

}  // namespace
}  // namespace sluice::fuse::test
