// SPDX-License-Identifier: MIT
// What the tests of versions, faces and caches share: folders that leave nothing behind, file
// systems mounted in them, and other processes that do something to a file.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/fd.h"

namespace sluice::content {

// A private folder below `base`; its end unmounts what was mounted in it, and removes it.
class Folder {
 public:
  explicit Folder(const std::string& base = "/tmp");
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(std::string_view below = "") const;
  // Mounts at `below`, which is made. Gives why that failed; empty if it did not.
  std::string mount(const std::string& type, const std::string& source, std::string_view below,
                    const std::string& options);
  // Makes an ext4 in an image, with options of mkfs.ext4, and mounts it at `below`.
  std::string mount_ext4(const std::string& options, std::string_view below);

 private:
  std::string root_;
  std::vector<std::string> mounts_;
};

void write_text(const std::string& path, std::string_view text, mode_t mode = 0600);
std::string read_text(const std::string& path);
Fd open_to_read(const std::string& path);
std::string read_fd(int fd);
bool exists(const std::string& path);

// Writes a file and waits until a change of it could be told from this one.
void write_settled(const std::string& path, std::string_view text);
void wait_until_settled(int fd);

// Runs `body` in a process of its own; to be called while this one has no other threads that hold
// locks. Gives what it returned; 200 and more: it ended otherwise, or not within a minute.
class Process {
 public:
  explicit Process(const std::function<int()>& body);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  int join();

 private:
  pid_t pid_ = -1;
};

// Waits until `holds`; tells whether it did so within half a minute.
bool comes_true(const std::function<bool()>& holds);

}  // namespace sluice::content
