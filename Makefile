# Everything a person does here, in one word each. `make` alone lists them.
# The work is done by CMake (CMakePresets.json) and by the scripts in scripts/.

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
SECONDS ?= 600
JOBS ?= $(shell nproc)
# Options for ctest, such as CTEST='-R mirror'.
CTEST ?=

build = cmake --preset $(1) >build/$(1).log || { cat build/$(1).log; exit 1; }; cmake --build --preset $(1) -j$(JOBS)

.PHONY: help demo test sanitize asan tsan fuzz soak bench build install format docs clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo      see it work: mounts real trees, works in them, shows what it costs'
	@echo 'make test      build and run all tests'
	@echo 'make sanitize  the tests under AddressSanitizer, and those with threads under ThreadSanitizer'
	@echo 'make fuzz      each fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS))'
	@echo 'make soak      try to get at what a policy keeps, while all moves, twice SECONDS ($(SECONDS))'
	@echo 'make bench     measure on this machine; BENCH="--quick", "--full", "--json F", ...'
	@echo 'make install   into PREFIX ($(PREFIX)), below DESTDIR if given'
	@echo 'make docs      reference pages of the library, in build/docs'
	@echo 'make format    lay out the sources'
	@echo 'make clean     remove build/'

demo:
	@scripts/install-deps build demo
	@scripts/demo

test:
	@scripts/install-deps build test
	@mkdir -p build
	@$(call build,test)
	@scripts/run-tests test $(CTEST)

sanitize: asan tsan

asan:
	@scripts/install-deps build test
	@mkdir -p build
	@$(call build,asan)
	@scripts/run-tests asan $(CTEST)

tsan:
	@scripts/install-deps build test
	@mkdir -p build
	@$(call build,tsan)
	@scripts/run-tests tsan $(CTEST)

fuzz:
	@scripts/install-deps build fuzz
	@mkdir -p build
	@cmake --preset fuzz >build/fuzz.log || { cat build/fuzz.log; exit 1; }
	@cmake --build --preset fuzz --target fuzz_targets -j$(JOBS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz

soak:
	@scripts/install-deps build test
	@mkdir -p build
	@cmake --preset test >build/soak.log || { cat build/soak.log; exit 1; }
	@cmake --build --preset test --target tests_leak_soak -j$(JOBS)
	@SLUICE_SOAK_SECONDS=$(SECONDS) build/test/tests/leaks/tests_leak_soak

build:
	@scripts/install-deps build
	@mkdir -p build
	@$(call build,release)

bench: build
	@scripts/install-deps demo
	@build/release/src/cli/sluice bench $(BENCH)

# No packages are fetched here: who installs has built.
install:
	@mkdir -p build
	@$(call build,release)
	@DESTDIR='$(DESTDIR)' cmake --install build/release --prefix '$(PREFIX)'

format:
	@scripts/install-deps format
	@git ls-files '*.h' '*.cpp' | xargs -r clang-format -i

docs:
	@scripts/install-deps docs
	@scripts/docs

clean:
	@rm -rf build
