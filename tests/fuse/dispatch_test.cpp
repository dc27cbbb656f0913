// SPDX-License-Identifier: MIT
// From a request to a method and back: what is absent, what throws, what is counted, what is
// undone.
#include "support.h"

#include <fcntl.h>

#include <stdexcept>

namespace sluice::fuse::test {
namespace {

TEST(Dispatch, operations_without_a_method_are_enosys) {
  Mounted<Nothing> mounted;
  for_each_sample([&](const auto& op) {
    const auto body = bytes_of_request(op, mounted.kernel.negotiated());
    EXPECT_EQ(mounted.kernel.raw_request(op.opcode, kRoot, body, 0), ENOSYS) << op.kMethod;
    EXPECT_EQ(errors(mounted.session, op.opcode), 1U);
  });
  EXPECT_EQ(mounted.session.malformed(), 0U);
}

TEST(Dispatch, every_operation_reaches_its_method_and_its_empty_answer_is_well_formed) {
  Mounted<Everything> mounted;
  int expected = 0;
  for_each_sample([&](const auto& op) {
    const auto body = bytes_of_request(op, mounted.kernel.negotiated());
    EXPECT_EQ(mounted.kernel.raw_request(op.opcode, kRoot, body, 0), 0) << op.kMethod;
    EXPECT_EQ(mounted.fs.calls, ++expected) << op.kMethod;
    EXPECT_EQ(requests(mounted.session, op.opcode), 1U);
    EXPECT_EQ(errors(mounted.session, op.opcode), 0U);
  });
}

TEST(Dispatch, the_kernel_is_offered_what_the_methods_imply) {
  Mounted<Everything> lists;
  Mounted<Nothing> nothing;
  EXPECT_TRUE(lists.session.negotiated().has(InitFlag::do_readdirplus));
  EXPECT_FALSE(nothing.session.negotiated().has(InitFlag::do_readdirplus));
}

struct Throws {
  Result<AttrReply> get_attr(const GetAttr&) { throw std::runtime_error{"a mistake"}; }
  Result<Data> read(const Read&, ReadBuffer&) { throw 7; }
  void set_lock_wait(const SetLockWait&, Reply<Done>) { throw std::bad_alloc{}; }
};

TEST(Dispatch, a_handler_that_throws_costs_one_eio) {
  Mounted<Throws> mounted;
  GetAttr op;
  op.node = kRoot;
  EXPECT_EQ(mounted.kernel.call(op).error(), Errno{EIO});
  Read read;
  read.node = kRoot;
  read.size = 100;
  EXPECT_EQ(mounted.kernel.call(read).error(), Errno{EIO});
  EXPECT_EQ(mounted.kernel.call(op).error(), Errno{EIO});
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Dispatch, a_handler_that_throws_with_a_later_reply_in_hand_answers_once) {
  Mounted<Throws> mounted;
  SetLockWait op;
  op.node = kRoot;
  EXPECT_EQ(mounted.kernel.call(op).error(), Errno{EIO});
  EXPECT_EQ(mounted.session.waiting(), 0U);
  testkit::expect_no_breach(mounted.kernel);
}

// Answers with everything that has to be undone, and remembers what was.
struct Undoes {
  std::vector<std::string> undone;
  static Entry entry(std::uint64_t node, std::uint32_t mode) {
    Attr attr = Attr::regular(NodeId{node}, Mode{0644}, 0);
    attr.mode = mode;
    return Entry{NodeId{node}, attr, {}};
  }
  static Opened opened(std::uint64_t handle) {
    Opened open;
    open.handle = FileHandle{handle};
    return open;
  }
  Result<Entry> lookup(const Lookup&) { return entry(2, S_IFREG | 0644); }
  Result<Entry> make_dir(const MakeDir&) { return entry(3, S_IFDIR | 0755); }
  Result<Opened> open(const Open&) { return opened(20); }
  Result<Opened> open_dir(const OpenDir&) { return opened(30); }
  Result<Created> create(const Create&) { return Created{entry(4, S_IFREG | 0644), opened(40)}; }
  Result<void> read_dir_plus(const ReadDirPlus&, DirPlusWriter& out) {
    static_cast<void>(out.add(".", entry(9, S_IFDIR), 1));
    static_cast<void>(out.add("a", entry(5, S_IFREG), 2));
    static_cast<void>(out.add("unseen", entry(0, S_IFREG), 3));
    static_cast<void>(out.add("b", entry(6, S_IFREG), 4));
    return {};
  }
  void undelivered(const Lookup&, const Entry& entry) { note("lookup", raw(entry.node)); }
  void undelivered(const MakeDir&, const Entry& entry) { note("make_dir", raw(entry.node)); }
  void undelivered(const Open&, const Opened& opened) { note("open", raw(opened.handle)); }
  void undelivered(const OpenDir&, const Opened& opened) { note("open_dir", raw(opened.handle)); }
  void undelivered(const Create&, const Created& created) {
    note("create", raw(created.entry.node) + raw(created.opened.handle));
  }
  void undelivered(const ReadDirPlus&, DirPlusWriter& out) {
    out.for_each_counted([this](NodeId node) { note("read_dir_plus", raw(node)); });
  }
  void note(const char* what, std::uint64_t number) {
    undone.push_back(what + (" " + std::to_string(number)));
  }
};

TEST(Dispatch, an_answer_that_nobody_takes_is_undone) {
  Mounted<Undoes> mounted;
  const auto refused = [&](auto op) {
    mounted.kernel.refuse_next_reply();
    EXPECT_EQ(mounted.kernel.call(op).error(), Errno{EINTR});
  };
  refused(sample<Lookup>());
  refused(sample<MakeDir>());
  refused(sample<Open>());
  refused(sample<OpenDir>());
  refused(sample<Create>());
  ReadDirPlus list = sample<ReadDirPlus>();
  list.size = 4096;
  refused(list);
  EXPECT_EQ(mounted.fs.undone,
            (std::vector<std::string>{"lookup 2", "make_dir 3", "open 20", "open_dir 30",
                                      "create 44", "read_dir_plus 5", "read_dir_plus 6"}));
  testkit::expect_no_breach(mounted.kernel);
}

TEST(Dispatch, an_answer_that_is_taken_is_not_undone) {
  Mounted<Undoes> mounted;
  EXPECT_TRUE(mounted.kernel.lookup(kRoot, "a"));
  EXPECT_TRUE(mounted.kernel.open(NodeId{2}, O_RDONLY));
  EXPECT_TRUE(mounted.kernel.create(kRoot, "b", O_RDWR, 0644));
  EXPECT_TRUE(mounted.kernel.opendir(kRoot));
  EXPECT_TRUE(mounted.fs.undone.empty());
}

struct Fails {
  Result<Entry> lookup(const Lookup& op) {
    if (op.name == "none") return fail(ENOENT);
    return Undoes::entry(2, S_IFREG | 0644);
  }
};

TEST(Dispatch, requests_and_errors_are_counted_by_kind) {
  Mounted<Fails> mounted;
  EXPECT_TRUE(mounted.kernel.lookup(kRoot, "a"));
  EXPECT_TRUE(mounted.kernel.lookup(kRoot, "b"));
  EXPECT_EQ(mounted.kernel.lookup(kRoot, "none").error(), Errno{ENOENT});
  mounted.kernel.forget(NodeId{2}, 2);
  EXPECT_EQ(requests(mounted.session, Opcode::lookup), 3U);
  EXPECT_EQ(errors(mounted.session, Opcode::lookup), 1U);
  EXPECT_EQ(requests(mounted.session, Opcode::forget), 1U);
  EXPECT_EQ(requests(mounted.session, Opcode::init), 1U);
  EXPECT_EQ(requests(mounted.session, Opcode::getattr), 0U);
}

struct SeesCaller {
  Caller seen;
  Bytes extensions;
  std::string text;
  Result<AttrReply> get_attr(const GetAttr& op) {
    seen = op.caller;
    return AttrReply{Attr::directory(kRoot, Mode{0755}), {}};
  }
  Result<Entry> make_dir(const MakeDir& op) {
    text = text_of(op.extensions);
    return Undoes::entry(3, S_IFDIR | 0755);
  }
};

TEST(Dispatch, a_handler_sees_who_asks_and_the_extensions) {
  Mounted<SeesCaller> mounted;
  GetAttr op;
  op.node = kRoot;
  op.caller = {Uid{1}, Gid{2}, Pid{3}};
  EXPECT_TRUE(mounted.kernel.call(op));
  EXPECT_EQ(mounted.fs.seen, (Caller{Uid{1}, Gid{2}, Pid{3}}));
  MakeDir made = sample<MakeDir>();
  made.extensions = bytes_of(std::string_view{"sixteen bytes..."});
  EXPECT_TRUE(mounted.kernel.call(made));
  EXPECT_EQ(mounted.fs.text, "sixteen bytes...");
}

struct Ends {
  int* ended = nullptr;
  void destroy() { ++*ended; }
};

TEST(Dispatch, destroy_reaches_the_file_system_and_is_answered) {
  Mounted<Ends> mounted;
  int ended = 0;
  mounted.fs.ended = &ended;
  EXPECT_EQ(mounted.kernel.raw_request(Opcode::destroy, NodeId{0}, {}, 0), 0);
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace sluice::fuse::test
