// SPDX-License-Identifier: MIT
// Everything at once: an agent who tries all ways, an owner who moves, replaces and reads what is
// kept from him, through the mount and below it, and a policy that is loaded again and again. Not
// one byte may leak. Each of them is a process, and the guard has one of its own, with inspectors.
//
// What is kept because of what it contains always contains it, but never at the same place for
// long: it is written to in place and by mappings, while faces are made of it and shown.
//
// It takes SLUICE_SOAK_SECONDS for each mode, 5 if that is not said.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "board.h"
#include "child.h"
#include "reach.h"
#include "secret.h"
#include "support.h"

namespace sluice::leaks {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// What is kept: names below a folder, some of which are read as directories.
constexpr std::array<const char*, 6> kKept{"a.key", "b.key", "a.no", "b.no", "a.shut", "vault/in"};
constexpr std::array<const char*, 4> kFree{"plain", "other", "a.slow", "a.log"};
// What is kept by its contents; written to in place.
constexpr std::array<const char*, 4> kSought{"a.found", "b.found", "a.foundno", "a.red"};
constexpr int kFolders = 4;
// By which it is known of which file a way was told. What is free may be moved to a name that keeps
// it, and somebody may have it open or know that name from before.
constexpr long kSecretSize = kFileSize, kFreeSize = kFileSize + 4096;
// A redacted file may be told to be as long as it is.
constexpr long kSoughtSize = kFileSize + 8192;
// A rule more, of which none of those names takes notice, makes all places others.
constexpr std::string_view kMore =
    "[[rule]]\nid = \"more\"\npath = \"**/d1/**/x\"\nverdict = \"deny\"\n";

std::chrono::seconds duration() {
  const char* said = std::getenv("SLUICE_SOAK_SECONDS");
  const long seconds = said == nullptr ? 5 : std::strtol(said, nullptr, 10);
  return std::chrono::seconds{std::clamp(seconds, 1L, 86400L)};
}

class Dice {
 public:
  Dice() : engine_{static_cast<unsigned>(::getpid())} {}
  std::size_t below(std::size_t end) { return engine_() % end; }
  template <class List>
  auto& one_of(List& list) {
    return list[below(list.size())];
  }
  std::string folder() { return "d" + std::to_string(below(kFolders)); }

 private:
  std::mt19937 engine_;
};

class Soak : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_MOUNTS();
    for (const char* folder : {"lower", "lower/spare", "mnt", "outside"}) {
      scratch_.folder(folder, 0, 0777);
    }
    secret_ = random_marker();
    open_ = random_marker();
    for (int i = 0; i < kFolders; ++i) {
      for (const char* name : kKept) restore("d" + std::to_string(i), name, secret_);
      for (const char* name : kFree) restore("d" + std::to_string(i), name, open_);
      for (const char* name : kSought) restore("d" + std::to_string(i), name, secret_, kSoughtSize);
    }
  }
  void TearDown() override {
    for (const pid_t child : children_) ::kill(child, SIGKILL);
    for (const pid_t child : children_) ::waitpid(child, nullptr, 0);
  }

  std::string at(std::string_view below) const { return scratch_.path(below); }
  bool apart() const { return GetParam() == Mode::apart; }

  // Puts a file there, whole at once: nobody sees a part of it, nor under a name that keeps
  // nothing.
  void restore(const std::string& folder, const std::string& name, std::string_view marker,
               long size = 0) const {
    const std::string path = at("lower/" + folder + "/" + name);
    std::error_code ignored;
    fs::create_directories(fs::path{path}.parent_path(), ignored);
    ::chmod(fs::path{path}.parent_path().c_str(), 0777);
    ::chmod(at("lower/" + folder).c_str(), 0777);
    const std::string made = fresh(at("outside"));
    if (size == 0) size = marker == secret_ ? kSecretSize : kFreeSize;
    const std::string text = contents_of(marker, static_cast<std::size_t>(size));
    const Fd file = make_file(made);
    if (::write(file.get(), text.data(), text.size()) < 0) return;
    ::fchmod(file.get(), 0777);
    if (::rename(made.c_str(), path.c_str()) != 0) ::unlink(made.c_str());
  }

  // Waits for a child of ours, for a minute at most.
  bool ends_well(pid_t child) {
    int status = 0;
    for (int i = 0; i < 6000; ++i) {
      if (::waitpid(child, &status, WNOHANG) == child) {
        std::erase(children_, child);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
      }
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  template <class Body>
  pid_t spawn(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::umask(0);
      body();
      ::_exit(0);
    }
    children_.push_back(child);
    return child;
  }

  // The guard, in a process that ends when nobody holds `life` any more.
  void serve(const Fd& life, const Fd& answer);
  void restore_again_and_again();
  void move_below();
  void move_through(const std::string& top, uid_t who);
  void overwrite(const std::string& top);
  void read(uid_t who);
  void try_way(std::size_t way, Dice& dice, bool is_agent);

  mirror::test::Scratch scratch_;
  SharedBoard board_;
  std::string secret_, open_;
  std::vector<pid_t> children_;
};

