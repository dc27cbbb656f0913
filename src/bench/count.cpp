// SPDX-License-Identifier: MIT
// The requests that reach a daemon while something is done: its counters after, less those before,
// less what looking at the counters itself costs. Files are opened before the first look.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <thread>

#include "sluice/bench/session.h"
#include "sluice/bench/tree.h"
#include "sluice/bench/worker.h"

namespace sluice::bench {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kTimes = 1000;
constexpr unsigned kListed = 100;
constexpr std::size_t kBlock = 4096;
constexpr std::size_t kFileBytes = kTimes * kBlock;

// RELEASE and FORGET are not waited for by who causes them.
constexpr auto kStragglers = 30ms;

using Block = std::array<char, kBlock>;

off_t offset_of(unsigned turn) { return static_cast<off_t>(turn) * off_t{kBlock}; }

// Everything below runs in a worker, in the directory `at` of the target, and pauses right before
// and right after what is counted.
using Activity = Result<void> (*)(const Steps&, const std::string& at);

Result<void> nothing(const Steps& steps, const std::string&) {
  steps.pause();
  steps.pause();
  return {};
}

Result<void> read_blocks(const Steps& steps, const std::string& at) {
  Fd file = TRY(own(::open((at + "/file").c_str(), O_RDONLY | O_CLOEXEC)));
  Block block;
  steps.pause();
  for (unsigned i = 0; i < kTimes; ++i) {
    TRY(checked(::pread(file.get(), block.data(), block.size(), offset_of(i))));
  }
  steps.pause();
  return {};
}

Result<void> write_blocks(const Steps& steps, const std::string& path, int more_flags) {
  Fd file = TRY(own(::open(path.c_str(), O_WRONLY | O_CLOEXEC | more_flags, 0644)));
  Block block{};
  steps.pause();
  for (unsigned i = 0; i < kTimes; ++i) {
    TRY(checked(::pwrite(file.get(), block.data(), block.size(), offset_of(i))));
  }
  steps.pause();
  return {};
}

Result<void> write_in_place(const Steps& steps, const std::string& at) {
  return write_blocks(steps, at + "/file", 0);
}

Result<void> write_extending(const Steps& steps, const std::string& at) {
  return write_blocks(steps, at + "/grown", O_CREAT | O_TRUNC);
}

struct Mapping {
  void* address = MAP_FAILED;
  ~Mapping() {
    if (address != MAP_FAILED) ::munmap(address, kFileBytes);
  }
};

Result<void> touch_pages(const Steps& steps, const std::string& at, int protection) {
  int mode = (protection & PROT_WRITE) != 0 ? O_RDWR : O_RDONLY;
  Fd file = TRY(own(::open((at + "/file").c_str(), mode | O_CLOEXEC)));
  steps.pause();
  Mapping mapping;
  mapping.address = ::mmap(nullptr, kFileBytes, protection, MAP_SHARED, file.get(), 0);
  if (mapping.address == MAP_FAILED) return fail_last();
  auto* bytes = static_cast<volatile char*>(mapping.address);
  for (std::size_t i = 0; i < kFileBytes; i += kBlock) {
    char byte = bytes[i];
    if ((protection & PROT_WRITE) != 0) bytes[i] = static_cast<char>(byte + 1);
  }
  if ((protection & PROT_WRITE) != 0) {
    TRY(checked(::msync(mapping.address, kFileBytes, MS_SYNC)));
  }
  steps.pause();
  return {};
}

Result<void> load_from_mapping(const Steps& steps, const std::string& at) {
  return touch_pages(steps, at, PROT_READ);
}

Result<void> store_to_mapping(const Steps& steps, const std::string& at) {
  return touch_pages(steps, at, PROT_READ | PROT_WRITE);
}

// The kernel's own asynchronous I/O, without a library. source: io_submit(2)
struct AioContext {
  aio_context_t id = 0;
  ~AioContext() {
    if (id != 0) ::syscall(SYS_io_destroy, id);
  }
};

Result<void> submit_all(int file, std::span<char> block, std::uint16_t operation) {
  constexpr unsigned kDepth = 32;
  AioContext context;
  TRY(checked(::syscall(SYS_io_setup, kDepth, &context.id)));
  for (unsigned begin = 0; begin < kTimes; begin += kDepth) {
    std::array<iocb, kDepth> calls{};
    std::array<iocb*, kDepth> pointers{};
    unsigned count = std::min(kDepth, kTimes - begin);
    for (unsigned i = 0; i < count; ++i) {
      calls[i].aio_lio_opcode = operation;
      calls[i].aio_fildes = static_cast<std::uint32_t>(file);
      calls[i].aio_buf = reinterpret_cast<std::uintptr_t>(block.data());
      calls[i].aio_nbytes = block.size();
      calls[i].aio_offset = offset_of(begin + i);
      pointers[i] = &calls[i];
    }
    if (TRY(checked(::syscall(SYS_io_submit, context.id, count, pointers.data()))) != count) {
      return fail(EIO);
    }
    std::array<io_event, kDepth> events{};
    TRY(checked(::syscall(SYS_io_getevents, context.id, count, count, events.data(), nullptr)));
    for (unsigned i = 0; i < count; ++i) {
      if (events[i].res < 0) return fail(Errno::from(static_cast<int>(-events[i].res)));
    }
  }
  return {};
}

Result<void> asynchronous(const Steps& steps, const std::string& at, std::uint16_t operation) {
  int mode = operation == IOCB_CMD_PREAD ? O_RDONLY : O_WRONLY;
  Fd file = TRY(own(::open((at + "/file").c_str(), mode | O_DIRECT | O_CLOEXEC)));
  std::unique_ptr<char, decltype(&std::free)> block{
      static_cast<char*>(std::aligned_alloc(kBlock, kBlock)), &std::free};
  if (!block) return fail(ENOMEM);
  std::fill_n(block.get(), kBlock, 'a');
  steps.pause();
  TRY(submit_all(file.get(), {block.get(), kBlock}, operation));
  steps.pause();
  return {};
}

Result<void> read_asynchronously(const Steps& steps, const std::string& at) {
  return asynchronous(steps, at, IOCB_CMD_PREAD);
}

Result<void> write_asynchronously(const Steps& steps, const std::string& at) {
  return asynchronous(steps, at, IOCB_CMD_PWRITE);
}

Result<void> open_read_close(const std::string& path) {
  Fd file = TRY(own(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  Block block;
  TRY(checked(::pread(file.get(), block.data(), block.size(), 0)));
  return {};
}

Result<void> open_cached(const Steps& steps, const std::string& at) {
  TRY(open_read_close(at + "/file"));
  steps.pause();
  TRY(open_read_close(at + "/file"));
  steps.pause();
  return {};
}

Result<void> list_long(const std::string& path) {
  Listing directory{::opendir(path.c_str())};
  if (!directory) return fail_last();
  while (const dirent* entry = ::readdir(directory.get())) {
    struct stat attributes {};
    int flags = AT_SYMLINK_NOFOLLOW;
    TRY(checked(::fstatat(::dirfd(directory.get()), entry->d_name, &attributes, flags)));
  }
  return {};
}

Result<void> list_again(const Steps& steps, const std::string& at) {
  TRY(list_long(at + "/list"));
  steps.pause();
  TRY(list_long(at + "/list"));
  steps.pause();
  return {};
}

struct Counted {
  std::string_view what;
  unsigned times;
  Activity activity;
};

constexpr std::array kCounted{
    Counted{"read 4 KiB", kTimes, read_blocks},
    Counted{"write 4 KiB in place", kTimes, write_in_place},
    Counted{"write 4 KiB at the end, extending", kTimes, write_extending},
    Counted{"load from a mapped page", kTimes, load_from_mapping},
    Counted{"store to a mapped page, msync", kTimes, store_to_mapping},
    Counted{"asynchronous direct read", kTimes, read_asynchronously},
    Counted{"asynchronous direct write", kTimes, write_asynchronously},
    Counted{"open + read + close, name cached", 1, open_cached},
    Counted{"list 100 files with stat, again", 1, list_again},
};

using Counts = std::map<std::string, std::uint64_t>;

Counts less(const Counts& counts, const Counts& subtracted) {
  Counts rest;
  for (const auto& [operation, count] : counts) {
    auto found = subtracted.find(operation);
    std::uint64_t known = found == subtracted.end() ? 0 : found->second;
    if (count > known) rest[operation] = count - known;
  }
  return rest;
}

Result<Counts, Error> count_during(Target& target, Activity activity) {
  std::vector<Counts> looks;
  Work work;
  work.timeout = 60s;
  work.body = [&](const Steps& steps) -> Result<Numbers, Error> {
    auto done = activity(steps, target.directory() + "/count");
    if (!done) return fail(Error{std::string{text(done.error())}, done.error()});
    return Numbers{};
  };
  work.at_pause = [&]() -> Result<void, Error> {
    std::this_thread::sleep_for(kStragglers);
    looks.push_back(TRY(target.status()).requests);
    return {};
  };
  TRY(run_apart(work));
  if (looks.size() != 2) return fail(Error{"the counters were not read twice"});
  return less(looks[1], looks[0]);
}

Result<void, Error> make_counting_tree(const Session& session) {
  std::string directory = session.source + "/count";
  TRY(make_directory(directory));
  TRY(make_file(directory + "/file", std::string(kFileBytes, 'a')));
  TRY(make_directory(directory + "/list"));
  for (unsigned i = 0; i < kListed; ++i) {
    TRY(make_file(directory + "/list/" + tree_file_name(i), "x"));
  }
  return {};
}

}  // namespace

Result<void, Error> count_requests(Session& session) {
  std::vector<Target*> asked;
  for (const auto& target : session.targets) {
    if (target->counts_requests()) asked.push_back(target.get());
  }
  if (asked.empty()) return {};
  TRY(make_counting_tree(session));
  std::vector<Counts> looking;
  for (Target* target : asked) {
    auto cost = count_during(*target, nothing);
    looking.push_back(cost ? *cost : Counts{});
  }
  for (const Counted& counted : kCounted) {
    Requests requests{.what = std::string{counted.what}, .times = counted.times};
    for (std::size_t i = 0; i < asked.size(); ++i) {
      auto counts = count_during(*asked[i], counted.activity);
      if (StopSignals::received() != 0) return fail(stopped());
      Requests::Seen seen{.target = asked[i]->name()};
      if (counts) {
        seen.by_operation = less(*counts, looking[i]);
      } else {
        seen.failure = counts.error().line();
      }
      requests.seen.push_back(std::move(seen));
    }
    session.report.requests.push_back(std::move(requests));
  }
  return {};
}

}  // namespace sluice::bench
