// SPDX-License-Identifier: MIT
// A main() for fuzz targets where there is no libFuzzer: runs each file of a corpus, each file cut
// off at every length, and each file with every single bit turned. What a fuzzer once found and
// what we know to be delicate is thus tried by every run of the tests, with any compiler.
//
// Long files are cut and turned at evenly spread places only, kMaxVariants of each kind.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMaxVariants = 8192;

std::uint64_t runs = 0;

void run(const Input& input, std::size_t size) {
  LLVMFuzzerTestOneInput(input.data(), size);
  ++runs;
}

void run_with_variants(Input input) {
  run(input, input.size());
  const std::size_t cut_step = input.size() / kMaxVariants + 1;
  for (std::size_t size = 0; size < input.size(); size += cut_step) run(input, size);
  const std::size_t bits = input.size() * 8;
  const std::size_t bit_step = bits / kMaxVariants + 1;
  for (std::size_t bit = 0; bit < bits; bit += bit_step) {
    const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
    input[bit / 8] = static_cast<std::uint8_t>(input[bit / 8] ^ mask);
    run(input, input.size());
    input[bit / 8] = static_cast<std::uint8_t>(input[bit / 8] ^ mask);
  }
}

// Gives the files at or in `path`, in the order of their names.
std::vector<std::filesystem::path> files_of(const char* path) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  for (const auto& entry : std::filesystem::directory_iterator{path, error}) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

bool run_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    std::fprintf(stderr, "cannot read `%s`\n", path.c_str());
    return false;
  }
  run_with_variants(Input{std::istreambuf_iterator<char>{file}, {}});
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : files_of(argv[i])) {
      if (!run_file(path)) return EXIT_FAILURE;
      ++files;
    }
  }
  std::printf("%zu files, %llu inputs\n", files, static_cast<unsigned long long>(runs));
  return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