void Soak::serve(const Fd& life, const Fd& answer) {
  const std::string rules = policy_for(GetParam());
  const auto policy_of = [](const std::string& text) {
    const auto program = guard::test::program_of(text);
    return guard::Policy{program, guard::test::contents_of(program)};
  };
  // What looks into files is used again, as it takes a while to start.
  const std::array<guard::Policy, 2> policies{policy_of(rules),
                                              policy_of(rules + std::string{kMore})};
  std::shared_ptr<guard::Guard> guard;
  {
    guard::Options options;
    if (!apart()) options.subject = "agent";
    mirror::test::Served served{at("lower"), at("mnt"), {}, [&](auto& mirror, auto&) {
                                  auto made = guard::Guard::make(mirror, policies[0], options);
                                  if (!made) ::_exit(1);
                                  guard = std::move(*made);
                                  return mirror::test::Front{fuse::file_system_of(*guard), guard};
                                }};
    const std::string said = served.failure() + "\n";
    if (::write(answer.get(), said.data(), said.size()) < 0) ::_exit(1);
    ::fcntl(life.get(), F_SETFL, O_NONBLOCK);
    char byte = 0;
    for (unsigned i = 1; ::read(life.get(), &byte, 1) != 0; ++i) {
      const std::string text = i % 2 == 1 ? rules + std::string{kMore} : rules;
      const guard::Policy next = i % 50 == 0 ? policy_of(text) : policies[i % 2];
      const auto reloaded = guard->reload(next, &served.notifier());
      ++(reloaded ? board_->reloads : board_->refused_reloads);
      std::this_thread::sleep_for(20ms);
    }
    guard.reset();
  }
}

// What the agent has taken away comes back; what he has made goes.
void Soak::restore_again_and_again() {
  Dice dice;
  while (!board_->stop) {
    const std::string folder = dice.folder();
    for (const char* name : kKept) restore(folder, name, secret_);
    for (const char* name : kFree) restore(folder, name, open_);
    for (const char* name : kSought) {
      const bool is_there = ::access(at("lower/" + folder + "/" + name).c_str(), F_OK) == 0;
      if (!is_there || dice.below(50) == 0) restore(folder, name, secret_, kSoughtSize);
    }
    ++board_->restored;
    if (dice.below(50) == 0) {
      std::error_code ignored;
      for (fs::directory_iterator entry{at("lower/spare"), ignored}, end; entry != end;
           entry.increment(ignored)) {
        fs::remove_all(entry->path(), ignored);
      }
    }
    std::this_thread::sleep_for(2ms);
  }
}

// Below the mount nobody is asked: every name that a secret gets keeps it.
void Soak::move_below() {
  Dice dice;
  while (!board_->stop) {
    const std::string from = at("lower/" + dice.folder() + "/" + dice.one_of(kKept));
    const std::string to = at("lower/" + dice.folder() + "/" + dice.one_of(kKept));
    const unsigned flags = dice.below(2) == 0 ? RENAME_EXCHANGE : 0;
    board_->moved += ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0 ? 1 : 0;
    if (dice.below(8) == 0) {
      const std::string vault = at("lower/" + dice.folder() + "/vault");
      ::rename(vault.c_str(), (vault + "2").c_str());
      ::rename((vault + "2").c_str(), vault.c_str());
    }
    std::this_thread::sleep_for(1ms);
  }
}

