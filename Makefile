# The developer commands; `make` alone lists them. What a command lacks it names, then installs, once.

# Debian packages: to build, to run the tests, to run the benchmarks.
BUILD_PACKAGES := build-essential pkg-config python3-dev python3-venv
TEST_PACKAGES  := sip-tester baresip-core redis-server postgresql tshark
BENCH_PACKAGES := sip-tester kamailio kamailio-python3-modules valgrind

CONFIG       ?= siphon.yaml
FUZZ_SECONDS ?= 600
FUZZ_SEED    ?= $(shell date +%s)
FUZZ_RUNS    := $(patsubst host/sip/fuzz/fuzz_targets/%.rs,fuzz-%,$(wildcard host/sip/fuzz/fuzz_targets/*.rs))
FUZZ_LIMITS   = -max_total_time=$(FUZZ_SECONDS) -seed=$(FUZZ_SEED)
FUZZ_FOUND    = host/sip/fuzz/target/found/$*
FUZZ_GUIDED   = cargo +nightly fuzz run --fuzz-dir host/sip/fuzz $* $(FUZZ_FOUND) host/sip/fuzz/corpus/$* -- $(FUZZ_LIMITS)
FUZZ_STABLE   = cargo run -p siphon-sip --release --example mutate -- $* $(FUZZ_SECONDS) $(FUZZ_SEED)
NIGHTLY      := $(shell rustup toolchain list 2>/dev/null | grep nightly)

# Where Python is linted; and each folder in there that holds some, for mypy: scripts of two folders may have one name.
PYTHON         = $(wildcard guest-sdk-python examples host/python/src tests tools)
PYTHON_FILES   = $(shell git ls-files --cached --others --exclude-standard $(PYTHON:%='%/*.py') $(PYTHON:%='%/*.pyi'))
PYTHON_FOLDERS = $(wildcard $(sort $(dir $(PYTHON_FILES))))
PYTEST_FOLDERS = $(wildcard guest-sdk-python/tests)

# An embedded CPython takes the virtualenv of the first python3 on PATH, so scripts find what .venv has.
export PATH := $(CURDIR)/.venv/bin:$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

.NOTPARALLEL:
.PHONY: help run test lint lint-rust lint-python lint-dependencies bench fuzz $(FUZZ_RUNS)
.PHONY: build-packages test-packages bench-packages nextest deny rust-components cargo-fuzz

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build-packages .venv/installed ## build the server and serve siphon.yaml (CONFIG=FILE: another one)
	cargo build --bin siphon
	@echo "Serving $(CONFIG): the log below names each address it listens on; Ctrl-C stops it."
	@echo "To try next, in another terminal:"
	@echo "  tools/options.py ADDRESS:PORT   sends an OPTIONS request over UDP and prints the answer"
	@echo "  edit the script that $(CONFIG) names, and save it: it is live at once, without a restart"
	cargo run --quiet --bin siphon -- run -c $(CONFIG)

test: build-packages test-packages nextest .venv/installed ## run all tests: Rust, examples in the docs, Python
	cargo test --quiet --doc --workspace
	$(if $(PYTEST_FOLDERS),PYTHONPATH=guest-sdk-python .venv/bin/pytest $(PYTEST_FOLDERS))
	cargo nextest run --workspace

lint: lint-rust lint-python lint-dependencies ## check formatting, lints, types, licences and sources

lint-rust: build-packages rust-components
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

lint-python: .venv/installed
	.venv/bin/ruff check $(PYTHON)
	.venv/bin/ruff format --check $(PYTHON)
	@set -e; for folder in $(PYTHON_FOLDERS); do echo "mypy --strict $$folder"; \
	  MYPYPATH=guest-sdk-python .venv/bin/mypy --strict --exclude "^$$folder[^/]+/" $$folder; done

lint-dependencies: deny
	cargo deny check bans licenses sources
	tools/check-advisories

bench: build-packages bench-packages .venv/installed ## measure the server beside Kamailio
	tests/bench/run.sh

fuzz: build-packages $(if $(NIGHTLY),cargo-fuzz) $(FUZZ_RUNS) ## fuzz the parsers, ten minutes a target (FUZZ_SECONDS=N)

# libFuzzer, guided by coverage, needs a nightly compiler; without one the same targets get mutated inputs. What it finds
# on its way stays out of the seeds: an input goes there by hand, with the fix of what it showed.
$(FUZZ_RUNS): fuzz-%:
	@mkdir -p $(FUZZ_FOUND)
	$(if $(NIGHTLY),$(FUZZ_GUIDED),$(FUZZ_STABLE))

build-packages:
	@tools/install-packages $(BUILD_PACKAGES)

test-packages:
	@tools/install-packages $(TEST_PACKAGES)

bench-packages:
	@tools/install-packages $(BENCH_PACKAGES)

rust-components:
	@tools/install-rust-components

nextest:
	@tools/install-cargo-command cargo-nextest 0.9.143 --no-default-features --features default-no-update

deny:
	@tools/install-cargo-command cargo-deny 0.20.2

cargo-fuzz:
	@tools/install-cargo-command cargo-fuzz 0.13.2

.venv/installed: tools/requirements-dev.txt | build-packages
	@echo "Installing into .venv: $$(grep -v '^#' $< | tr '\n' ' ')"
	/usr/bin/python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
