// SPDX-License-Identifier: MIT
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "sluice/content/file_contents.h"
#include "sluice/policy/digest.h"
#include "sluice/policy/load.h"

namespace sluice::guard::test {

std::shared_ptr<const policy::Program> program_of(std::string_view text) {
  auto document = policy::load({"p.toml", "version = 1\n" + std::string{text}});
  if (!document) {
    ADD_FAILURE() << policy::text_of(document.error());
    return nullptr;
  }
  auto program = policy::compile(std::move(*document));
  if (!program) {
    ADD_FAILURE() << policy::text_of(program.error());
    return nullptr;
  }
  return std::make_shared<const policy::Program>(std::move(*program));
}

namespace {

// Compiled detectors of the policies that tests have, from one test's process to the next: each
// would spend more time on them than on what it is about. Detection uses what fits, and only that.
class SavedDetectors {
 public:
  explicit SavedDetectors(const policy::Program& program)
      : file_{std::string{SLUICE_SAVED_DETECTORS} + "/" +
              policy::hex(program.document().content_hash)} {}

  std::vector<std::byte> read() const {
    std::ifstream in{file_, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    const auto view = bytes_of(std::string_view{bytes});
    return {view.begin(), view.end()};
  }
  void write(const std::vector<std::byte>& bytes) const {
    std::error_code error;
    std::filesystem::create_directories(SLUICE_SAVED_DETECTORS, error);
    const std::string fresh = file_ + "." + std::to_string(::getpid());
    {
      std::ofstream out{fresh, std::ios::binary};
      out.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(bytes.size()));
    }
    std::filesystem::rename(fresh, file_, error);
  }

 private:
  std::string file_;
};

}  // namespace

std::shared_ptr<content::Contents> contents_of(
    const std::shared_ptr<const policy::Program>& program) {
  const SavedDetectors kept{*program};
  const bool keeps = !program->contents().empty();
  const auto saved = keeps ? kept.read() : std::vector<std::byte>{};
  auto detection = content::Detection::make(*program, saved);
  if (detection && keeps) {
    if (const auto now = (*detection)->save(); now != saved) kept.write(now);
  }
  if (!detection) {
    ADD_FAILURE() << policy::text_of(detection.error());
    return nullptr;
  }
  content::FileContentsOptions options;
  options.inspector.program = SLUICE_INSPECTOR;
  return std::make_shared<content::FileContents>(program, std::move(*detection),
                                                 std::move(options));
}

void Told::note(const Decision& decision) noexcept {
  const std::lock_guard lock{mutex_};
  all_.push_back(decision);
}

std::vector<Decision> Told::all() const {
  const std::lock_guard lock{mutex_};
  return all_;
}

std::vector<Decision> Told::about(std::string_view name) const {
  std::vector<Decision> some = all();
  std::erase_if(some, [&](const Decision& each) { return each.name() != name; });
  return some;
}

std::string outcome(long result) {
  return result < 0 ? std::string{sluice::name(Errno::last())} : "OK";
}

std::string open_outcome(const std::string& path, int flags, mode_t mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  const std::string said = outcome(fd);
  Fd{fd}.reset();
  return said;
}

std::string names_in(const std::string& path) {
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return outcome(-1);
  std::set<std::string> names;
  while (const dirent* entry = ::readdir(dir)) names.insert(entry->d_name);
  ::closedir(dir);
  std::string all;
  for (const std::string& name : names) {
    if (name != "." && name != "..") all += (all.empty() ? "" : " ") + name;
  }
  return all;
}

void Guarded::SetUp() {
  SLUICE_NEEDS_MOUNTS();
  lower_ = scratch_.folder("lower");
  mount_ = scratch_.folder("mount");
}

void Guarded::TearDown() {
  guard_.reset();  // its mirror goes with what is served
  served_.reset();
}

void Guarded::put(std::string_view below, std::string_view text, mode_t mode) const {
  std::filesystem::create_directories(std::filesystem::path{lower(below)}.parent_path());
  write_file(lower(below), text, mode);
}

void Guarded::serve(std::string_view policy, std::string_view subject,
                    mirror::Options mirror_options, Enforce enforce) {
  auto program = program_of(policy);
  ASSERT_NE(program, nullptr);
  Options options;
  if (!subject.empty()) options.subject = subject;
  options.decisions = &told_;
  options.enforce = enforce;
  served_ = std::make_unique<mirror::test::Served>(
      lower_, mount_, mirror_options, [&](mirror::Mirror& mirror, fuse::Notifier&) {
        auto made = Guard::make(mirror, {program, contents_of(program)}, options);
        EXPECT_TRUE(made) << made.error().line();
        guard_ = std::move(*made);
        return mirror::test::Front{fuse::file_system_of(*guard_), guard_};
      });
  ASSERT_EQ(served_->failure(), "");
}

}  // namespace sluice::guard::test
