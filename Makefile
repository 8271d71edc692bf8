# The two commands that matter: `make demo` and `make test`. Both set up what they need, in .venv.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The demo's folder: a new one each time, so that a project somebody plays with is never overwritten.
DEMO ?= $(shell n=1; while [ -e build/demo-$$n ]; do n=$$((n + 1)); done; echo build/demo-$$n)

.PHONY: help demo test thorough bench lint types contracts check sample docs clean

help:
	@echo "make demo       the main job on real data, as a guided tour"
	@echo "make test       the tests"
	@echo "make thorough   all tests, those that take long as well"
	@echo "make bench      how fast it is, beside a bare DuckDB loop; ONLY=startup for one of the benchmarks"
	@echo "make check      what CI runs: tests, lint, types, import contracts"
	@echo "make sample     the raw pages for 'medallion run' in this checkout"
	@echo "make docs       write the generated reference pages anew"
	@echo "make clean      remove what make made, but for .venv"

demo: $(VENV)/.installed sources/pages
	@scripts/ensure-git-lfs
	@$(BIN)/medallion demo $(DEMO) --pages sources/pages

# Hundreds of tests start the program: it is compiled once, also where Python is told to write no bytecode.
test: $(VENV)/.developing
	@scripts/ensure-git-lfs
	@scripts/ensure-chromium
	@$(BIN)/python -m compileall -q medallion
	$(BIN)/pytest -n auto
	$(BIN)/pytest -n 0 -m alone tests/engines/test_spilling.py

# Every test there is; `make test` leaves out those that take long and seldom find what the others do not.
thorough: $(VENV)/.developing
	@scripts/ensure-git-lfs
	@scripts/ensure-chromium
	@$(BIN)/python -m compileall -q medallion
	$(BIN)/pytest -n auto -m ""

# All of them take a while; docs/benchmarks.md says what each one measures.
bench: $(VENV)/.developing
	@scripts/ensure-git-lfs
	@$(BIN)/python -m benchmarks $(ONLY)

lint: $(VENV)/.developing
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.developing
	$(BIN)/mypy

contracts: $(VENV)/.developing
	$(BIN)/lint-imports --no-logo

check: lint types contracts test

sample: sources/pages

# pydoc renders the standard library of the Python in .venv: real HTML, nothing to download.
sources/pages: | $(VENV)/.installed
	@echo "rendering the standard library's pages into sources/pages ..."
	@$(BIN)/python -c "import pathlib, medallion.sample.pages as p; p.render(pathlib.Path('sources/pages.part'))"
	@mv sources/pages.part sources/pages

docs: $(VENV)/.developing
	$(BIN)/python scripts/write_reference.py

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis sources/pages sources/pages.part

$(VENV)/bin/python:
	@python=$$(scripts/find-python) && "$$python" -m venv $(VENV)
	@$(PIP) --upgrade 'pip>=25.1'

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	@echo "setting up $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@$(PIP) --group dev
	@touch $@
