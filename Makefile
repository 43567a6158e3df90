# Every target builds the environment it needs from the lock file.
#   make test PYTHON=python3.12 VENV=.venv312    another interpreter, beside the first
#   make test ARGS=tests/wire                    a part of it
PYTHON = python3
VENV = .venv
VENV_IBAPI10 = .venv-ibapi10
BIN = $(VENV)/bin
PYTEST = $(BIN)/python -m pytest
ARGS =
WORKERS = 2
# Many tests wait for other processes more than they compute, those of the ci tier above all.
TEST_WORKERS = 4
CI_WORKERS = 5
TRACE = build/trace
# A part of the tests says nothing about requirements as a whole: no trace with ARGS.
trace = $(if $(ARGS),,--req-trace=$(TRACE)/$(1).json)
VALIDATE_FLAGS = --ibkr-report reports --html=reports/report.html --self-contained-html

.PHONY: help validate test check ci conformance lint format bench proof docs trace coverage lock clean

help:
	@echo "make validate   live-validation suite against the simulated gateway, report in reports/"
	@echo "make test       the test suite (parallel, random order)"
	@echo "make check      all that CI runs: lint, validate, ci, conformance, test, trace"
	@echo "make lint       ruff, mypy, import rules     make format   let ruff rewrite"
	@echo "make ci         the ci tier: docs commands, wheel"
	@echo "make docs       run the commands of README.md and docs/"
	@echo "make conformance  foreign clients and the bot with the official client 10.x"
	@echo "make bench      speed table   make proof  full counts -> docs/reference/proof.json"
	@echo "make coverage   docs/reference/coverage.md from the last test and conformance runs"
	@echo "make trace      docs/reference/requirements.md from the last test, ci, validate runs"
	@echo "make lock       resolve both lock files anew      make clean"

# ---------------------------------------------------------------- environments

$(VENV)/.locked: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV_IBAPI10)/.locked: requirements-ibapi10.lock
	test -x $(VENV_IBAPI10)/bin/python || $(PYTHON) -m venv $(VENV_IBAPI10)
	$(VENV_IBAPI10)/bin/python -m pip install --quiet --require-hashes -r requirements-ibapi10.lock
	touch $@

$(VENV_IBAPI10)/.installed: $(VENV_IBAPI10)/.locked pyproject.toml
	$(VENV_IBAPI10)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# ---------------------------------------------------------------- tests

validate: $(VENV)/.installed
	$(PYTEST) tests/live_validation $(VALIDATE_FLAGS) --req-trace=$(TRACE)/validate.json

test: $(VENV)/.installed
	$(PYTEST) -n $(TEST_WORKERS) -m "not ci and not proof" $(call trace,test) $(ARGS)

ci: $(VENV)/.installed
	$(PYTEST) -n $(CI_WORKERS) -m ci $(call trace,ci) $(ARGS)

conformance: $(VENV_IBAPI10)/.installed
	$(VENV_IBAPI10)/bin/python -m pytest tests/conformance tests/bot tests/system \
	    --ignore=tests/system/test_suite_counter_proofs.py -n $(WORKERS) -m "not ci and not proof" \
	    --req-trace=$(TRACE)/ibapi10.json

check:
	rm -rf $(TRACE) build/coverage
	$(MAKE) lint
	$(MAKE) validate
	$(MAKE) ci
	$(MAKE) conformance
	HYPOTHESIS_PROFILE=ci $(MAKE) test
	$(BIN)/python -m tests.meta.trace --check
	$(BIN)/python -m tests.meta.coverage_page --check

bench: $(VENV)/.installed
	$(PYTEST) tests/bench --benchmark-enable --benchmark-only --benchmark-group-by=group
	-$(PYTEST) -m proof --timeout=0 -p no:randomly -q tests/net
	$(BIN)/python -m tests.bench.figures

# A failing proof keeps its old figure; the others are still written. What measures time runs
# alone, after what only counts.
PROOF = -m proof --timeout=0
COUNTING = tests/conformance tests/fuzz tests/guard tests/sim tests/wire
proof: $(VENV)/.installed $(VENV_IBAPI10)/.installed
	rm -rf build/proof
	failed=0; export HYPOTHESIS_PROFILE=proof; \
	$(VENV_IBAPI10)/bin/python -m pytest $(PROOF) -n $(WORKERS) --dist loadfile \
	    tests/conformance/wire_official || failed=1; \
	$(PYTEST) $(PROOF) -n $(WORKERS) --dist loadfile $(call trace,proof-counting) $(COUNTING) || failed=1; \
	$(PYTEST) $(PROOF) -p no:randomly $(call trace,proof) \
	    $(addprefix --ignore=,$(COUNTING)) $(ARGS) || failed=1; \
	$(BIN)/python -m tests.meta.proof && exit $$failed

docs: $(VENV)/.installed
	$(PYTEST) tests/meta/test_docs_commands.py -v

coverage: $(VENV)/.installed
	$(BIN)/python -m tests.meta.coverage_page

trace: $(VENV)/.installed
	$(BIN)/python -m tests.meta.trace --write

# ---------------------------------------------------------------- code

lint: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --all-extras --no-annotate --custom-compile-command "make lock"

lock: $(VENV)/.locked
	$(COMPILE) --group dev --group bot -o requirements.lock
	$(COMPILE) --group test --group bot-ibapi10 -o requirements-ibapi10.lock

clean:
	rm -rf $(VENV) $(VENV_IBAPI10) build dist site reports .hypothesis .mypy_cache .ruff_cache \
	    .pytest_cache .import_linter_cache .benchmarks
