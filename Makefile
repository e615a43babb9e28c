# SPDX-License-Identifier: Apache-2.0
# Everything a checkout can do. `make` alone lists it.

SCRATCH ?= .build
# All at once would take a thousand descriptors, which is all that some systems give a process.
TESTS_AT_ONCE ?= 16
SWIFT_BUILD = swift build --scratch-path $(SCRATCH)

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that building, running and testing need
	@packaging/install-dependencies.sh

build: setup ## build the programs (release)
	$(SWIFT_BUILD) -c release --product julesd
	$(SWIFT_BUILD) -c release --product jules-simulator

run: build ## run julesd against the bundled simulator; prints address, token and lines to paste
	@packaging/demo/run.sh $(SCRATCH)/release

test: setup ## build and run every test
	$(SWIFT_BUILD) --build-tests
	ulimit -n "$$(ulimit -Hn)" && SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TESTS_AT_ONCE) \
		swift test --scratch-path $(SCRATCH) --skip-build

clients-test: setup ## drive the built programs from outside: clients, a browser, nginx, Caddy
	$(SWIFT_BUILD)
	Tests/Clients/run $(SCRATCH)/debug/julesd $(SCRATCH)/debug/jules-simulator

lint: setup ## check format, sources and unit files
	@packaging/lint.sh

fmt: ## format the sources
	swift format --in-place --recursive Package.swift Sources Tests

clean: ## remove what was built
	rm -rf $(SCRATCH)

.PHONY: help setup build run test clients-test lint fmt clean
