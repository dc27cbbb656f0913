#!/bin/sh
# SPDX-License-Identifier: MIT
# consumer.sh SOURCE BUILD COMPILER: installs BUILD into a temporary prefix and builds against it
# what a stranger would build: the hello example, by find_package and by pkg-config, and a program
# that uses testkit. The installed command must run and find its daemon.
set -eu
source=$1 build=$2 compiler=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

echo "== install"
cmake --install "$build" --prefix "$prefix" >"$work/install.log"
for file in bin/sluice libexec/sluice/sluiced libexec/sluice/sluice-inspector include/sluice/fuse.h share/man/man1/sluice.1; do
  test -e "$prefix/$file" || { echo "missing: $file"; exit 1; }
done
# Nothing installed may lead back here.
if grep -rIl -e "$source" -e "$build" "$prefix"; then
  echo "these name the source or build tree"
  exit 1
fi
# Away from where it was installed, as a package would be.
mv "$prefix" "$work/moved"
prefix=$work/moved

echo "== command"
"$prefix/bin/sluice" --version
"$prefix/bin/sluice" mount --help >/dev/null
status=0
"$prefix/bin/sluice" mount "$work/missing" "$work/missing" 2>"$work/error" || status=$?
cat "$work/error"
# 1: the daemon was found, and said what is wrong.
test "$status" -eq 1 && grep -q missing "$work/error" && ! grep -q sluiced "$work/error"

echo "== find_package"
mkdir "$work/consumer"
cp "$source/examples/hello.cpp" "$work/consumer"
cat >"$work/consumer/kernel.cpp" <<'CPP'
#include <sluice/testkit/kernel.h>
int main() { return sizeof(sluice::testkit::Kernel) > 0 ? 0 : 1; }
CPP
cat >"$work/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(sluice 0.1 REQUIRED)
add_executable(hello hello.cpp)
target_link_libraries(hello PRIVATE sluice::sluice)
add_executable(kernel kernel.cpp)
target_link_libraries(kernel PRIVATE sluice::testkit)
CMAKE
cmake -S "$work/consumer" -B "$work/consumer/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" >"$work/configure.log" || { cat "$work/configure.log"; exit 1; }
cmake --build "$work/consumer/build"
"$work/consumer/build/kernel"
# Without a mount point it says no.
status=0
"$work/consumer/build/hello" || status=$?
test "$status" -eq 2

echo "== pkg-config"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name sluice.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
"$compiler" -std=c++23 "$work/consumer/hello.cpp" $(pkg-config --cflags --libs sluice) -o "$work/hello"
status=0
"$work/hello" || status=$?
test "$status" -eq 2
echo "== done"
