# Every target creates .venv by itself and installs what the lock files pin by hash.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The lock is complete, so pip resolves nothing; older pips resolve a package with extras wrongly.
LOCKED := --require-hashes --no-deps
PYTEST := $(BIN)/python -m pytest

# Where it is set, every process compiles every module again, and a bot takes five seconds to start instead of two.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo init run test tests quick check lint types bench soak mutants lock format clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

# One recipe for the three sets of packages: run < demo < dev.
.venv/%.installed: requirements/%.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cardops needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 2; }
	@test -x $(BIN)/python || { echo "Creating .venv"; $(PYTHON) -m venv .venv; }
	@echo "Installing the packages of $<"
	@$(PIP) install $(LOCKED) --only-binary :all: -r $< || $(PIP) install $(LOCKED) -r $<
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

init: .venv/run.installed ## Set everything up, step by step, for a real workspace
	$(BIN)/cardops init

run: .venv/run.installed ## Run the bot with your settings (.env)
	$(BIN)/cardops run

demo: .venv/demo.installed ## Run everything on this machine, without accounts: stand-ins, bot, page
	$(BIN)/python -m sandbox demo

test: lint ## Format, lint, types, import contracts, tests with branch coverage
	@$(MAKE) --no-print-directory --jobs 2 types tests

# Three at a time on two cores, because the tests with processes mostly wait. In a new clone each of the three would
# compile every test, at the same time, so one does it first.
tests: .venv/dev.installed
	@test -d tests/__pycache__ || $(PYTEST) --collect-only -n 0 -qq >/dev/null || true
	$(PYTEST) -n 3 --dist worksteal -m "not soak" --cov --cov-report=term

quick: .venv/dev.installed ## Lint, types, contracts and the tests nearest to what changed, in 40 seconds
	$(BIN)/python -m tests.quick

check: lint types

lint: .venv/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

# Half a minute of one core, so `test` has it beside the tests.
types: .venv/dev.installed
	$(BIN)/mypy

bench: .venv/dev.installed ## Measure what the documents claim, as ratios in one run
	$(BIN)/python -m benchmarks

soak: .venv/dev.installed ## Run the slow sweeps that make test leaves out
	$(PYTEST) -n 2 --dist worksteal -m soak
	$(PYTEST) -n 2 --dist worksteal -m "hypothesis and not soak" --hypothesis-profile=soak

SEED ?= $(shell date +%Y%m%d)
SAMPLE ?= 800
mutants: .venv/dev.installed ## Put mistakes into code that must not be wrong, and list those no test notices (SEED, SAMPLE)
	$(BIN)/python -m tests.mutants --seed $(SEED) --sample $(SAMPLE) $(if $(AGAIN),--again)

format: .venv/dev.installed ## Format, sort imports and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/dev.installed ## Update the lock files after changing dependencies
	for set in "run --extra build" "demo --extra build --extra sandbox" "dev --extra build --extra sandbox --extra dev"; do \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
			--custom-compile-command "make lock" --output-file requirements/$${set%% *}.txt $${set#* } pyproject.toml || exit 1; \
	done

clean: ## Remove everything that was made here
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage build *.egg-info
