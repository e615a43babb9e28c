# SPDX-License-Identifier: Apache-2.0
# Everything that can be done in a checkout. `make` without arguments lists it.

SCRATCH ?= .build
# All tests at the same time would need a thousand descriptors, and some systems give a process no more than that.
TESTS_AT_ONCE ?= 16
SWIFT_BUILD = swift build --scratch-path $(SCRATCH)
# As in the package: Swift's library is linked in.
SWIFT_RELEASE = $(SWIFT_BUILD) -c release --static-swift-stdlib -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now
# The fuzzers use the modules with -enable-testing, like tests. Stripping dead code would remove libFuzzer's counters.
# The compiler uses only one of two --sanitize options, so -Xswiftc passes both sanitizers in one option.
FUZZ_BUILD = JULESD_FUZZ=1 swift build --scratch-path $(SCRATCH)-fuzz -c release --product julesd-fuzz \
	--sanitize=fuzzer --disable-dead-strip -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing
SECONDS_EACH ?= 600
FUZZERS ?=
SOAK_MINUTES ?= 30
# The parts of the benchmarks to run. Empty means all parts.
ONLY ?=

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that building, running and testing need
	@packaging/install-dependencies.sh

setup-run setup-test setup-package setup-bench setup-instances:
	@packaging/install-dependencies.sh $(@:setup-%=%)

build: setup-run ## build the programs (release)
	$(SWIFT_RELEASE) --product julesd
	$(SWIFT_RELEASE) --product jules-simulator

run: build ## run julesd against the bundled simulator; prints address, token and commands to try
	@packaging/demo/run.sh $(SCRATCH)/release

test: setup-test ## build and run all tests
	$(SWIFT_BUILD) --build-tests
	ulimit -n "$$(ulimit -Hn)" && SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TESTS_AT_ONCE) \
		swift test --scratch-path $(SCRATCH) --skip-build
	@echo "The tests of julesd's rooms once more, with the store on PostgreSQL:"
	@# Fewer at the same time, because every store is a database of one server.
	ulimit -n "$$(ulimit -Hn)" && SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 \
		JULESD_TEST_STORE=postgresql swift test --scratch-path $(SCRATCH) --skip-build --filter 'julesdTests\.'

docs-test: setup-test ## run all shell snippets of README and docs
	$(SWIFT_BUILD)
	Tests/Docs/run $(SCRATCH)/debug/julesd $(SCRATCH)/debug/jules-simulator $(SCRATCH)/debug/julesctl

clients-test: setup-test docs-test ## use the built programs with clients, a browser, nginx and Caddy; run the docs
	$(SWIFT_BUILD)
	Tests/Clients/run $(SCRATCH)/debug/julesd $(SCRATCH)/debug/jules-simulator $(SCRATCH)/debug/julesctl

web-test: setup-test ## use the control room in a headless Chromium
	$(SWIFT_BUILD)
	Tests/Web/run $(SCRATCH)/debug/julesd $(SCRATCH)/debug/jules-simulator

screenshots: setup-test ## take the pictures in docs/screenshots again
	$(SWIFT_BUILD)
	Tests/Web/run --pictures docs/screenshots $(SCRATCH)/debug/julesd $(SCRATCH)/debug/jules-simulator

deb: setup-package ## build the Debian packages below .build-deb
	packaging/build-package.sh

deb-test: deb ## check the packages with lintian and piuparts; install, upgrade, remove and purge them
	Tests/System/deb-test

system-test: deb ## test the installed daemon on a real systemd (as root)
	Tests/System/reproducible-test
	Tests/System/system-test
	@if [ -x Tests/System/docker-test ]; then set -x; Tests/System/docker-test; fi

fuzz: setup-test ## fuzz every parser for 10 minutes each; SECONDS_EACH=60 FUZZERS="json query" for less
	$(FUZZ_BUILD)
	Tests/Fuzz/run $(SCRATCH)-fuzz/release/julesd-fuzz $(SCRATCH)-fuzz/work $(SECONDS_EACH) $(FUZZERS)

