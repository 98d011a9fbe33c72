# The everyday commands; CMakePresets.json has the other builds (debug, asan, gpu).
BUILD  := build
PREFIX ?= /usr/local
# For the first configuration, such as -DEFFNET_CUDA_ARCHS=90a-real.
CMAKE_FLAGS :=
# One job a core, as far as memory goes: a LibTorch translation unit takes up to 2 GB.
JOBS   := $(shell awk -v cores=$$(nproc) '/^MemTotal/ { jobs = int($$2 / 2000000); if (jobs < 1) jobs = 1; \
            print (jobs < cores ? jobs : cores) }' /proc/meminfo)
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.cpp' '*.h' '*.cu')

.DEFAULT_GOAL := build
.PHONY: help setup configure build test demo study format tidy install clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name what; do \
	  printf '  make %-9s %s\n' "$$name" "$$what"; done

setup:  ## install Debian packages and the pinned wheels (.venv); quick when they are there
	@scripts/setup.sh $(SETUP_FLAGS)

configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset release -B $(BUILD) $(CMAKE_FLAGS)

build: configure  ## the programs: build/effnet and its siblings
	@cmake --build $(BUILD) --parallel $(JOBS)

test: SETUP_FLAGS = --tests
test: build  ## build, then run all tests but the slow ones and those for a GPU
	@ctest --test-dir $(BUILD) --label-exclude '^(slow|gpu)$$' --output-on-failure --parallel $(JOBS)

demo: build  ## the whole job on Fashion-MNIST, 7 to 15 minutes on 2 cores: runs/demo
	@$(BUILD)/effnet auto --plan plans/demo.toml --output runs/demo

study: build  ## the same with a bigger search, several seeds and longer training: runs/study
	@$(BUILD)/effnet auto --plan plans/study.toml --output runs/study

format:  ## clang-format every source file (scripts/setup.sh --developer installs it)
	@clang-format -i $(SOURCES)

tidy: setup  ## clang-tidy over what does not need LibTorch
	@cmake -S . -B build-tidy -G Ninja -DEFFNET_WITH_TORCH=OFF -DCMAKE_BUILD_TYPE=Debug >build-tidy.log 2>&1 \
	  || { cat build-tidy.log; exit 1; }
	@mv build-tidy.log build-tidy/configure.log
	@run-clang-tidy -quiet -j $(JOBS) -p build-tidy '$(CURDIR)/(apps|data|report|scaling|search|spec|store)/.*'

install: build  ## install programs, libraries and the CMake package to PREFIX (/usr/local)
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:  ## remove what was built (not .venv, not runs)
	@rm -rf $(BUILD) build-*