// The secret goes from one place in the file to another, and is in all of it at any time.
void Soak::overwrite(const std::string& top) {
  Dice dice;
  while (!board_->stop) {
    const std::string path = top + dice.folder() + "/" + dice.one_of(kSought);
    const Fd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    struct stat stat {};
    if (!file || ::fstat(file.get(), &stat) != 0 || stat.st_size != kSoughtSize) continue;
    std::string text(dice.below(60), '-');
    text = (text + contents_of(secret_, kSoughtSize)).substr(0, kSoughtSize);
    if (dice.below(3) == 0) {
      void* map = ::mmap(nullptr, text.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
      if (map == MAP_FAILED) continue;
      std::ranges::copy(text, static_cast<char*>(map));
      ::munmap(map, text.size());
    } else if (::pwrite(file.get(), text.data(), text.size(), 0) < 0) {
      continue;
    }
    ++board_->overwritten;
    // Now and then it is left alone for so long that what is found in it may be kept.
    std::this_thread::sleep_for(dice.below(4) == 0 ? 150ms : 3ms);
  }
}

// Through the mount all is tried: what is kept to any name, folders to others. The owner leaves
// alone what others write to.
void Soak::move_through(const std::string& top, uid_t who) {
  Dice dice;
  while (!board_->stop) {
    const std::string folder = top + dice.folder();
    const bool sought = who == kAgent && dice.below(4) == 0;
    const std::string kept = folder + "/" + (sought ? dice.one_of(kSought) : dice.one_of(kKept));
    const std::string free = folder + "/" + dice.one_of(kFree);
    const std::string spare = fresh(top + "spare");
    switch (dice.below(8)) {
      case 0: ::rename(kept.c_str(), free.c_str()); break;
      case 1: ::link(kept.c_str(), spare.c_str()); break;
      case 2: ::renameat2(AT_FDCWD, kept.c_str(), AT_FDCWD, free.c_str(), RENAME_EXCHANGE); break;
      case 3: ::rename(folder.c_str(), spare.c_str()); break;
      case 4: ::rename(free.c_str(), kept.c_str()); break;
      case 5: ::link(free.c_str(), kept.c_str()); break;
      case 6: ::rename((folder + "/vault").c_str(), spare.c_str()); break;
      default: ::unlink(kept.c_str()); break;
    }
    ++board_->moved;
  }
}

void Soak::try_way(std::size_t number, Dice& dice, bool is_agent) {
  const Way& way = reading_ways()[number];
  const bool kept = dice.below(3) != 0;
  const bool sought = kept && dice.below(2) == 0;
  const fs::path below{sought ? dice.one_of(kSought)
                       : kept ? dice.one_of(kKept)
                              : dice.one_of(kFree)};
  Target target;
  target.folder = at("mnt/" + dice.folder());
  if (below.has_parent_path()) target.folder += "/" + below.parent_path().string();
  target.name = below.filename().string();
  target.spare = at("mnt/spare");
  target.outside = at("outside");
  target.secret = "none";
  const Got got =
      way.runs == Runs::alone ? in_child([] {}, [&] { return way.run(target); }) : way.run(target);
  if (!is_agent) return;
  auto& counted = board_->ways[number];
  ++counted.tries;
  if (has_part_of(open_, got.bytes) || got.size == kFreeSize) ++counted.gave;
  if (got.bytes.find("xxxxxxxxxxxxxxxx") != std::string::npos) ++board_->redacted;
  if (has_part_of(secret_, got.bytes) || got.size == kSecretSize) {
    board_->leaked(fmt::format("{} of {}: {} bytes, told {}, error {}", way.name, target.path(),
                               got.bytes.size(), got.told, got.error));
  }
}

void Soak::read(uid_t who) {
  if (apart()) become(who);
  Dice dice;
  while (!board_->stop) try_way(dice.below(reading_ways().size()), dice, who == kAgent);
}

TEST_P(Soak, nothing_leaks_while_all_is_moved_made_removed_and_reloaded) {
  ASSERT_LE(reading_ways().size(), Board::kMostWays);
  Pipe life, answer;
  ::fcntl(answer.out.get(), F_SETFL, 0);
  const pid_t server = spawn([&] {
    life.in.reset();
    serve(life.out, answer.in);
  });
  life.out.reset();
  answer.in.reset();
  char said[256] = {};
  ASSERT_GT(::read(answer.out.get(), said, sizeof said - 1), 0) << "the server died";
  ASSERT_STREQ(said, "\n");

  std::vector<pid_t> workers;
  workers.push_back(spawn([&] { restore_again_and_again(); }));
  workers.push_back(spawn([&] { move_below(); }));
  for (int i = 0; i < 2; ++i) workers.push_back(spawn([&] { read(kAgent); }));
  if (apart()) workers.push_back(spawn([&] { read(kOwner); }));
  for (const uid_t who : {kAgent, kOwner}) {
    workers.push_back(spawn([&, who] {
      if (apart()) become(who);
      move_through(at("mnt/"), who);
    }));
  }
  workers.push_back(spawn([&] { overwrite(at("lower/")); }));
  if (apart()) {
    workers.push_back(spawn([&] {
      become(kOwner);
      overwrite(at("mnt/"));
    }));
  }
  std::this_thread::sleep_for(duration());
  board_->stop = true;
  for (const pid_t worker : workers) EXPECT_TRUE(ends_well(worker)) << "a worker hangs or died";
  life.in.reset();
  EXPECT_TRUE(ends_well(server)) << "the server hangs or died";

  EXPECT_EQ(board_->leaks, 0u) << board_->first_leak.data();
  EXPECT_GT(board_->reloads, 0u);
  EXPECT_GT(board_->moved, 0u);
  EXPECT_GT(board_->overwritten, 0u);
  EXPECT_GT(board_->redacted, 0u) << "nothing was shown redacted";
  std::uint64_t gave = 0;
  for (std::size_t i = 0; i < reading_ways().size(); ++i) {
    const auto& counted = board_->ways[i];
    gave += counted.gave;
    fmt::print("{:28} {:8} tries, {:6} on what is free gave it\n", reading_ways()[i].name,
               counted.tries.load(), counted.gave.load());
  }
  fmt::print("{} restored, {} moved, {} overwritten, {} read redacted, {} reloads ({} refused)\n",
             board_->restored.load(), board_->moved.load(), board_->overwritten.load(),
             board_->redacted.load(), board_->reloads.load(), board_->refused_reloads.load());
  EXPECT_GT(gave, 0u) << "no way works";
}

INSTANTIATE_TEST_SUITE_P(Leaks, Soak, testing::Values(Mode::bound, Mode::apart),
                         [](const auto& each) { return std::string{name_of(each.param)}; });

}  // namespace
}  // namespace sluice::leaks