fuzz-short: setup-test ## fuzz every parser for a few seconds
	$(FUZZ_BUILD)
	Tests/Fuzz/run $(SCRATCH)-fuzz/release/julesd-fuzz $(SCRATCH)-fuzz/work 3

sanitize: setup-test ## run all tests under ThreadSanitizer, then under AddressSanitizer
	Tests/Sanitizers/run thread $(SCRATCH)-thread
	Tests/Sanitizers/run address $(SCRATCH)-address

soak: build ## run for 30 minutes with clients that come and go; SOAK_MINUTES=5 for less; redraws docs/soak.svg
	Tests/Soak/run --minutes $(SOAK_MINUTES) --plot docs/soak.svg $(SCRATCH)/release/julesd $(SCRATCH)/release/jules-simulator

bench: setup-bench build ## measure julesd and, for comparison, nginx, nchan, Go and Node; fills docs/performance.md; ONLY=fanout,http for parts
	$(MAKE) -s -C Benchmarks/load OUT=$(abspath $(SCRATCH))-bench
	Benchmarks/peers/build.sh $(SCRATCH)-bench
	Benchmarks/run --only "$(ONLY)" $(SCRATCH)/release $(SCRATCH)-bench

bench-short: setup-bench build ## run every part of the benchmarks for one second, as a test
	$(MAKE) -s -C Benchmarks/load OUT=$(abspath $(SCRATCH))-bench
	Benchmarks/peers/build.sh $(SCRATCH)-bench
	Benchmarks/run --short --only "$(ONLY)" $(SCRATCH)/release $(SCRATCH)-bench

icount: setup-bench ## count the instructions of six operations; more than 5 % above Benchmarks/icount/limits fails; UPDATE=1 sets them
	$(MAKE) -s -C Benchmarks/load OUT=$(abspath $(SCRATCH))-bench
	JULESD_ICOUNT=1 swift build --scratch-path $(SCRATCH)-icount -c release --product julesd-icount -Xswiftc -enable-testing
	Benchmarks/icount/run $(if $(UPDATE),--update) $(SCRATCH)-icount/release/julesd-icount $(SCRATCH)-bench

docker-test: ## build the image and run docker-compose.yml in a Docker engine of its own (as root)
	@Tests/System/docker-test

outdated: ## compare the pinned packages with their newest releases
	@packaging/outdated.sh

crash-test: setup-test ## kill the built daemon 200 times under load, and make its disk and files faulty (SEED=n)
	$(SWIFT_BUILD)
	Tests/Crash/run --kills 200 --seed $(or $(SEED),1) $(SCRATCH)/debug/julesd

crash-test-short: setup-test ## the same with 10 kills
	$(SWIFT_BUILD)
	Tests/Crash/run --kills 10 --seed $(or $(SEED),1) $(SCRATCH)/debug/julesd

instances-test: setup-instances ## run three daemons on one PostgreSQL behind nginx; kill, stop and cut off every part (SEED=n)
	$(SWIFT_BUILD)
	Tests/Instances/run --seed $(or $(SEED),1) $(SCRATCH)/debug/julesd

instances-test-short: setup-instances ## the same with few faults of each kind
	$(SWIFT_BUILD)
	Tests/Instances/run --short --seed $(or $(SEED),1) $(SCRATCH)/debug/julesd

lint: setup-test ## check format, sources, scripts, rooms, unused declarations and unit files
	@# The compiler's index says which room uses which, and what is not used.
	$(SWIFT_BUILD) --build-tests
	@SCRATCH=$(SCRATCH) packaging/lint.sh

fmt: ## format the sources
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks

clean: ## remove what was built
	rm -rf $(SCRATCH) .build-deb $(SCRATCH)-fuzz $(SCRATCH)-thread $(SCRATCH)-address $(SCRATCH)-bench $(SCRATCH)-icount

.PHONY: bench bench-short icount help setup setup-run setup-test setup-package setup-bench setup-instances build run test docs-test clients-test web-test screenshots deb deb-test system-test lint fmt clean fuzz fuzz-short sanitize soak docker-test outdated crash-test crash-test-short instances-test instances-test-short
