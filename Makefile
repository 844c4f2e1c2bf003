# Everything a developer runs. `make help` explains each target.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SOAK_MINUTES ?= 20
SOAK_SEED ?=
FUZZ_ROUNDS ?= 10
# For two cores: slow tests wait half of their time, but with more of them those that look at a clock would
# see how busy the machine is.
TEST_PROCESSES ?= 3
# Hundreds of processes start in tests: they need not compile everything again.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz check format bench soak docs clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What the product needs, without the tools of its developers.
$(VENV)/.product: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install python3.11 and python3.11-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is older"; exit 1; }
	@command -v git >/dev/null || { echo "git is needed: install git"; exit 1; }
	@echo "Installing Plumbline into $(VENV) (about a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on --editable .
	@touch $@

$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install python3.11 and python3.11-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is older"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.product

demo: $(VENV)/.product ## install, start everything against a simulated GitHub, print one address; Ctrl-C stops it
	@exec $(BIN)/plumbline demo $(DEMO_ARGS)

test: $(VENV)/.installed ## install into .venv and run every test that this machine can run, with coverage
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --cov --cov-report= $(PYTEST_ARGS)
	$(BIN)/python -m coverage report --fail-under=90 --format=total

fuzz: $(VENV)/.installed ## run the property tests FUZZ_ROUNDS (10) times, each with examples never tried before
	@for round in $$(seq $(FUZZ_ROUNDS)); do \
	  PLUMBLINE_RANDOM_TESTS=1 $(BIN)/python -m pytest -q -m hypothesis tests/unit $(PYTEST_ARGS) || exit 1; done

check: $(VENV)/.installed ## style and security lint, types, import layers, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/generate_docs.py --check

format: $(VENV)/.installed ## put the code into its one style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed ## run the benchmarks; each prints its table
	$(BIN)/python -m benchmarks

soak: $(VENV)/.installed ## kill web, Redis and workers for SOAK_MINUTES (20) under load; SOAK_SEED repeats a run
	$(BIN)/python -m tests.soak --minutes $(SOAK_MINUTES) $(if $(SOAK_SEED),--seed $(SOAK_SEED))

docs: $(VENV)/.installed ## write docs/reference/ anew from the code
	$(BIN)/python scripts/generate_docs.py

clean: ## remove what these targets made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* *.egg-info
