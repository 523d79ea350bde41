# The one task runner. `make demo` and `make test` are what a visitor types; each sets .venv up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test cover check lint format types contracts fix bench soak tour fuzz requirements clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Prepare .venv and nothing else

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Roomkey needs Python 3.11 or newer; name it: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## Try Roomkey in the browser: no account, no key, this machine only
	@$(BIN)/roomkey demo

# Files in their order: the slow ones come first. These are real processes under real time limits, and on a
# busy machine one may come late: what failed beside others has to pass alone. It still wants mending.
# Whoever forbids compiled files would have every worker, and every pytest in a test, compile all of it anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(READY) ## Run every test, several at once: most of them wait for something
	@$(BIN)/python -m pytest -n 5 --dist loadfile --no-loadscope-reorder || { test $$? -eq 1 && echo "Once more, alone:" && \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail=1; }

cover: $(READY) ## Run every test and list the lines that none of them reaches
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage report --show-missing --skip-covered

check: lint types contracts test ## Everything that must be green before a commit

lint: $(READY) ## Format and lint, changing nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY) ## Strict types
	@$(BIN)/basedpyright --warnings

contracts: $(READY) ## Which package may import which
	@$(BIN)/lint-imports

fix: $(READY) ## Mend what can be mended by a machine
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Speed and memory, as ratios against a floor of the same run
	@$(BIN)/python -m benchmarks

soak: $(READY) ## Kill the bot a thousand times and count what was lost; about an hour (SOAK=--help for parts)
	@$(BIN)/python -m tests.campaign $(SOAK)

tour: $(READY) ## Play every interaction in a browser; writes docs/experience.md (TOUR="a-scene another" for some)
	@$(BIN)/python -m tests.tour $(TOUR)

fuzz: $(READY) ## Give a million hostile inputs to what reads foreign bytes; Linux on x86-64 (FUZZ=--help for parts)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements-fuzz.txt
	@$(BIN)/python -m tests.fuzz $(FUZZ)

requirements: $(READY) ## Pin every dependency anew, with hashes
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group pyproject.toml:fuzz -o requirements-fuzz.txt

clean: ## Remove .venv and caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
