# The commands a person types; CMake and Ninja do the building (build/).
# Every target does its own set-up.  HDP_DATA_DIR=FOLDER names real weights,
# model IR and golden vectors (optional; default ../shared beside this folder).

PYTHON ?= /usr/bin/python3
JOBS ?= $(shell nproc)
CMAKE_ARGS = -DPython3_EXECUTABLE=$(PYTHON) \
             $(if $(HDP_DATA_DIR),-DHDP_DATA_DIR=$(abspath $(HDP_DATA_DIR)))
CONFIGURE = cmake $(CMAKE_ARGS) --preset
SOURCES = git ls-files '*.h' '*.cpp'

.PHONY: all build check check-import check-long demo docs format format-check gcc help sanitizers setup

all: build

help:
	@echo "make demo           build, run a model with exact and pruned attention, print a table"
	@echo "make check          build, run all tests that take seconds"
	@echo "make check-long     the tests that take minutes as well"
	@echo "make check-import   import models with torch, jax and onnx themselves (pip, 0.8 GB)"
	@echo "make sanitizers     the part without MLIR under address and undefined-behaviour sanitizers"
	@echo "make gcc            build everything with g++ too, in build-gcc/"
	@echo "make docs           write the references and the README examples again"
	@echo "make format         apply clang-format;  make format-check: say what it would change"
	@echo "make setup          install missing Debian packages (every target does)"

setup:
	@utils/install-deps

build: setup
	@test -f build/build.ninja || $(CONFIGURE) release
	ninja -C build -j $(JOBS)

check: build
	ninja -C build -j $(JOBS) check-hdp

check-long: build
	ninja -C build -j $(JOBS) check-hdp-long

# Left out (status 3), with the reason, where the wheels cannot be installed.
check-import: build
	@utils/install-frontends build/frontends; status=$$?; \
	test $$status != 3 || exit 0; test $$status = 0 || exit $$status; \
	ninja -C build -j $(JOBS) check-hdp-import

demo: build
	@$(PYTHON) utils/demo build

docs: build
	@$(PYTHON) utils/update-docs
	@$(PYTHON) utils/update-readme build
	@$(PYTHON) utils/update-validation

sanitizers: setup
	@test -f build-sanitizers/build.ninja || $(CONFIGURE) sanitizers
	ninja -C build-sanitizers -j $(JOBS)
	@for test in build-sanitizers/test/unit/*Tests; do HDP_DATA_DIR=$(abspath $(or $(HDP_DATA_DIR),../shared)) $$test --gtest_brief=1 || exit 1; done

gcc: setup
	@test -f build-gcc/build.ninja || $(CONFIGURE) gcc
	ninja -C build-gcc -j $(JOBS)

format: setup
	@$(SOURCES) | xargs clang-format-22 -i

format-check: setup
	@$(SOURCES) | xargs clang-format-22 --dry-run --Werror || { echo "to fix: make format"; exit 1; }
