# Everything a user or a contributor runs. `make demo` and `make test` set up what they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
OUT ?= rehearsals
SEED ?= 1

.PHONY: demo test lint docs bench validate lock clean help

help:
	@echo "make demo      rehearse all five trials and write their reports to $(OUT)/"
	@echo "make test      run the tests"
	@echo "make lint      style, types, layers"
	@echo "make docs      the JSON Schema and the command reference in docs/"
	@echo "make bench     speed beside other packages, written to docs/validation/"
	@echo "make validate  long calibrations, written to docs/validation/"
	@echo "make lock      resolve the two lock files anew (needs uv)"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Equipoise needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/run: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/run

$(STAMPS)/bench: requirements-bench.lock $(STAMPS)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

demo: $(STAMPS)/run
	$(BIN)/equipoise demo --seed $(SEED) --out $(OUT)

test: $(STAMPS)/dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(STAMPS)/run
	$(BIN)/python scripts/make_docs.py

bench: $(STAMPS)/bench
	$(BIN)/python scripts/bench.py

validate: $(STAMPS)/dev
	$(BIN)/python scripts/validate.py

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml requirements-build.in -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml --extra dev --extra cluster --extra site --extra postgres requirements-build.in -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml --extra dev --extra cluster --extra site --extra postgres --extra bench requirements-build.in -o requirements-bench.lock

clean:
	rm -rf $(VENV) $(STAMPS) $(OUT)
